import json
import logging
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from local_aws.firehose import function as firehose_function
from local_aws.firehose import worker as firehose
from local_aws.firehose.buffers import DeliveryBuffer
from local_aws.firehose.error_log import ErrorLog
from local_aws.firehose.invocation import read_record
from local_aws.firehose.settings import FirehoseSettings, Hints, Processor

ROLE = "arn:aws:iam::123456789012:role/delivery"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:transform:$LATEST"
SETTINGS = FirehoseSettings(
    stream_name="sales",
    stream_arn="arn:aws:firehose:us-east-1:123456789012:deliverystream/sales",
    version=1,
    source_arn="arn:aws:kinesis:us-east-1:123456789012:stream/orders",
    start=datetime.now(UTC) - timedelta(hours=1),
    bucket="bucket",
    role_arn=ROLE,
    prefix="rows/",
    error_output_prefix="errors/",
    hints=Hints(1_000_000, 0),
    extension=".json",
    log_group_name="group",
    log_stream_name="stream",
    processor=Processor(FUNCTION, 3, Hints(1_000_000, 0)),
)

SESSION = boto3.Session()  # one, because each loads the services' models anew


@cache
def client(service):
    return SESSION.client(service)


class Function:
    """Answers each call of Lambda's Invoke with the next of its answers, the last again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.events = []

    def invoke(self, FunctionName, Payload):  # noqa: N803 - boto3's names
        assert FunctionName == FUNCTION
        self.events.append(json.loads(Payload))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        body = answer(self.events[-1]) if callable(answer) else answer
        error = {"FunctionError": "Unhandled"} if b"errorType" in body[:20] else {}
        return {"Payload": SimpleNamespace(read=lambda: body)} | error


def echo(event):
    return json.dumps(
        {"records": [{"recordId": each["recordId"], "result": "Ok", "data": each["data"]} for each in event["records"]]}
    ).encode()


def fail_records(event):
    results = [{"recordId": each["recordId"], "result": "ProcessingFailed", "data": ""} for each in event["records"]]
    return json.dumps({"records": results}).encode()


def refusal(code, operation="Invoke"):
    return ClientError({"Error": {"Code": code, "Message": "role may not do that"}}, operation)


class Clock:
    """Stands in for the module time: only sleeping and advancing move it."""

    time_ns = staticmethod(time.time_ns)

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    for module in (firehose, firehose_function):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def _aws(monkeypatch):
    monkeypatch.setattr(firehose, "assume", lambda *_: SESSION)
    with mock_aws():
        client("kinesis").create_stream(StreamName="orders", ShardCount=2)
        client("s3").create_bucket(Bucket="bucket")
        client("logs").create_log_group(logGroupName="group")
        client("logs").create_log_stream(logGroupName="group", logStreamName="stream")
        yield


@pytest.fixture
def reports():
    """What the worker tells the supervisor."""
    return []


@pytest.fixture
def start(tmp_path, reports):
    """Start a worker on the same state each time, as after a kill."""

    def start(function, settings=SETTINGS):
        stream = SimpleNamespace(name="sales", checkpoint_path=tmp_path / "checkpoint.json", read=lambda: settings)
        worker = firehose.Worker(stream, reports.append)
        worker._function._lambda = function
        return worker

    return start


def put(*texts):
    records = [{"Data": text.encode(), "PartitionKey": text} for text in texts]
    client("kinesis").put_records(StreamName="orders", Records=records)


def step(worker):
    behind = worker._read()
    worker._process()
    worker._deliver_if_due()
    return behind


def objects(prefix=""):
    s3 = client("s3")
    listed = s3.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])
    return [s3.get_object(Bucket="bucket", Key=each["Key"])["Body"].read() for each in listed]


def logged():
    events = client("logs").get_log_events(logGroupName="group", logStreamName="stream")["events"]
    return [json.loads(each["message"]) for each in events]


def refuse(monkeypatch, client, operation, times):
    """Refuse the first calls of an operation, as a role without the permission is."""
    real = getattr(client, operation)
    left = [refusal("AccessDenied", operation)] * times
    calls = []

    def call(**arguments):
        calls.append(arguments)
        if left:
            raise left.pop()
        return real(**arguments)

    monkeypatch.setattr(client, operation, call)
    return calls


def test_records_of_all_shards_share_an_object_and_no_newline_is_added(start, clock):
    put(*"abcdefgh")
    worker = start(Function(echo), replace(SETTINGS, hints=Hints(1_000_000, 60)))
    clock.now = 10
    step(worker)
    clock.now = 69
    step(worker)
    assert objects() == []
    clock.now = 70
    step(worker)
    (content,) = objects()
    assert sorted(content) == sorted(b"abcdefgh")


def test_what_no_checkpoint_tells_of_is_delivered_once_however_long_the_disk_is_full(
    start, clock, reports, tmp_path, monkeypatch
):
    put("row")
    worker = start(Function(echo))
    disk, away = tmp_path, tmp_path.with_name("away")
    disk.rename(away)  # so that it refuses every file

    def sleep(seconds):
        Clock.sleep(clock, seconds)
        if clock.now >= 60 and away.exists():
            away.rename(disk)

    monkeypatch.setattr(firehose, "write_json", lambda path, document: path.write_text(json.dumps(document)))
    monkeypatch.setattr(clock, "sleep", sleep)
    step(worker)
    assert clock.now >= 60
    assert "can't save its checkpoint (No such file or directory: " in reports[0]
    assert reports[-1] == ""
    step(worker)
    step(start(Function(echo)))
    assert objects() == [b"row"]


def test_what_is_in_s3_is_not_delivered_again_and_what_is_not_is(start):
    put("first")
    step(start(Function(echo)))
    put("second")
    killed = start(Function(echo), replace(SETTINGS, hints=Hints(1_000_000, 900)))
    step(killed)
    assert objects() == [b"first"]
    step(start(Function(echo)))
    assert sorted(objects()) == [b"first", b"second"]


def test_a_kill_between_rows_and_checkpoint_delivers_again(start, monkeypatch):
    put("row")
    with monkeypatch.context() as killing:
        killing.setattr(firehose, "write_json", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            step(start(Function(echo)))
    step(start(Function(echo)))
    assert objects() == [b"row", b"row"]


def test_a_kill_between_rows_and_failures_loses_neither(start, monkeypatch):
    put("good", "bad")

    def mixed(event):
        answer = json.loads(echo(event))
        for sent, result in zip(event["records"], answer["records"], strict=True):
            result["result"] = "Ok" if sent["kinesisRecordMetadata"]["partitionKey"] == "good" else "ProcessingFailed"
        return json.dumps(answer).encode()

    killed = start(Function(mixed))
    real = killed._s3.put_object

    def put_object(**arguments):
        if arguments["Key"].startswith("errors"):
            raise KeyboardInterrupt
        return real(**arguments)

    monkeypatch.setattr(killed._s3, "put_object", put_object)
    with pytest.raises(KeyboardInterrupt):
        step(killed)
    step(start(Function(mixed)))
    assert b"good" in objects("rows/")
    assert any(json.loads(line)["errorCode"] == "Lambda.ProcessingFailedStatus" for line in objects("errors/"))


def test_a_refusing_bucket_is_tried_until_it_takes_the_object_once(start, monkeypatch, clock, caplog):
    put("row")
    worker = start(Function(echo))
    calls = refuse(monkeypatch, worker._s3, "put_object", times=5)
    step(worker)
    assert objects() == [b"row"]
    assert len({call["Key"] for call in calls}) == 1
    assert clock.slept == [0.5, 1, 2, 4, 5]
    assert [each["errorCode"] for each in logged()] == ["S3.AccessDenied"] * 5
    lines = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(lines) == 5
    assert "role may not do that" in lines[0]


def test_a_refusing_stream_is_read_later_and_logged_once_an_attempt(start, monkeypatch, clock):
    put("row")
    worker = start(Function(echo))
    refuse(monkeypatch, worker._kinesis, "get_records", times=1)
    for _ in range(3):
        step(worker)
    assert objects() == []
    assert [each["errorCode"] for each in logged()] == ["Kinesis.AccessDenied"]
    clock.now = 0.5
    step(worker)
    assert objects() == [b"row"]
    refuse(monkeypatch, worker._kinesis, "get_records", times=1)
    step(worker)
    assert worker._read_at == 1.0


def test_an_answer_without_records_is_asked_for_again(start, monkeypatch, clock):
    worker = start(Function(echo))
    put("a")
    real, answers = worker._kinesis.get_records, [{}]
    monkeypatch.setattr(worker._kinesis, "get_records", lambda **asked: answers.pop() if answers else real(**asked))
    step(worker)
    assert logged()[-1]["errorCode"] == "Kinesis.AnswerError"
    clock.now += firehose.LONGEST_RETRY_SECONDS
    step(worker)
    assert objects() == [b"a"]


def test_a_shard_that_fails_does_not_cost_the_records_of_the_one_before(start, monkeypatch, clock):
    put(*"abcdefgh")
    worker = start(Function(echo))
    real, calls = worker._kinesis.get_records, []

    def second_fails(**arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise refusal("InternalFailure", "GetRecords")
        return real(**arguments)

    monkeypatch.setattr(worker._kinesis, "get_records", second_fails)
    step(worker)
    clock.now = 0.5
    step(worker)
    assert sorted(b"".join(objects())) == sorted(b"abcdefgh")


def test_an_expired_iterator_is_opened_where_it_stood(start, monkeypatch):
    put("first")
    worker = start(Function(echo))
    step(worker)
    put("second")
    real, expired = worker._kinesis.get_records, {each.iterator for each in worker._source.shards.values()}

    def get_records(**arguments):
        if arguments["ShardIterator"] in expired:
            expired.remove(arguments["ShardIterator"])
            raise worker._kinesis.exceptions.ExpiredIteratorException({}, "GetRecords")
        return real(**arguments)

    monkeypatch.setattr(worker._kinesis, "get_records", get_records)
    opened = refuse(monkeypatch, worker._kinesis, "get_shard_iterator", times=0)
    step(worker)
    step(worker)
    assert sorted(objects()) == [b"first", b"second"]
    assert sorted(each["ShardIteratorType"] for each in opened) == ["AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"]
    assert logged() == []


def test_records_before_the_streams_creation_are_never_delivered(start):
    put("early")
    step(start(Function(echo), replace(SETTINGS, start=datetime.now(UTC) + timedelta(hours=1))))
    assert objects() == []


def test_shards_that_appear_later_are_read_too(start, clock):
    worker = start(Function(echo))
    step(worker)
    client("kinesis").update_shard_count(StreamName="orders", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    clock.now = 5
    step(worker)
    # Moto keeps putting records to the two that were split.
    assert [each.iterator is not None for each in worker._source.shards.values()] == [True] * 6


def test_a_buffer_of_the_processors_size_is_a_call_of_its_own(start):
    put(*(f"{number:010}" for number in range(50)))
    function = Function(echo)
    one_second = Processor(FUNCTION, 3, Hints(100, 900))
    worker = start(function, replace(SETTINGS, processor=one_second))
    step(worker)
    assert {len(event["records"]) for event in function.events} == {10}
    assert sum(len(event["records"]) for event in function.events) >= 30


def test_dropped_records_leave_a_checkpoint_and_nothing_else(start):
    put("removed")
    dropped = Function(lambda event: echo(event).replace(b'"Ok"', b'"Dropped"'))
    step(start(dropped))
    assert objects() == []
    step(start(function := Function(echo)))
    assert function.events == []


def test_an_object_is_named_as_documented(start):
    put("row")
    step(start(Function(echo)))
    (listed,) = client("s3").list_objects_v2(Bucket="bucket")["Contents"]
    assert re.fullmatch(
        r"rows/sales-1(-\d\d){0}-\d{4}(-\d\d){5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json", listed["Key"]
    )


@pytest.fixture
def transform():
    def run(function):
        log = ErrorLog(SETTINGS, client("logs"))
        called = firehose_function.Function(SETTINGS, function, log)
        delivery = DeliveryBuffer()
        called.run([read_record("shard", str(each), "key", each, b"data") for each in range(2)], delivery)
        return b"".join(delivery.rows.parts), [json.loads(line) for line in delivery.failures.parts]

    return run


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "secret"}', "Lambda.FunctionError"),
        (b'{"errorType": "Sandbox.Timedout"}', "Lambda.FunctionTimedOut"),
        (b" " * (6 * 1024 * 1024 + 1), "Lambda.FunctionError"),
        (refusal("TooManyRequestsException"), "Lambda.InvokeLimitExceeded"),
        (refusal("AccessDeniedException"), "Lambda.InvokeAccessDenied"),
        (ReadTimeoutError(endpoint_url="lambda"), "Lambda.FunctionTimedOut"),
    ],
)
def test_a_call_that_keeps_failing_fails_its_batch_after_the_retries(transform, caplog, answer, code):
    rows, failures = transform(function := Function(answer))
    assert len(function.events) == 4
    assert rows == b""
    assert [(each["errorCode"], each["attemptsMade"]) for each in failures] == [(code, 4)] * 2
    assert [each["errorCode"] for each in logged()] == [code] * 4
    assert logged()[0]["processor"] == FUNCTION
    assert "secret" not in caplog.text


def test_a_call_that_fails_is_repeated_as_it_was(transform, clock):
    rows, failures = transform(function := Function(refusal("TooManyRequestsException"), echo))
    assert (rows, failures) == (b"datadata", [])
    assert function.events[0] == function.events[1]
    assert clock.slept == [0.25]


def test_an_answer_is_final_however_wrong_it_is(transform):
    _, failures = transform(function := Function(b"null"))
    assert len(function.events) == 1
    assert [(each["errorCode"], each["attemptsMade"]) for each in failures] == [("Lambda.MissingRecordId", 1)] * 2
    assert [each["errorCode"] for each in logged()] == ["Lambda.MissingRecordId"]


def test_a_record_that_the_function_fails_is_for_the_function_to_log(transform):
    _, failures = transform(Function(fail_records))
    assert [each["errorCode"] for each in failures] == ["Lambda.ProcessingFailedStatus"] * 2
    assert logged() == []


def test_a_log_that_refuses_stops_nothing(transform, caplog):
    client("logs").delete_log_group(logGroupName="group")
    _, failures = transform(Function(b"null"))
    assert len(failures) == 2
    assert "Can't write to log group group" in caplog.text
