"""The Firehose stand-in delivers as Firehose does, with Firehose's role and nothing more."""

import base64
import copy
import json
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager

import pytest

from local_aws.errors import SETTINGS_EXIT_CODE

DEADLINE_SECONDS = 20


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS} s: {what}"
        time.sleep(0.1)
    return found


class Worker:
    """The stand-in as a process, and what it wrote to standard error."""

    def __init__(self, emulator, state_dir, log_path):
        self.log_path = log_path
        self._command = [sys.executable, "-m", "local_aws.firehose", "--stack-name", "sales"]
        self._command += ["--state-dir", str(state_dir)]
        self._environment = emulator.environment

    def start(self):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._environment, stderr=log)

    def restart(self, ending=signal.SIGKILL):
        self.process.send_signal(ending)
        self.process.wait(DEADLINE_SECONDS)
        self.start()

    @property
    def log(self):
        return self.log_path.read_text()


@pytest.fixture(scope="module")
def describe(client, stack):
    return lambda: client("firehose").describe_delivery_stream(DeliveryStreamName=stack["DeliveryStreamName"])[
        "DeliveryStreamDescription"
    ]


@pytest.fixture(scope="module")
def update(client, stack, describe):
    """Change S3 settings through the API."""

    def update(settings):
        described = describe()
        client("firehose").update_destination(
            DeliveryStreamName=stack["DeliveryStreamName"],
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=described["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=settings,
        )

    return update


@pytest.fixture(scope="module")
def worker(emulator, describe, update, tmp_path_factory):
    """Run the stand-in, with buffers of half a second in place of the template's."""
    deployed = describe()["Destinations"][0]["ExtendedS3DestinationDescription"]
    processing = copy.deepcopy(deployed["ProcessingConfiguration"])
    for parameter in processing["Processors"][0]["Parameters"]:
        if parameter["ParameterName"] == "BufferIntervalInSeconds":
            parameter["ParameterValue"] = "0.5"
    update({"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 1}, "ProcessingConfiguration": processing})
    folder = tmp_path_factory.mktemp("firehose")
    worker = Worker(emulator, folder / "state", folder / "firehose.log")
    worker.start()
    wait_until(lambda: "delivers to s3://" in worker.log, "the worker takes over")
    yield worker
    worker.process.terminate()
    assert worker.process.wait(DEADLINE_SECONDS) == 0
    # The emulator describes as text what CloudFormation gave it, and takes numbers only.
    deployed["BufferingHints"] = {key: int(value) for key, value in deployed["BufferingHints"].items()}
    update(deployed)


@pytest.fixture
def put(client, stack):
    """Put records to the Kinesis stream; return the ids of orders that no other test has."""

    def put(number, make=change_event):
        order_ids = [str(uuid.uuid4()) for _ in range(number)]
        records = [{"Data": make(each), "PartitionKey": each} for each in order_ids]
        assert client("kinesis").put_records(StreamName=stack["StreamName"], Records=records)["FailedRecordCount"] == 0
        return order_ids

    return put


@pytest.fixture
def lines(client, stack):
    """Read all lines of all objects under a prefix, with their keys."""

    def lines(prefix):
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=stack["BucketName"], Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        bodies = {key: client("s3").get_object(Bucket=stack["BucketName"], Key=key)["Body"].read() for key in keys}
        return [(key, line) for key, body in bodies.items() for line in body.splitlines()]

    return lines


@pytest.fixture
def rows(lines):
    """Read the rows of these orders, with the keys of their objects."""

    def rows(order_ids):
        found = [(key, json.loads(line)) for key, line in lines("sales_data/")]
        return [(key, row) for key, row in found if row["orderid"] in order_ids]

    return rows


@pytest.fixture
def failures(lines):
    """Read the lines of error objects whose data holds one of these orders' ids."""

    def failures(order_ids):
        found = [(key, json.loads(line)) for key, line in lines("errors/processing-failed/dt=")]
        return [(key, line) for key, line in found if base64.b64decode(line["rawData"]).decode() in order_ids]

    return failures


@pytest.fixture
def logged(client):
    """Read the log stream of the Firehose stream."""
    resources = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="sales")
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in resources
        for each in page["StackResourceSummaries"]
    }

    def logged():
        events = client("logs").get_log_events(
            logGroupName=names["DeliveryStreamLogGroup"], logStreamName=names["DeliveryStreamLogStream"]
        )["events"]
        return [json.loads(each["message"]) for each in events]

    return logged


def change_event(order_id, name="INSERT"):
    image = {
        "orderid": {"S": order_id},
        "product_name": {"S": "Kaffeemühle"},
        "quantity": {"N": "2"},
        "price": {"N": "349"},
    }
    return json.dumps({"eventName": name, "dynamodb": {"Keys": {"orderid": image["orderid"]}, "NewImage": image}})


def test_orders_share_an_object_and_each_is_there_once(worker, put, rows):
    order_ids = put(300)
    found = wait_until(lambda: (all_rows := rows(order_ids)) and len(all_rows) >= 300 and all_rows, "300 rows")
    assert sorted(row["orderid"] for _, row in found) == sorted(order_ids)
    keys = {key for key, _ in found}
    assert len(keys) <= 2
    assert all(key.endswith(".json") for key in keys)
    assert worker.process.poll() is None


def test_a_bad_record_lies_under_errors_as_it_came(worker, put, rows, failures, stack):
    bad = put(2, make=lambda order_id: order_id)
    removed = put(1, make=lambda order_id: change_event(order_id, "REMOVE"))
    good = put(2)
    found = wait_until(lambda: len(all_failures := failures(bad)) == 2 and all_failures, "2 failures")
    wait_until(lambda: len(rows(good)) == 2, "2 rows")
    assert rows(bad + removed) == []
    for _, line in found:
        assert line["errorCode"] == "Lambda.ProcessingFailedStatus"
        assert line["attemptsMade"] == 1
        assert stack["TransformFunctionName"] in line["lambdaARN"]
        assert line["arrivalTimestamp"] <= line["attemptEndingTimestamp"] <= time.time() * 1000
    assert worker.process.poll() is None


def test_a_kill_at_any_point_loses_nothing(worker, put, rows):
    order_ids = []
    for wait_seconds in (0.2, 0.9, 1.4, 1.9):
        order_ids += put(20)
        # Another point of the way from shard to checkpoint each time.
        time.sleep(wait_seconds)
        worker.restart()
    found = wait_until(lambda: len({row["orderid"] for _, row in rows(order_ids)}) == 80, "80 orders")
    assert found


@pytest.fixture
def held_up(client, describe, worker):
    """Take an action away from Firehose's role until the worker has a line that names stage, role and action."""
    role_name = describe()["Source"]["KinesisStreamSourceDescription"]["RoleARN"].rpartition("/")[2]
    policy = {"RoleName": role_name, "PolicyName": "kinesis-to-bucket"}

    @contextmanager
    def held_up(action, stage):
        granted = client("iam").get_role_policy(**policy)["PolicyDocument"]
        left = copy.deepcopy(granted)
        for statement in left["Statement"]:
            if action in statement["Action"]:
                statement["Action"] = [each for each in statement["Action"] if each != action]
        assert left != granted
        start = len(worker.log)

        def refused():
            lines = worker.log[start:].splitlines()
            return [each for each in lines if stage in each and role_name in each and f"perform: {action} " in each]

        client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(left))
        try:
            yield
            wait_until(refused, f"{stage} names {action}")
        finally:
            client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(granted))

    return held_up


@pytest.mark.parametrize(("action", "stage"), [("kinesis:GetRecords", "Can't read"), ("s3:PutObject", "Can't write")])
def test_a_missing_permission_holds_its_stage_up_and_loses_nothing(put, rows, held_up, action, stage):
    with held_up(action, stage):
        order_ids = put(20)
    assert rows(order_ids) == []
    wait_until(lambda: len(rows(order_ids)) >= 20, "20 rows")
    assert len(rows(order_ids)) == 20


def test_a_function_that_may_not_be_called_costs_no_order(put, lines, held_up, logged, stack):
    with held_up("lambda:InvokeFunction", "Attempt 4 of 4"):
        order_ids = put(3)

    def denied():
        found = [json.loads(line) for _, line in lines("errors/processing-failed/dt=")]
        return [line for line in found if line["errorCode"] == "Lambda.InvokeAccessDenied"]

    found = wait_until(denied, "failures")
    sent = sorted(change_event(each) for each in order_ids)
    assert sorted(base64.b64decode(line["rawData"]).decode() for line in found) == sent
    assert {line["attemptsMade"] for line in found} == {4}
    messages = [each for each in logged() if each["errorCode"] == "Lambda.InvokeAccessDenied"]
    assert len(messages) == 4
    assert stack["TransformFunctionName"] in messages[0]["processor"]


def test_a_changed_setting_is_followed_and_the_others_stay(worker, put, rows, update, describe):
    update({"Prefix": "sales_data/dt=!{timestamp:yyyy-MM-dd}/changed-"})
    wait_until(lambda: "changes to version" in worker.log, "the worker follows")
    assert "HttpEndpointDestinationDescription" in describe()["Destinations"][0]
    order_ids = put(5)
    found = wait_until(lambda: len(all_rows := rows(order_ids)) == 5 and all_rows, "5 rows")
    assert all("/changed-" in key for key, _ in found)
    worker.restart(signal.SIGTERM)
    order_ids = put(5)
    found = wait_until(lambda: len(all_rows := rows(order_ids)) == 5 and all_rows, "5 rows")
    assert all("/changed-" in key for key, _ in found)


def test_it_ends_at_once_when_told_to(worker):
    start, starts = time.monotonic(), worker.log.count("delivers to s3://")
    worker.process.terminate()
    assert worker.process.wait(DEADLINE_SECONDS) == 0
    assert time.monotonic() - start < 2
    worker.start()
    wait_until(lambda: worker.log.count("delivers to s3://") > starts, "the worker takes over again")


def test_another_state_directory_is_refused_with_one_line(emulator, worker, tmp_path):
    assert worker.process.poll() is None
    other = Worker(emulator, tmp_path / "state", tmp_path / "log")
    other.start()
    assert other.process.wait(DEADLINE_SECONDS) == SETTINGS_EXIT_CODE
    (line,) = other.log.splitlines()
    assert "ERROR Firehose stream sales-DeliveryStream-" in line
    assert "--state-dir" in line
