"""`sales status` carries every stage's answer to the screen, and none that fails takes another with it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from sales_pipeline.aws.stack import Stack
from sales_pipeline.status import read as status

BUCKET, TABLE, QUEUE, STREAM, TOPIC = "lake", "orders", "dead", "stream", "arn:aws:sns:us-east-1:123456789012:alarms"
UNKNOWN = {"generator", "pipe", "delivery", "transform", "crawler"}


@pytest.fixture
def client():
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        yield session.client


@pytest.fixture
def stack(client):
    """A stack of which only some resources are there; moto here has no Glue."""
    client("s3").create_bucket(Bucket=BUCKET)
    table = client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    client("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
    outputs = {
        "GeneratorScheduleName": "gone",
        "GeneratorFunctionName": "gone",
        "TableName": TABLE,
        "TableStreamArn": table["TableDescription"]["LatestStreamArn"],
        "BucketName": BUCKET,
        "PipeName": "gone",
        "PipeDeadLetterQueueUrl": client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"],
        "StreamName": STREAM,
        "DeliveryStreamName": "gone",
        "TransformFunctionName": "gone",
        "DataLocation": f"s3://{BUCKET}/sales_data/",
        "ErrorLocation": f"s3://{BUCKET}/errors/",
        "AlarmTopicArn": TOPIC,
    }
    return Stack("sales", outputs, boto3.Session(region_name="us-east-1"), {"BufferIntervalSeconds": "60"})


@pytest.fixture
def ask(stack, capsys):
    def ask():
        code = status.run(stack, "json")
        return code, json.loads(capsys.readouterr().out)["stages"]

    return ask


def put_metric(client, namespace, name, dimensions, *values):
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Timestamp": now - timedelta(minutes=minutes_ago),
            "Value": value,
        }
        for minutes_ago, value in values
    ]
    client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def put_alarm(client, name, topic):
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmActions=[topic],
        AlarmDescription="Do this.",
        Namespace="AWS/SQS",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def test_what_cannot_be_read_says_so_in_its_own_line_and_hides_nothing(ask):
    code, stages = ask()
    unread = {name for name, stage in stages.items() if "could not be read" in stage["problem"]}
    assert (code, unread) == (1, UNKNOWN)
    assert "DescribePipe" in stages["pipe"]["problem"]
    assert stages["stream"] == {
        "state": "ACTIVE",
        "problem": "",
        "open_shards": 2,
        "stream_records_last_hour": 0,
        "stream_throttled_last_hour": 0,
    }
    assert not any(stages[name]["problem"] for name in stages.keys() - UNKNOWN)


def test_metrics_that_cannot_be_read_leave_the_states(ask, stack):
    del stack.outputs["GeneratorFunctionName"]
    _, stages = ask()
    assert "no output GeneratorFunctionName" in stages["metrics"]["problem"]
    assert stages["stream"]["state"] == "ACTIVE"
    assert stages["stream"]["stream_records_last_hour"] is None


def test_a_stack_that_reads_an_existing_table_is_asked_for_no_generator(ask, stack):
    stack.parameters["ExistingTableStreamArn"] = stack.outputs["TableStreamArn"]
    del stack.outputs["GeneratorFunctionName"], stack.outputs["GeneratorScheduleName"]
    _, stages = ask()
    assert "metrics" not in stages
    assert stages["generator"]["problem"] == ""
    assert stages["stream"]["stream_records_last_hour"] == 0


def test_counts_are_of_the_last_hour_and_of_this_stack(client, ask):
    put_metric(client, "AWS/Kinesis", "IncomingRecords", {"StreamName": STREAM}, (70, 1000), (50, 20), (5, 3))
    put_metric(client, "AWS/Kinesis", "IncomingRecords", {"StreamName": "another"}, (5, 7))
    _, stages = ask()
    assert stages["stream"]["stream_records_last_hour"] == 23


def test_objects_are_counted_by_their_day_over_all_pages(client, ask):
    day, s3 = datetime.now(UTC), client("s3")
    for number in range(1001):
        s3.put_object(Bucket=BUCKET, Key=f"sales_data/dt={day:%Y-%m-%d}/{number}", Body=b"12")
    s3.put_object(Bucket=BUCKET, Key="sales_data/dt=2020-01-01/old", Body=b"12")
    s3.put_object(Bucket=BUCKET, Key="errors/processing-failed/dt=2020-01-01/x", Body=b"123")
    _, stages = ask()
    assert (stages["lake"]["objects_today"], stages["lake"]["bytes_today"]) == (1001, 2002)
    assert (stages["errors"]["objects"], stages["errors"]["bytes"]) == (1, 3)
    assert stages["errors"]["problem"]


def test_changes_that_were_replayed_lately_are_counted_until_they_have_arrived(client, ask):
    assert ask()[1]["errors"]["replayed_lately"] == 0
    lines = [json.dumps({"rawData": base64.b64encode(data).decode()}) for data in (b"1", b"2")]
    client("s3").put_object(Bucket=BUCKET, Key="replay/sent/errors/x-1", Body="\n".join(lines).encode())
    errors = ask()[1]["errors"]
    assert (errors["replayed_lately"], errors["problem"]) == (2, "")


def test_alarms_are_those_that_go_to_the_topic_of_this_stack(client, ask):
    put_alarm(client, "sales-Ours", TOPIC)
    put_alarm(client, "sales-2-Theirs", TOPIC + "-2")
    for name in ("sales-Ours", "sales-2-Theirs"):
        client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    _, stages = ask()
    assert stages["alarms"]["firing"] == ["sales-Ours"]
    assert stages["alarms"]["problem"] == "sales-Ours: Do this."


def test_a_message_in_the_queue_is_seen_and_stays(client, stack, ask):
    client("sqs").send_message(QueueUrl=stack["PipeDeadLetterQueueUrl"], MessageBody="{}")
    for _ in range(2):
        _, stages = ask()
        assert stages["dead_letters"]["messages_about"] == 1


def test_the_screen_names_every_stage_and_what_is_wrong_below(stack, capsys):
    assert status.run(stack, "text") == 1
    above, below = capsys.readouterr().out.split("\n\n")
    header, *lines = above.splitlines()
    assert header.split() == ["stage", "state", "details"]
    assert [line.split()[0] for line in lines] == [
        *("generator", "table", "pipe", "dead", "stream", "delivery", "transform", "lake", "errors", "crawler"),
        "alarms",
    ]
    header, *lines = below.splitlines()
    assert header.split() == ["stage", "problem"]
    assert {line.split()[0] for line in lines} == UNKNOWN
