"""House rules of the template, and where it and the code must agree. What the linters check is left to them."""

import json
import re

import pytest

from tests import ROOT
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.columns import CHANGE_COLUMNS, COLUMNS
from transform.values import decimal_number, text, whole_number

PARAMETERS, RESOURCES = TEMPLATE["Parameters"], TEMPLATE["Resources"]


def of_type(*types):
    return {name: resource for name, resource in RESOURCES.items() if resource["Type"] in types}


FUNCTIONS = of_type("AWS::Serverless::Function")
ROLES = of_type("AWS::IAM::Role")


def properties(name):
    return RESOURCES[name]["Properties"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements(role):
    return [
        statement
        for policy in properties(role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def granted(role, action):
    return [
        resource
        for statement in statements(role)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def references(value):
    """Names in Ref, Fn::GetAtt, Fn::Sub and DependsOn anywhere below a value."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set(as_list(value["DependsOn"])) if "DependsOn" in value else set()
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(as_list(value["Fn::GetAtt"])[0].partition(".")[0])
    if "Fn::Sub" in value:
        found |= set(re.findall(r"\$\{(\w+)", value["Fn::Sub"]))
    return found.union(*map(references, value.values()))


def dependencies(name):
    """Resources that CloudFormation makes before this one, and deletes after it."""
    found, waiting = set(), [name]
    while waiting:
        direct = references(RESOURCES[waiting.pop()]) & RESOURCES.keys() - found
        found |= direct
        waiting += direct
    return found


def test_parameters_are_few_described_and_bounded():
    assert len(PARAMETERS) <= 12
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
        ("CrawlerSchedule", ""),
    ],
)
def test_a_wrong_parameter_is_refused(parameter, value):
    assert not re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_grants_single_actions_on_named_resources(name):
    role = properties(name)
    assert not role.keys() & {"ManagedPolicyArns", "RoleName"}
    for statement in statements(name):
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


@pytest.mark.parametrize("name", ["OrderTable", "Bucket"])
def test_a_parameter_decides_what_becomes_of_the_data_and_a_replacement_never_costs_it(name):
    assert RESOURCES[name]["DeletionPolicy"] == {"Fn::If": ["RetainData", "RetainExceptOnCreate", "Delete"]}
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_names_are_fixed_only_where_a_parameter_or_the_stack_gives_them():
    naming = re.compile(
        r"(Name|TableName|BucketName|FunctionName|QueueName|DeliveryStreamName|LogGroupName|LogStreamName|RoleName)"
    )
    for name, resource in RESOURCES.items():
        for key, value in resource["Properties"].items():
            if naming.fullmatch(key) and resource["Type"] != "AWS::Athena::NamedQuery":
                assert references(value), f"{name}.{key} is {value!r}"


def test_the_table_is_as_the_pipeline_needs_it():
    table = properties("OrderTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert PARAMETERS["TableName"]["Default"] == "order_table"


def test_the_pipe_retries_within_bounds_and_then_says_so_in_a_queue_that_it_may_write_to():
    source = properties("OrderPipe")["SourceParameters"]["DynamoDBStreamParameters"]
    refusal_seconds, attempts_per_second = 1800, 5
    assert refusal_seconds * attempts_per_second <= source["MaximumRetryAttempts"] <= 10_000
    assert refusal_seconds < source["MaximumRecordAgeInSeconds"] <= 12 * 3600
    assert source["OnPartialBatchItemFailure"] == "AUTOMATIC_BISECT"
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BatchSize"] <= 500
    queue = source["DeadLetterConfig"]["Arn"]
    assert granted("OrderPipeRole", "sqs:SendMessage") == [queue]
    assert properties(queue["Fn::GetAtt"][0])["MessageRetentionPeriod"] >= 14 * 86400


def test_the_pipe_reads_this_stream_only():
    # The emulator has these four widened, so this test alone holds the template's own resources.
    for action in ("DescribeStream", "GetRecords", "GetShardIterator"):
        assert granted("OrderPipeRole", f"dynamodb:{action}") == [{"Fn::GetAtt": ["OrderTable", "StreamArn"]}]
    assert granted("OrderPipeRole", "dynamodb:ListStreams") == [{"Fn::Sub": "${OrderTable.Arn}/stream/*"}]


def test_the_pipe_sends_new_and_changed_orders_under_the_key_of_the_table():
    pipe = properties("OrderPipe")
    (criterion,) = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
    assert json.loads(resolve(criterion["Pattern"])) == {"eventName": ["INSERT", "MODIFY"]}
    assert json.loads(resolve(criterion["Pattern"], ChangeColumns="APPEND")) == {
        "eventName": ["INSERT", "MODIFY", "REMOVE"]
    }
    (key,) = properties("OrderTable")["KeySchema"]
    partition_key = pipe["TargetParameters"]["KinesisStreamParameters"]["PartitionKey"]
    assert partition_key == f"$.dynamodb.Keys.{key['AttributeName']}.S"


def test_the_pipe_starts_only_when_the_delivery_stream_reads():
    assert "DeliveryStream" in dependencies("OrderPipe")


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


def test_no_errors_or_query_results_lie_in_the_folder_of_the_tables():
    destination = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]
    data = "s3://${Bucket}/sales_data/"
    assert data == f"s3://${{Bucket}}/{destination['Prefix'].partition('dt=')[0]}"
    assert properties("Crawler")["Targets"]["S3Targets"] == [{"Path": {"Fn::Sub": data}}]
    assert properties("OrdersTable")["TableInput"]["StorageDescriptor"]["Location"] == {"Fn::Sub": data}
    assert destination["ErrorOutputPrefix"].startswith("errors/!{firehose:error-output-type}/")
    results = properties("WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]["Fn::Sub"]
    assert results == "s3://${Bucket}/athena-results/"
    expiring = [rule.get("Prefix") for rule in properties("Bucket")["LifecycleConfiguration"]["Rules"]]
    assert expiring == ["athena-results/", "errors/", "replay/", None]


def test_an_order_waits_at_most_ten_seconds_longer_than_the_buffer_that_a_parameter_sets():
    destination = properties("DeliveryStream")["ExtendedS3DestinationConfiguration"]
    assert destination["BufferingHints"]["IntervalInSeconds"] == {"Ref": "BufferIntervalSeconds"}
    assert PARAMETERS["BufferIntervalSeconds"]["Default"] == 60
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    settings = {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in processor["Parameters"]}
    assert int(settings["BufferIntervalInSeconds"]) <= 10
    assert float(settings["BufferSizeInMBs"]) <= 2  # above, small records can pass the 6 MB of an event
    assert all(isinstance(value, str | dict) for value in settings.values()), "Firehose takes strings only"


def test_the_bucket_takes_tls_only():
    (statement,) = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == "*"
    assert statement["Action"] == "s3:*"
    assert statement["Resource"] == [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_stream_keeps_records_for_two_days_and_encrypted():
    stream = properties("OrderStream")
    assert stream["RetentionPeriodHours"] >= 48
    assert stream["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}


@pytest.mark.parametrize(("change_columns", "more"), [("NONE", ()), ("APPEND", CHANGE_COLUMNS)])
def test_the_declared_table_has_the_columns_of_the_row(change_columns, more):
    columns = properties("OrdersTable")["TableInput"]["StorageDescriptor"]["Columns"]
    catalog_types = {text: "string", whole_number: "int", decimal_number: "decimal(38,9)"}
    assert [(column["Name"], column["Type"]) for column in resolve(columns, ChangeColumns=change_columns)] == [
        *((column.name, catalog_types[column.encode]) for column in COLUMNS),
        *((name, "string") for name in more),
    ]
    assert properties("TransformFunction")["Environment"]["Variables"]["CHANGE_COLUMNS"] == {"Ref": "ChangeColumns"}


def test_no_crawler_reaches_the_declared_table():
    assert properties("OrdersTable")["DatabaseName"] == {"Ref": "DeclaredDatabase"}
    assert properties("Crawler")["DatabaseName"] == {"Ref": "Database"}
    assert not any("DeclaredDatabase" in str(statement) for statement in statements("CrawlerRole"))
    assert not any("declared" in str(resource) for resource in granted("CrawlerRole", "glue:UpdateTable"))


def test_the_declared_table_shows_every_day_without_a_crawl():
    parameters = properties("OrdersTable")["TableInput"]["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.dt.range"].endswith(",NOW")
    assert parameters["storage.location.template"] == {"Fn::Sub": "s3://${Bucket}/sales_data/dt=${!dt}/"}


def test_the_crawler_keeps_one_table_whose_partitions_share_its_types():
    configuration = json.loads(properties("Crawler")["Configuration"])
    assert configuration["Grouping"] == {
        "TableGroupingPolicy": "CombineCompatibleSchemas",
        "TableLevelConfiguration": 2,
    }
    assert configuration["CrawlerOutput"]["Partitions"] == {"AddOrUpdateBehavior": "InheritFromTable"}


def test_the_first_named_query_is_the_one_that_everybody_asks():
    queries = of_type("AWS::Athena::NamedQuery")
    query = properties(next(iter(queries)))["QueryString"]["Fn::Sub"]
    assert query.replace("${DatabaseName}", PARAMETERS["DatabaseName"]["Default"]) == (
        "SELECT * FROM sales_data_projection_db.sales_data WHERE price > 100 ORDER BY orderid DESC LIMIT 10"
    )
    assert all(query["Condition"] == "CreateNamedQueries" for query in queries.values())


def test_the_schedule_can_be_turned_off_and_tells_the_function_its_time():
    schedule = properties("GeneratorTimer")
    assert schedule["State"] == {"Ref": "GeneratorSchedule"}
    assert PARAMETERS["GeneratorSchedule"]["Default"] == "ENABLED"
    assert json.loads(schedule["Target"]["Input"]) == {"scheduled_time": "<aws.scheduler.scheduled-time>"}


def test_another_database_name_makes_another_database():
    # AWS::Glue::Database is replaced for its DatabaseName alone, and Glue refuses to rename one.
    for database in of_type("AWS::Glue::Database"):
        assert properties(database)["DatabaseName"] == properties(database)["DatabaseInput"]["Name"]


def test_every_resource_that_an_operator_looks_for_is_an_output():
    named = references(TEMPLATE["Outputs"])
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
    assert sought.keys() | {"TransformFunction", "GeneratorFunction", "GeneratorTimer"} <= named
