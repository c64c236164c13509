"""The template deploys to an emulator that enforces IAM, works there, and is deleted without a trace."""

import json
from urllib.parse import unquote_plus

import boto3
import pytest
from botocore.exceptions import ClientError

from local_aws.deploy import DeployError
from local_aws.emulator import REGION
from tests import ROOT

EVENTS = ROOT / "events"

SECOND = {
    "TableName": "second_table",
    "DatabaseName": "second_db",
    "GeneratorState": "DISABLED",
    "CrawlerSchedule": "cron(11 0/6 * * ? *)",
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
    event = json.loads((EVENTS / "firehose.json").read_text())
    expected = json.loads((EVENTS / "firehose.expected.json").read_text())
    assert invoke(client, stack["TransformFunctionName"], event) == expected


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


def notify_of_deletions(client, bucket):
    s3_may_send = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [s3_may_send | {"Resource": "*"}]})
    queue_url = client("sqs").create_queue(QueueName="deletions", Attributes={"Policy": policy})["QueueUrl"]
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
