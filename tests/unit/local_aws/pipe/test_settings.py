"""A pipe's settings are what was deployed, and what this stand-in can't do is an error before it starts."""

from datetime import UTC, datetime

import pytest

from local_aws.pipe.settings import PipeError, Scope, read
from sales_pipeline.aws.stack import Stack

QUEUE_ARN = "arn:aws:sqs:us-east-1:1:letters"
CREATED = datetime(2026, 10, 21, tzinfo=UTC)
MINIMAL = {
    "SourceParameters": {"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
    "TargetParameters": {"KinesisStreamParameters": {"PartitionKey": "$.dynamodb.Keys.orderid.S"}},
}
SCOPE = Scope(
    {"Size": "200", "Mode": "ON"},
    {
        "IsOn": {"Fn::Equals": [{"Ref": "Mode"}, "ON"]},
        "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]},
        "Both": {"Fn::And": [{"Condition": "IsOn"}, {"Condition": "IsOff"}]},
        "Either": {"Fn::Or": [{"Condition": "IsOn"}, {"Condition": "IsOff"}]},
        "Strange": {"Fn::Contains": [["a"], "a"]},
    },
    lambda logical_id: f"{QUEUE_ARN}-{logical_id}",
)


class Session:
    """Every client, with a pipe of these properties deployed."""

    def __init__(self, properties):
        self.template = {"Resources": {"OrderPipe": {"Properties": properties}}}

    def client(self, _):
        return self

    def describe_pipe(self, **_):
        names = ("Name", "Arn", "RoleArn", "Source", "Target")
        return {name: f"the {name}" for name in names} | {"Name": "orders-1", "CreationTime": CREATED}

    def get_template(self, **_):
        return {"TemplateBody": self.template}

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        summaries = [("Queue", "http://127.0.0.1/1/letters"), ("OrderPipe", "orders-1")]
        resources = [{"LogicalResourceId": name, "PhysicalResourceId": physical} for name, physical in summaries]
        return [{"StackResourceSummaries": [each]} for each in resources]

    def get_queue_attributes(self, QueueUrl, **_):  # noqa: N803
        assert QueueUrl == "http://127.0.0.1/1/letters"
        return {"Attributes": {"QueueArn": QUEUE_ARN}}

    def get_queue_url(self, QueueName):  # noqa: N803
        return {"QueueUrl": f"http://127.0.0.1/1/{QueueName}"}


def read_with(source=None, target=None, stream=None):
    properties = {
        "SourceParameters": {
            "DynamoDBStreamParameters": MINIMAL["SourceParameters"]["DynamoDBStreamParameters"] | (stream or {})
        }
        | (source or {}),
        "TargetParameters": MINIMAL["TargetParameters"] | (target or {}),
    }
    return read(Stack("sales", {"PipeName": "orders-1"}, Session(properties)))


def test_what_is_not_set_is_as_aws_sets_it():
    settings = read_with()
    assert settings.batch_size == 100
    assert settings.maximum_batching_window_seconds == 0
    assert (settings.maximum_retry_attempts, settings.maximum_record_age_seconds) == (-1, -1)
    assert not settings.bisect
    assert settings.dead_letter_queue_url is None
    assert settings.starting_seconds == 0
    assert settings.matches({})


def test_what_is_set_is_taken():
    stream = {
        "StartingPosition": "LATEST",
        "BatchSize": 500,
        "MaximumBatchingWindowInSeconds": "1",
        "MaximumRetryAttempts": 10000,
        "MaximumRecordAgeInSeconds": 3600,
        "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}},
    }
    settings = read_with({"FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]}}, stream=stream)
    assert settings.starting_seconds == CREATED.timestamp()
    assert (settings.batch_size, settings.maximum_batching_window_seconds) == (500, 1)
    assert (settings.maximum_retry_attempts, settings.maximum_record_age_seconds) == (10000, 3600)
    assert settings.bisect
    assert settings.dead_letter_queue_url == "http://127.0.0.1/1/letters"
    assert settings.matches({"eventName": "INSERT"})
    assert not settings.matches({"eventName": "REMOVE"})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"target": {"InputTemplate": "<$.dynamodb>"}}, "InputTemplate"),
        ({"target": {"KinesisStreamParameters": None}}, "to a Kinesis stream"),
        ({"source": {"DynamoDBStreamParameters": None}}, "from a DynamoDB stream"),
        ({"source": {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"cidr": "::/0"}]}'}]}}}, "doesn't support"),
        ({"stream": {"BatchSize": 501}}, "1 to 500 .* found 501"),
        ({"target": {"KinesisStreamParameters": {"PartitionKey": "$.a[0]"}}}, r"found \$\.a\[0\]"),
        ({"stream": {"DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:1:letters"}}}, "SQS queue here"),
        ({"stream": {"BatchSize": {"Fn::ImportValue": "x"}}}, "Fn::ImportValue"),
        ({"stream": {"BatchSize": {"Ref": "Missing"}}}, "Missing"),
    ],
)
def test_what_this_pipe_can_not_do_is_an_error_that_says_so(changes, complaint):
    with pytest.raises(PipeError, match=complaint):
        read_with(**changes)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"BatchSize": {"Ref": "Size"}, "Window": 1}, {"BatchSize": "200", "Window": 1}),
        ({"Fn::If": ["IsOn", {"a": {"Ref": "Size"}}, "b"]}, {"a": "200"}),
        ({"Fn::If": ["IsOff", "a", "b"]}, "b"),
        ({"Fn::If": ["Both", "a", "b"]}, "b"),
        ({"Fn::If": ["Either", "a", "b"]}, "a"),
        ({"a": {"Fn::If": ["IsOff", 1, {"Ref": "AWS::NoValue"}]}, "b": [{"Ref": "AWS::NoValue"}, 2]}, {"b": [2]}),
        ({"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}, {"Arn": f"{QUEUE_ARN}-Queue"}),
    ],
)
def test_functions_are_replaced_by_their_results(value, resolved):
    assert SCOPE.resolve(value) == resolved


@pytest.mark.parametrize("condition", ["Strange", "Missing"])
def test_an_unknown_condition_is_an_error(condition):
    with pytest.raises(PipeError, match="can't depend on this condition"):
        SCOPE.resolve({"Fn::If": [condition, 1, 2]})
