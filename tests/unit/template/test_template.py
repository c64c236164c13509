"""The house rules of the template that no linter checks, and the values that the template and the code share."""

import inspect
import json
import re
from datetime import UTC, datetime

import pytest

from generator import mock_data_generator_for_dynamodb
from local_aws.crawler.schedule import NEVER, SCHEDULES
from sales_pipeline.failures.dead_letters import EVENT_NAMES
from sales_pipeline.status import stages
from tests import ROOT
from tests.unit.events import change_event, image, load
from tests.unit.template.parsed import TEMPLATE, as_list, references, resolve, statements
from tests.unit.template.test_existing_table import FORMS
from transform.column_types import CHANGE_COLUMNS
from transform.columns import COLUMNS
from transform.record import RowWriter

PARAMETERS, RESOURCES, OUTPUTS = TEMPLATE["Parameters"], TEMPLATE["Resources"], TEMPLATE["Outputs"]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TABLE_STREAM_KEEPS_SECONDS = 24 * 3600  # DynamoDB trims older changes
# The property that encrypts it, for each type of resource that holds data.
ENCRYPTED_BY = {
    "AWS::DynamoDB::Table": ("SSESpecification", "SSEEnabled"),
    "AWS::Kinesis::Stream": ("StreamEncryption", "KeyId"),
    "AWS::S3::Bucket": ("BucketEncryption", "ServerSideEncryptionConfiguration"),
    "AWS::SQS::Queue": ("SqsManagedSseEnabled",),
}


def of_type(*types):
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] in types}


FUNCTIONS = of_type("AWS::Serverless::Function")
ROLES = of_type("AWS::IAM::Role")


def properties(name):
    return RESOURCES[name]["Properties"]


def granted(role, action):
    return [
        resource
        for statement in statements(role)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def dependencies(name):
    """Resources that CloudFormation makes before this one, and deletes after it."""
    found, waiting = set(), [name]
    while waiting:
        direct = references(RESOURCES[waiting.pop()]) & RESOURCES.keys() - found
        found |= direct
        waiting += direct
    return found


def test_parameters_are_few_described_and_bounded():
    assert len(PARAMETERS) <= 15
    for name, parameter in PARAMETERS.items():
        assert parameter["Description"].endswith("."), name
        assert parameter.keys() & {"AllowedValues", "AllowedPattern"} or {"MinValue", "MaxValue"} <= parameter.keys(), (
            name
        )
        assert "Default" in parameter, name
        if "AllowedPattern" in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"]), name
            assert "ConstraintDescription" in parameter, name


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("TableName", "ab"),
        ("TableName", "order table"),
        ("DatabaseName", "sales-data"),
        ("DatabaseName", "Sales"),
        ("CrawlerSchedule", "rate(1 hour)"),
        ("CrawlerSchedule", "cron(0 * * *)"),
        ("CrawlerSchedule", "cron(* * * * ? *)"),
        ("CrawlerSchedule", "cron(0/4 * * * ? *)"),
        ("CrawlerSchedule", "cron(99 * * * ? *)"),
        ("CrawlerSchedule", "cron(0,1 * * * ? *)"),
        ("CrawlerSchedule", ""),
    ],
)
def test_a_wrong_parameter_is_refused(parameter, value):
    assert not re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_role_grants_single_actions_on_named_resources(name, form):
    role = properties(name)
    assert not role.keys() & {"ManagedPolicyArns", "RoleName"}
    for statement in statements(name, **form):
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in as_list(statement["Action"])), statement
        for resource in as_list(statement["Resource"]):
            assert resource != "*"
            assert not str(resource).startswith("arn:aws:*")


def test_no_two_functions_or_services_share_a_role():
    users = [
        role
        for name, resource in RESOURCES.items()
        if name not in ROLES
        for role in references(resource["Properties"]) & ROLES.keys()
    ]
    assert sorted(users) == sorted(ROLES)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_to_a_group_of_its_own_that_it_cannot_make_again(name):
    (log_group,) = references(properties(name)["LoggingConfig"])
    (role,) = references(properties(name)["Role"])

    assert RESOURCES[log_group]["Type"] == "AWS::Logs::LogGroup"
    assert not granted(role, "logs:CreateLogGroup")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert granted(role, action) == [{"Fn::GetAtt": [log_group, "Arn"]}]
    assert [other for other in FUNCTIONS if log_group in references(properties(other)["LoggingConfig"])] == [name]


@pytest.mark.parametrize("name", of_type("AWS::Logs::LogGroup"))
def test_a_log_group_forgets_and_goes_with_the_stack(name):
    assert properties(name)["RetentionInDays"] <= 90
    assert RESOURCES[name]["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_built_by_the_makefile_for_the_runtime_it_gets(name):
    makefile = (ROOT / "src" / "Makefile").read_text()
    assert RESOURCES[name]["Metadata"]["BuildMethod"] == "makefile"
    assert f"build-{name}: FOLDER := {properties(name)['Handler'].partition('.')[0]}\n" in makefile
    (modules,) = re.findall(rf"build-{name}: MODULES := (.+)\n", makefile)
    assert {"__init__", properties(name)["Handler"].split(".")[1]} <= set(modules.split())
    assert TEMPLATE["Globals"]["Function"]["Runtime"] == "python" + re.search(r"LAMBDA_PYTHON \?= (\S+)", makefile)[1]


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table", "AWS::S3::Bucket"))
def test_a_parameter_decides_what_happens_to_the_data_and_a_replacement_never_deletes_it(name):
    deletion = RESOURCES[name]["DeletionPolicy"]
    assert resolve(deletion, OnStackDeletion="DELETE") == "Delete"
    # Not Retain: a first deploy that fails must leave no table that blocks the second one.
    assert resolve(deletion, OnStackDeletion="RETAIN") == "RetainExceptOnCreate"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_no_transform_but_sams_reads_the_template():
    # AWS::LanguageExtensions refuses RetainExceptOnCreate: cfn-language-discussion, issue 139.
    assert TEMPLATE["Transform"] == "AWS::Serverless-2016-10-31"


@pytest.mark.parametrize("name", of_type(*ENCRYPTED_BY))
def test_what_holds_data_is_encrypted(name):
    value = properties(name)
    for key in ENCRYPTED_BY[RESOURCES[name]["Type"]]:
        value = value.get(key)
    assert value


def test_orders_that_somebody_deleted_by_mistake_can_be_restored():
    for table in of_type("AWS::DynamoDB::Table"):
        assert properties(table)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_names_are_fixed_only_where_a_parameter_or_the_stack_gives_them():
    naming = re.compile(
        r"(Name|TableName|BucketName|FunctionName|QueueName|DeliveryStreamName|LogGroupName|LogStreamName|RoleName)"
    )
    for name, resource in RESOURCES.items():
        for key, value in resource["Properties"].items():
            if naming.fullmatch(key) and resource["Type"] != "AWS::Athena::NamedQuery":
                assert references(value), f"{name}.{key} is {value!r}"


def test_the_tables_stream_holds_the_image_that_the_transform_reads():
    views_with_new_image = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}
    assert properties("OrderTable")["StreamSpecification"]["StreamViewType"] in views_with_new_image


def test_the_generator_on_a_laptop_writes_to_the_table_of_a_stack_with_defaults():
    options = inspect.signature(mock_data_generator_for_dynamodb.generate).parameters
    assert options["table"].default == PARAMETERS["TableName"]["Default"]


def test_a_short_outage_of_kinesis_makes_no_dead_letters():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    outage_seconds, attempts_per_second = 1800, 5
    assert source["MaximumRetryAttempts"] >= outage_seconds * attempts_per_second
    assert source["MaximumRecordAgeInSeconds"] > outage_seconds


def test_the_pipe_gives_up_on_a_change_long_before_dynamodb_trims_it():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    assert source["MaximumRetryAttempts"] >= 0  # -1 would be for ever
    assert 0 <= source["MaximumRecordAgeInSeconds"] <= TABLE_STREAM_KEEPS_SECONDS / 2


def test_one_bad_record_fails_without_its_batch():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    assert source["OnPartialBatchItemFailure"] == "AUTOMATIC_BISECT"


def test_a_new_pipe_misses_no_change():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    assert source["StartingPosition"] == "TRIM_HORIZON"


def test_a_dead_letter_may_be_sent_and_outlives_its_change_and_a_weekend():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    queue = source["DeadLetterConfig"]["Arn"]
    assert granted("OrderPipeRole", "sqs:SendMessage") == [queue]
    # Once DynamoDB has trimmed the change, the message alone says where something is missing.
    assert properties(queue["Fn::GetAtt"][0])["MessageRetentionPeriod"] > 4 * TABLE_STREAM_KEEPS_SECONDS


def test_the_pipe_reads_this_stream_only():
    # The emulator has these four widened, so this test alone holds the template's own resources.
    for action in ("DescribeStream", "GetRecords", "GetShardIterator"):
        assert granted("OrderPipeRole", f"dynamodb:{action}") == [{"Fn::GetAtt": ["OrderTable", "StreamArn"]}]
    assert granted("OrderPipeRole", "dynamodb:ListStreams") == [{"Fn::Sub": "${OrderTable.Arn}/stream/*"}]


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_the_pipe_sends_the_changes_that_give_a_row_and_no_others(change_columns):
    (criterion,) = properties("OrderPipe")["SourceParameters"]["FilterCriteria"]["Filters"]
    sent = json.loads(resolve(criterion["Pattern"], ChangeColumns=change_columns))["eventName"]
    assert set(sent) == EVENT_NAMES[change_columns]  # replay and reconcile cannot read the filter of the deployed pipe
    to_row = RowWriter(change_columns=change_columns == "APPEND").row
    for event_name in ("INSERT", "MODIFY", "REMOVE"):
        assert (event_name in sent) == (to_row(change_event(image(), event_name)) is not None)


def test_the_changes_of_an_order_go_to_one_shard():
    (key,) = properties("OrderTable")["AttributeDefinitions"]
    partition_key = properties("OrderPipe")["TargetParameters"]["KinesisStreamParameters"]["PartitionKey"]
    assert partition_key == f"$.dynamodb.Keys.{key['AttributeName']}.{key['AttributeType']}"


def test_the_pipe_starts_only_when_the_delivery_stream_reads():
    assert "DeliveryStream" in dependencies("OrderPipe")


def test_the_generator_writes_only_while_there_is_a_pipe():
    # Orders that it writes while the stack is made would fire the alarm for a stopped pipe.
    assert "OrderPipe" in dependencies("GeneratorSchedule")


def test_the_stack_empties_the_bucket_between_its_writers_and_the_bucket():
    writers = {name for name in RESOURCES if granted_on_bucket(name)} - {"BucketCleanup"}
    assert writers == {"DeliveryStream"}
    for writer in (*writers, "WorkGroup"):
        assert "BucketCleanup" in dependencies(writer), f"{writer} may write after the bucket is emptied"
    assert {"Bucket", "BucketCleanupFunction", "BucketCleanupRole", "BucketCleanupLogGroup"} <= dependencies(
        "BucketCleanup"
    )
    # A Condition could remove it from a running stack, and CloudFormation would ask it to delete.
    assert "Condition" not in RESOURCES["BucketCleanup"]


def granted_on_bucket(name):
    roles = references(RESOURCES[name]["Properties"]) & ROLES.keys()
    return any("Bucket" in references(granted(role, "s3:PutObject")) for role in roles)


def in_bucket(prefix):
    """Location of the folder that a prefix of Firehose begins with."""
    return f"s3://Bucket/{prefix.partition('/')[0]}/"


def test_what_firehose_delivers_is_where_the_tables_and_the_outputs_say():
    destination = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]
    rows = in_bucket(destination["Prefix"])
    (target,) = resolve(properties("Crawler")["Targets"]["S3Targets"])
    assert target["Path"] == rows
    assert resolve(properties("DeclaredTable")["TableInput"]["StorageDescriptor"]["Location"]) == rows
    assert resolve(OUTPUTS["DataLocation"]["Value"]) == rows
    assert resolve(OUTPUTS["ErrorLocation"]["Value"]) == in_bucket(destination["ErrorOutputPrefix"])


def test_errors_and_query_results_are_outside_the_tables_folder_and_expire_while_rows_stay():
    rows = in_bucket(properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]["Prefix"])
    results = properties("WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]
    rules = properties("Bucket")["LifecycleConfiguration"]["Rules"]
    expiring = {
        in_bucket(rule.get("Prefix", "/")): rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule
    }
    assert {resolve(results), resolve(OUTPUTS["ErrorLocation"]["Value"])} <= expiring.keys()
    assert not any(rows.startswith(folder) or folder.startswith(rows) for folder in expiring)
    # What replay/ says of an error record is needed for as long as there is one.
    assert expiring["s3://Bucket/replay/"] >= expiring["s3://Bucket/errors/"]


def test_an_order_is_a_row_about_a_minute_later_or_as_a_parameter_says():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    destination = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]
    interval = destination["BufferingHints"]["IntervalInSeconds"]
    before_the_buffer_seconds = source["MaximumBatchingWindowInSeconds"] + int(processor()["BufferIntervalInSeconds"])
    assert resolve(interval) + before_the_buffer_seconds <= 75
    assert resolve(interval, BufferIntervalSeconds=0) == 0


def processor():
    destination = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]
    (only,) = destination["ProcessingConfiguration"]["Processors"]
    return {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in only["Parameters"]}


def test_firehose_sends_the_transform_no_more_than_an_event_can_hold():
    assert float(processor()["BufferSizeInMBs"]) <= 2  # above, small records can pass the 6 MB of an event


def test_the_processors_parameters_are_strings_as_firehose_wants_them():
    assert all(isinstance(value, str | dict) for value in processor().values())


def test_the_bucket_takes_tls_only():
    (statement,) = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == "s3:*"
    assert statement["Resource"] == [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("change_columns", "change"), [("NONE", ()), ("APPEND", CHANGE_COLUMNS)])
@pytest.mark.parametrize(("other_attributes", "other"), [("DROP", ()), ("KEEP", ("other_attributes",))])
def test_the_declared_table_has_the_columns_of_the_row(change_columns, change, other_attributes, other):
    columns = properties("DeclaredTable")["TableInput"]["StorageDescriptor"]["Columns"]
    form = {"ChangeColumns": change_columns, "OtherAttributes": other_attributes}
    assert [(column["Name"], column["Type"]) for column in resolve(columns, **form)] == [
        *((column.name, column.type.catalog_type) for column in COLUMNS),
        *((name, "string") for name in (*change, *other)),
    ]
    variables = properties("TransformFunction")["Environment"]["Variables"]
    assert variables["CHANGE_COLUMNS"] == {"Ref": "ChangeColumns"}
    assert variables["OTHER_ATTRIBUTES"] == {"Ref": "OtherAttributes"}


def test_no_crawler_reaches_the_declared_table():
    assert properties("DeclaredTable")["DatabaseName"] == {"Ref": "DeclaredDatabase"}
    assert properties("Crawler")["DatabaseName"] == {"Ref": "CrawledDatabase"}
    assert not any("DeclaredDatabase" in str(statement) for statement in statements("CrawlerRole"))
    assert not any("declared" in str(resource) for resource in granted("CrawlerRole", "glue:UpdateTable"))


def test_the_declared_table_shows_every_day_without_a_crawl():
    parameters = properties("DeclaredTable")["TableInput"]["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.dt.range"].endswith(",NOW")
    prefix = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]["Prefix"]
    folder, day_format = re.fullmatch(r"(.+/dt=)!\{timestamp:(.+)\}/", prefix).groups()
    assert parameters["projection.dt.format"] == day_format
    assert resolve(parameters["storage.location.template"]) == f"s3://Bucket/{folder}${{dt}}/"


def test_the_crawler_makes_one_table_of_the_folder_that_it_crawls():
    (target,) = resolve(properties("Crawler")["Targets"]["S3Targets"])
    level = len(target["Path"].removeprefix("s3://").strip("/").split("/"))  # the bucket is level 1
    assert json.loads(properties("Crawler")["Configuration"])["Grouping"]["TableLevelConfiguration"] == level


def test_the_schedule_can_be_turned_off_and_tells_the_function_its_minute():
    schedule = properties("GeneratorSchedule")
    assert [resolve(schedule["State"], GeneratorState=state) for state in ("ENABLED", "DISABLED")] == [
        "ENABLED",
        "DISABLED",
    ]
    event = load("scheduler")
    filled_in = schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", event["scheduled_time"])
    assert json.loads(filled_in) == event


def test_another_database_name_makes_another_database():
    # AWS::Glue::Database is replaced for its DatabaseName alone, and Glue refuses to rename one.
    for database in of_type("AWS::Glue::Database"):
        assert properties(database)["DatabaseName"] == properties(database)["DatabaseInput"]["Name"]


def test_every_resource_that_an_operator_looks_for_is_an_output():
    named = references(OUTPUTS)
    sought = of_type(
        "AWS::DynamoDB::Table",
        "AWS::Pipes::Pipe",
        "AWS::SQS::Queue",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::S3::Bucket",
        "AWS::Glue::Crawler",
        "AWS::Athena::WorkGroup",
    )
    assert sought.keys() | {"TransformFunction", "GeneratorFunction", "GeneratorSchedule"} <= named


def test_the_stand_in_reads_every_schedule_that_the_parameter_allows():
    assert PARAMETERS["CrawlerSchedule"]["AllowedPattern"] == f"(OFF|{SCHEDULES})"


def test_the_crawlers_schedule_can_be_turned_off():
    # A crawler whose template has no schedule any more keeps its old one: cloudformation-coverage-roadmap, issue 2247.
    expression = properties("Crawler")["Schedule"]["ScheduleExpression"]
    assert resolve(expression) == PARAMETERS["CrawlerSchedule"]["Default"]
    off = resolve(expression, CrawlerSchedule="OFF")
    assert off == NEVER
    stage = stages.crawler({"State": "READY", "Schedule": {"ScheduleExpression": off}}, {}, NOW)
    assert stage.facts["schedule"] == "no schedule"


def test_an_output_holds_the_command_of_the_first_crawl():
    assert resolve(OUTPUTS["FirstCrawlCommand"]["Value"]).startswith("aws glue start-crawler --name Crawler --region ")


def test_a_deleted_object_can_be_restored_for_a_while_and_is_then_gone():
    assert properties("Bucket")["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = [
        rule
        for rule in properties("Bucket")["LifecycleConfiguration"]["Rules"]
        if "NoncurrentVersionExpiration" in rule
    ]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 30
    assert rule["ExpiredObjectDeleteMarker"]
    assert "Prefix" not in rule
