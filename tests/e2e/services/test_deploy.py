"""The template deploys to an emulator that enforces IAM, works there, and is deleted without a trace."""

import json
import time
from urllib.parse import unquote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.deploy import DeployError
from local_aws.emulator import REGION
from sales_pipeline.status import read as status
from tests.unit.events import answer_to, load
from tests.unit.template.parsed import TEMPLATE

ROWS_SECONDS = 60

SECOND = {
    "TableName": "second_table",
    "DatabaseName": "second_db",
    "GeneratorState": "DISABLED",
    "BufferIntervalSeconds": "900",
    "CrawlerSchedule": "cron(11 0/6 * * ? *)",
}
# All values that the first stack and the second one don't have.
KEPT = {
    "TableName": "kept_table",
    "DatabaseName": "kept_db",
    "GeneratorState": "ENABLED",
    "OnStackDeletion": "RETAIN",
    "BufferIntervalSeconds": "0",
    "CrawlerSchedule": "OFF",
    "StreamMode": "ON_DEMAND",
    "ShardCount": "500",
    "Architecture": "arm64",
    "ChangeColumns": "APPEND",
    "OtherAttributes": "KEEP",
    "AlarmEmail": "on-call@example.com",
    "Dashboard": "CREATE",
}


@pytest.fixture(scope="module")
def second_stack(stack, sam, built_template):
    """Deploy under other names, beside the first."""
    assert stack
    return sam.deploy(built_template, "second", SECOND)


def invoke(client, function_name, event):
    answer = client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(event))
    result = json.load(answer["Payload"])
    assert "FunctionError" not in answer, result
    return result


@pytest.mark.usefixtures("stack")
def test_the_stack_is_complete(client):
    described = client("cloudformation").describe_stacks(StackName="sales")["Stacks"][0]
    assert described["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("output", "call"),
    [
        ("TableName", ("dynamodb", "describe_table", "TableName")),
        ("PipeName", ("pipes", "describe_pipe", "Name")),
        ("PipeDeadLetterQueueUrl", ("sqs", "get_queue_attributes", "QueueUrl")),
        ("StreamName", ("kinesis", "describe_stream_summary", "StreamName")),
        ("DeliveryStreamName", ("firehose", "describe_delivery_stream", "DeliveryStreamName")),
        ("TransformFunctionName", ("lambda", "get_function", "FunctionName")),
        ("GeneratorFunctionName", ("lambda", "get_function", "FunctionName")),
        ("GeneratorScheduleName", ("scheduler", "get_schedule", "Name")),
        ("BucketName", ("s3", "head_bucket", "Bucket")),
        ("CrawlerName", ("glue", "get_crawler", "Name")),
        ("WorkGroupName", ("athena", "get_work_group", "WorkGroup")),
        ("PipeLogGroupName", ("logs", "describe_log_streams", "logGroupName")),
        ("DeliveryStreamLogGroupName", ("logs", "describe_log_streams", "logGroupName")),
        ("TransformLogGroupName", ("logs", "describe_log_streams", "logGroupName")),
        ("GeneratorLogGroupName", ("logs", "describe_log_streams", "logGroupName")),
    ],
)
def test_an_output_names_its_resource(client, stack, output, call):
    service, operation, argument = call
    answer = getattr(client(service), operation)(**{argument: stack[output]})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_stream_is_the_tables(client, stack):
    table = client("dynamodb").describe_table(TableName=stack["TableName"])["Table"]
    assert stack["TableStreamArn"] == table["LatestStreamArn"]


def test_the_declared_table_is_in_the_catalog(client, stack):
    database, _, name = stack["DeclaredTable"].partition(".")
    table = client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    assert table["StorageDescriptor"]["Location"] == stack["DataLocation"]


def test_the_transform_turns_the_sample_event_into_its_expected_result(client, stack):
    assert invoke(client, stack["TransformFunctionName"], load("firehose")) == answer_to("firehose")


def test_the_generator_writes_a_minute_once(client, stack):
    orders = client("dynamodb")
    # In the past, so that every order is due at once.
    minute = {"scheduled_time": "2026-01-01T00:00:00Z"}
    invoke(client, stack["GeneratorFunctionName"], minute)
    written = orders.scan(TableName=stack["TableName"])["Items"]
    invoke(client, stack["GeneratorFunctionName"], minute)
    assert len(written) == 20
    assert orders.scan(TableName=stack["TableName"])["Items"] == written


def test_a_role_can_do_what_it_grants_and_no_more(client, emulator, stack):
    role_arn = client("pipes").describe_pipe(Name=stack["PipeName"])["RoleArn"]
    pipe = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(pipe["AccessKeyId"], pipe["SecretAccessKey"], pipe["SessionToken"], REGION)
    streams = session.client("dynamodbstreams", endpoint_url=emulator.endpoint_url)
    stream = session.client("kinesis", endpoint_url=emulator.endpoint_url)

    assert streams.describe_stream(StreamArn=stack["TableStreamArn"])["StreamDescription"]["Shards"]
    stream.put_record(StreamName=stack["StreamName"], Data=b"{}", PartitionKey="test")
    with pytest.raises(ClientError, match="AccessDenied"):
        stream.delete_stream(StreamName=stack["StreamName"])


def test_a_failed_deploy_names_the_resource_and_the_reason(sam, tmp_path):
    template = tmp_path / "template.json"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "QueueName": "without-its-suffix"}}
    template.write_text(json.dumps({"Resources": {"Broken": queue}}))
    with pytest.raises(DeployError, match=rf"Broken is CREATE_FAILED: .*\.fifo suffix.* See {sam.log_path}"):
        sam.deploy(template, "broken", {})


def test_a_refused_deploy_says_why(sam, built_template):
    with pytest.raises(DeployError, match="GeneratorState"):
        sam.deploy(built_template, "refused", {"GeneratorState": "SOMETIMES"})


def test_a_second_stack_fits_beside_the_first(stack, second_stack):
    shared = {key for key in stack if stack[key] == second_stack[key]}
    assert shared == set()


def test_delete_empties_the_bucket_and_leaves_nothing(client, sam, stack, second_stack):
    stack_id = client("cloudformation").describe_stacks(StackName="second")["Stacks"][0]["StackId"]
    bucket = second_stack["BucketName"]
    keys = {"sales_data/dt=2026-01-01/rows.json", "errors/processing-failed/row", "athena-results/x.csv"}
    client("dynamodb").put_item(TableName=second_stack["TableName"], Item={"orderid": {"S": "1"}})
    deletions = notify_of_deletions(client, bucket)
    for key in keys:
        client("s3").put_object(Bucket=bucket, Key=key, Body=b"{}\n")

    sam.delete("second")

    # The emulator deletes a bucket that is not empty, so the objects' own deletions have to be seen.
    assert keys_deleted(client, deletions) == keys
    events = client("cloudformation").describe_stack_events(StackName=stack_id)["StackEvents"]
    gone = [each["LogicalResourceId"] for each in reversed(events) if each["ResourceStatus"] == "DELETE_COMPLETE"]
    writers = max(gone.index("DeliveryStream"), gone.index("WorkGroup"))
    assert writers < gone.index("BucketCleanup") < gone.index("Bucket")
    assert gone[-1] == "second"
    assert second_stack["TableName"] not in client("dynamodb").list_tables()["TableNames"]
    assert bucket not in [each["Name"] for each in client("s3").list_buckets()["Buckets"]]
    groups = [each["logGroupName"] for each in client("logs").describe_log_groups()["logGroups"]]
    assert stack["TransformLogGroupName"] in groups
    assert [group for group in groups if "second" in group] == []


@pytest.mark.parametrize(
    ("name", "parameter"),
    # Another test deploys a stack with the others.
    [(name, each) for name, each in TEMPLATE["Parameters"].items() if not name.startswith("ExistingTable")],
)
def test_the_stacks_here_have_every_value_of_every_parameter(name, parameter):
    default = str(parameter["Default"])
    deployed = {default, SECOND.get(name, default), KEPT[name]}
    assert deployed >= {str(value) for value in parameter.get("AllowedValues", [])}
    assert deployed >= {str(parameter[bound]) for bound in ("MinValue", "MaxValue") if bound in parameter}
    assert len(deployed) > 1


def test_a_stack_that_retains_is_deleted_without_its_table_and_its_bucket(client, sam, stack, built_template):
    kept = sam.deploy(built_template, "kept", KEPT)
    client("dynamodb").put_item(TableName=kept["TableName"], Item={"orderid": {"S": "1"}})
    client("s3").put_object(Bucket=kept["BucketName"], Key="sales_data/dt=2026-01-01/rows.json", Body=b"{}\n")
    dashboard = check_dashboard(client, kept)
    (address,) = client("sns").list_subscriptions_by_topic(TopicArn=kept["AlarmTopicArn"])["Subscriptions"]
    assert address["Endpoint"] == KEPT["AlarmEmail"]

    # Another test deletes with `sam delete`, which takes half a minute to see that nothing is left.
    client("cloudformation").delete_stack(StackName="kept")
    client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="kept", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    assert client("dynamodb").get_item(TableName=kept["TableName"], Key={"orderid": {"S": "1"}})["Item"]
    (row,) = client("s3").list_objects_v2(Bucket=kept["BucketName"])["Contents"]
    assert row["Key"] == "sales_data/dt=2026-01-01/rows.json"
    databases = {each["Name"] for each in client("glue").get_databases()["DatabaseList"]}
    assert stack["CrawledTable"].split(".")[0] in databases
    assert not {name for name in databases if name.startswith("kept")}
    for service, operation, argument in (
        ("pipes", "describe_pipe", {"Name": kept["PipeName"]}),
        ("kinesis", "describe_stream_summary", {"StreamName": kept["StreamName"]}),
        ("glue", "get_crawler", {"Name": kept["CrawlerName"]}),
        ("lambda", "get_function", {"FunctionName": kept["TransformFunctionName"]}),
        ("cloudwatch", "get_dashboard", {"DashboardName": dashboard}),
        ("cloudformation", "describe_stacks", {"StackName": "kept"}),
    ):
        with pytest.raises(ClientError):
            getattr(client(service), operation)(**argument)


def check_dashboard(client, stack):
    """Look for the names of the stack's resources, and for nothing that is not filled in; return its name."""
    name = stack["DashboardUrl"].rpartition("/")[2]
    body = json.loads(client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    metrics = [metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])]
    named = {value for metric in metrics for value in metric if isinstance(value, str)}
    outputs = {"TableName", "PipeName", "StreamName", "DeliveryStreamName", "TransformFunctionName"}
    assert {stack[output] for output in outputs} <= named
    assert stack["TableStreamArn"].rpartition("/")[2] in named
    (alarms,) = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    described = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert set(alarms) == {each["AlarmArn"] for each in described if stack["AlarmTopicArn"] in each["AlarmActions"]}
    assert "${" not in json.dumps(body)
    return name


def create_table(client, name, *more_keys, **more):
    """Create a table as somebody else would; return the ARN of its stream."""
    keys = {"orderid": "HASH", **dict.fromkeys(more_keys, "RANGE")}
    created = client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **more,
    )
    return created["TableDescription"]["LatestStreamArn"]


def order(orderid, quantity):
    return {
        "orderid": {"S": orderid},
        "product_name": {"S": "Käse"},
        "quantity": {"N": str(quantity)},
        "price": {"N": "1.5"},
    }


def test_a_stack_reads_a_table_that_it_did_not_make_and_leaves_it_alone(client, quick_pipeline, capsys):
    dynamodb, key_arn = client("dynamodb"), client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn}
    stream_arn = create_table(client, "theirs", SSESpecification=encryption)
    dynamodb.put_item(TableName="theirs", Item=order("before", 1))

    existing = {"ExistingTableStreamArn": stream_arn, "ExistingTableKeyArn": key_arn, "Dashboard": "CREATE"}
    with quick_pipeline("existing", **existing) as (stack, _):
        check_dashboard(client, stack)
        assert (stack["TableName"], stack["TableStreamArn"]) == ("theirs", stream_arn)
        dynamodb.put_item(TableName="theirs", Item=order("after", 2))
        dynamodb.put_item(TableName="theirs", Item=order("before", 3))  # its change event has the old image too
        wait_for_rows(client, stack["BucketName"], {("before", 1), ("after", 2), ("before", 3)})
        status.run(stack, "json")
        stages = json.loads(capsys.readouterr().out)["stages"]
        assert [stages[name]["problem"] for name in ("generator", "table", "pipe", "stream")] == [""] * 4
    described = dynamodb.describe_table(TableName="theirs")["Table"]

    client("cloudformation").delete_stack(StackName="existing")
    client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="existing", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert dynamodb.describe_table(TableName="theirs")["Table"] == described
    items = {item["orderid"]["S"]: item for item in dynamodb.scan(TableName="theirs")["Items"]}
    assert items == {"before": order("before", 3), "after": order("after", 2)}
    assert "existing_orders" not in dynamodb.list_tables()["TableNames"]
    assert not [name for name in functions(client) if name.startswith("existing")]


def functions(client):
    return [each["FunctionName"] for each in client("lambda").list_functions()["Functions"]]


def wait_for_rows(client, bucket, rows):
    s3, deadline, found = client("s3"), time.monotonic() + ROWS_SECONDS, set()
    while found != rows:
        assert time.monotonic() < deadline, f"only {found} within {ROWS_SECONDS} s"
        time.sleep(0.2)
        for each in s3.list_objects_v2(Bucket=bucket, Prefix="sales_data/").get("Contents", []):
            lines = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().splitlines()
            found |= {(row["orderid"], row["quantity"]) for row in map(json.loads, lines)}


def test_a_table_with_a_sort_key_fails_the_deployment_with_one_line(client, sam, built_template):
    stream_arn = create_table(client, "sorted", "customer")
    names = {"TableName": "unused", "DatabaseName": "sorted_db", "ExistingTableStreamArn": stream_arn}
    with pytest.raises(DeployError) as failed:
        sam.deploy(built_template, "sorted", names)
    assert str(failed.value).startswith(
        "sam deploy failed for stack sorted: TableCheck is CREATE_FAILED: Table sorted has the sort key customer. The "
        "pipeline reads only tables without a sort key. See "
    )
    assert "sorted" in client("dynamodb").list_tables()["TableNames"]


def test_a_failed_crawl_reaches_the_topic_of_the_alarms(client, stack):
    events, sqs = client("events"), client("sqs")
    queue_url = queue_for(client, "sns.amazonaws.com", "failed-crawls")
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client("sns").subscribe(TopicArn=stack["AlarmTopicArn"], Protocol="sqs", Endpoint=queue_arn)
    (rule,) = [each for each in events.list_rules()["Rules"] if stack["CrawlerName"] in each.get("EventPattern", "")]
    # Only AWS may send events whose source is aws.glue. So the stack's rule is copied for another source.
    events.put_rule(Name="failed-crawls", EventPattern=rule["EventPattern"].replace("aws.glue", "test.glue"))
    targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert events.put_targets(Rule="failed-crawls", Targets=targets)["FailedEntryCount"] == 0
    crawls = [("another", "Failed"), (stack["CrawlerName"], "Succeeded"), (stack["CrawlerName"], "Failed")]
    for crawler, state in crawls:
        detail = {"crawlerName": crawler, "state": state, "errorMessage": 'no "x"', "cloudWatchLogLink": "https://log"}
        entry = {"Source": "test.glue", "DetailType": "Glue Crawler State Change", "Detail": json.dumps(detail)}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    received = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=10, MaxNumberOfMessages=10)["Messages"]
    (message,) = [json.loads(json.loads(each["Body"])["Message"]) for each in received]
    assert message["problem"].endswith("See docs/runbook.md#a-failed-crawl.")
    assert message["crawl"] == detail


def queue_for(client, service, name):
    may_send = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
    return client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]


def notify_of_deletions(client, bucket):
    queue_url = queue_for(client, "s3.amazonaws.com", "deletions")
    queue = client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    configuration = {"QueueArn": queue["QueueArn"], "Events": ["s3:ObjectRemoved:*"]}
    client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )
    return queue_url


def keys_deleted(client, queue_url):
    keys = set()
    while messages := client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            records = json.loads(message["Body"]).get("Records", [])  # none in the test message that S3 sends first
            keys |= {unquote_plus(record["s3"]["object"]["key"]) for record in records}
    return keys
