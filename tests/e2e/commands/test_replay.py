"""`sales failures` shows what failed, and `sales replay` delivers it after the cause is fixed."""

import json
import time

import pytest

from sales_pipeline.failures import replay
from sales_pipeline.failures import report as failures
from sales_pipeline.failures.records import Selection

DEADLINE_SECONDS = 30
LONG_ID = "long-" + "x" * 300  # more characters than a partition key of Kinesis may have


@pytest.fixture
def stack(pipeline):
    return pipeline.stack


@pytest.fixture
def put(stack):
    def put(order_id, **changed):
        item = {
            "orderid": {"S": order_id},
            "product_name": {"S": "Käse"},
            "quantity": {"N": "1"},
            "price": {"N": "2.5"},
        }
        stack.session.client("dynamodb").put_item(TableName=stack["TableName"], Item=item | changed)

    return put


@pytest.fixture
def delivered(stack):
    """Read the rows of the lake."""
    s3 = stack.session.client("s3")

    def delivered():
        listed = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/").get("Contents", [])
        bodies = [s3.get_object(Bucket=stack["BucketName"], Key=each["Key"])["Body"].read() for each in listed]
        return sorted((row["orderid"], row["price"]) for body in bodies for row in map(json.loads, body.splitlines()))

    return delivered


@pytest.fixture
def failed(stack, capsys):
    """Ask what failed: changes by reason."""

    def failed():
        capsys.readouterr()
        failures.run(stack, Selection(), "json", each=False)
        return {each["reason"]: each["changes"] for each in map(json.loads, capsys.readouterr().out.splitlines())}

    return failed


def wait_until(holds):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s"
        time.sleep(0.2)


def handle(stack, handler):
    stack.session.client("lambda").update_function_configuration(
        FunctionName=stack["TransformFunctionName"], Handler=handler
    )


def test_what_a_broken_transform_and_the_pipe_left_is_delivered_after_they_are_fixed(stack, put, delivered, failed):
    def run(**options):
        return replay.run(stack, Selection(), replays_max=3, **options)

    broken = "Lambda.FunctionError: The Lambda function was successfully invoked but it returned an error result."
    given_up = "Pipe.RetryAttemptsExhausted"
    refused = "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S"

    handle(stack, "transform.app.no_such_function")
    put("good")
    put("changed", price={"N": "1"})
    put("bad", price={"S": "cheap"})
    put(LONG_ID)
    wait_until(lambda: failed() == {broken: 3, given_up: 1})
    assert delivered() == []

    handle(stack, "transform.app.handler")
    put("changed", price={"N": "3.5"})
    wait_until(lambda: delivered() == [("changed", 3.5)])
    assert run(send=False) == 0
    assert failed() == {broken: 3, given_up: 1}

    # The version of `changed` that the table no longer holds stays away, and what is bad itself fails again.
    assert run(send=True) == 0
    wait_until(lambda: delivered() == [("changed", 3.5), ("good", 2.5), (LONG_ID, 2.5)])
    wait_until(lambda: failed() == {refused: 1})

    put("bad", price={"N": "4.5"})
    wait_until(lambda: ("bad", 4.5) in delivered())
    assert run(send=True) == 0
    assert failed() == {}
    assert delivered() == [("bad", 4.5), ("changed", 3.5), ("good", 2.5), (LONG_ID, 2.5)]
