"""A replay on AWS' APIs (moto): wherever it is stopped, the next one finishes it."""

import base64
import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from common.clock import now_ms
from sales_pipeline.aws import retry
from sales_pipeline.aws.retry import RetryError
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters, replay
from sales_pipeline.failures import report as failures
from sales_pipeline.failures.checkpoints import CHECKPOINTS
from sales_pipeline.failures.outcomes import ReplayOutcome, ReplayTally
from sales_pipeline.failures.records import Failure, Selection
from tests.unit.sales_pipeline.columns import FOUR

BUCKET = "sales"
TABLE = "orders"
FILTER = {"FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT", "MODIFY"]}'}]}}
ERRORS = "errors/processing-failed/dt=2026-11-22/"
ARRIVED_MS = 1_795_348_800_000


class Killed(BaseException):
    """The replay ends here and now."""


class World:
    """A stack of moto's, and what a test does to its calls."""

    def __init__(self):
        session = boto3.Session(region_name="us-east-1")
        self.s3, self.kinesis, self.sqs = (session.client(name) for name in ("s3", "kinesis", "sqs"))
        self.dynamodb, self.streams = session.client("dynamodb"), session.client("dynamodbstreams")
        self.s3.create_bucket(Bucket=BUCKET)
        self.kinesis.create_stream(StreamName="stream", ShardCount=1)
        queue_url = self.sqs.create_queue(QueueName="letters")["QueueUrl"]
        table = self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        self.stream_arn = table["LatestStreamArn"]
        outputs = {
            "BucketName": BUCKET,
            "ErrorLocation": f"s3://{BUCKET}/errors/",
            "StreamName": "stream",
            "TableName": TABLE,
            "PipeDeadLetterQueueUrl": queue_url,
            "PipeName": "pipe",
        }
        self.calls = 0
        # By operation: what to answer in moto's place.
        self.answers = {"DescribePipe": (200, {"SourceParameters": FILTER})}
        self.stop_at = None  # number of the call after which the process ends: before the next one nothing happens
        working = boto3.Session(region_name="us-east-1")
        working.events.register("before-call", self._before)
        working.events.register("after-call", self._after)
        self.stack = Stack("sales", outputs, working, {"BufferIntervalSeconds": "60"}, columns=FOUR)

    def _before(self, model, **_):
        if model.name in self.answers:
            status, answer = self.answers[model.name]
            return type("Response", (), {"status_code": status, "headers": {}})(), answer
        self.calls += 1
        return None

    def _after(self, model, **_):
        if model.name not in self.answers and self.stop_at == self.calls:
            raise Killed

    def put_order(self, order_id, price="1"):
        image = {
            "orderid": {"S": order_id},
            "product_name": {"S": "a"},
            "quantity": {"N": "1"},
            "price": {"N": price},
        }
        self.dynamodb.put_item(TableName=TABLE, Item=image)
        return image

    def fail(self, name, *records, **more):
        """Write records (bytes) to an error object."""
        lines = [
            {
                "rawData": base64.b64encode(record).decode(),
                "errorCode": "Lambda.FunctionError",
                "errorMessage": "it returned an error",
                "attemptsMade": 4,
                "arrivalTimestamp": ARRIVED_MS,
                "attemptEndingTimestamp": ARRIVED_MS,
            }
            | more
            for record in records
        ]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        self.s3.put_object(Bucket=BUCKET, Key=ERRORS + name, Body=body.encode())

    def stream_records(self):
        shard = self.streams.describe_stream(StreamArn=self.stream_arn)["StreamDescription"]["Shards"][0]
        iterator = self.streams.get_shard_iterator(
            StreamArn=self.stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return shard["ShardId"], self.streams.get_records(ShardIterator=iterator)["Records"]

    def give_up_on(self, first, last, **changed):
        """Write a dead letter for the records of the table's stream from one place to another, both included."""
        shard_id, records = self.stream_records()
        batch = {
            "shardId": shard_id,
            "startSequenceNumber": records[first]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": records[last]["dynamodb"]["SequenceNumber"],
            "batchSize": last - first + 1,
            "streamArn": self.stream_arn,
        } | changed
        body = {"context": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": batch}
        self.sqs.send_message(QueueUrl=self.stack["PipeDeadLetterQueueUrl"], MessageBody=json.dumps(body))

    def arrived(self):
        """What was put to Kinesis, as (partition key, data), in its order."""
        (shard,) = self.kinesis.list_shards(StreamName="stream")["Shards"]
        iterator = self.kinesis.get_shard_iterator(
            StreamName="stream", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return [(record["PartitionKey"], record["Data"]) for record in records]

    def lines(self, prefix):
        """Lines of all objects under a prefix."""
        keys = [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]
        bodies = [self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    def letters(self):
        answer = self.sqs.receive_message(QueueUrl=self.stack["PipeDeadLetterQueueUrl"], VisibilityTimeout=0)
        return answer.get("Messages", [])

    def replay(self, selection=None, *, send=True, **more):
        return replay.run(self.stack, selection or Selection(), send=send, replays_max=3, **more)


def event(image, name="INSERT", sequence_number="1"):
    order_id = image["orderid"]
    dynamodb = {"Keys": {"orderid": order_id}, "NewImage": image, "SequenceNumber": sequence_number}
    return json.dumps({"eventName": name, "dynamodb": dynamodb}).encode()


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(dead_letters, "REMAINDER_SECONDS", 0.0)
    monkeypatch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)
    with mock_aws():
        yield World()


def refuse(code):
    return 400, {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}


def test_a_failed_record_is_sent_under_its_order_s_id_and_moved_out_of_errors(world, capsys):
    record = event(world.put_order("1"))
    world.fail("a.json", record, b"no JSON")
    assert world.replay() == 0
    assert world.arrived()[0] == ("1", record)
    key, data = world.arrived()[1]
    assert (re.fullmatch("[0-9a-f]{64}", key) is not None, data) == (True, b"no JSON")
    assert world.lines("errors/") == []
    assert [base64.b64decode(line["rawData"]) for line in world.lines("replay/sent/")] == [record, b"no JSON"]
    assert "replayed  Lambda.FunctionError: it returned an error        2" in capsys.readouterr().out


def test_what_no_checkpoint_can_tell_of_is_not_sent_however_often_it_is_run(world):
    record = event(world.put_order("1"))
    world.fail("a.json", record)
    world.put_order("2")
    world.give_up_on(1, 1)
    world.answers["PutObject"] = refuse("AccessDenied")
    for _ in range(3):
        with pytest.raises(ClientError, match="AccessDenied"):
            world.replay()
    assert world.arrived() == []
    del world.answers["PutObject"]
    assert world.replay() == 0
    assert sorted(key for key, _ in world.arrived()) == ["1", "2"]


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(world, capsys):
    world.fail("a.json", event(world.put_order("1")))
    world.give_up_on(0, 0)
    before = world.lines("")
    assert world.replay(send=False) == 0
    printed = capsys.readouterr().out
    assert "would be replayed  Lambda.FunctionError: it returned an error        1" in printed
    assert "would be replayed  Pipe.RetryAttemptsExhausted                       1" in printed
    assert "Nothing was done: add --yes to do it." in printed
    assert world.arrived() == []
    assert world.lines("") == before
    assert len(world.letters()) == 1


def test_a_superseded_version_is_set_aside_and_not_replayed_over_the_newer_one(world, capsys):
    old = event(world.put_order("1", price="1"))
    new = event(world.put_order("1", price="2"), "MODIFY", "2")
    gone = event(world.put_order("2"))
    world.dynamodb.delete_item(TableName=TABLE, Key={"orderid": {"S": "2"}})
    world.fail("a.json", old, new, gone)
    assert world.replay() == 0
    assert [data for _, data in world.arrived()] == [new]
    assert [base64.b64decode(line["rawData"]) for line in world.lines("replay/superseded/")] == [old, gone]
    assert world.lines("errors/") == []
    assert "set aside: the table now holds another version of the order, or none" in capsys.readouterr().out


def test_a_dead_letter_s_whole_range_is_sent_and_nothing_else_as_the_pipe_filters(world):
    for order_id in ("before", "first", "removed", "last", "after"):
        world.put_order(order_id)
    world.dynamodb.delete_item(TableName=TABLE, Key={"orderid": {"S": "removed"}})
    world.put_order("2")
    world.give_up_on(1, 3)
    world.give_up_on(5, 6)
    assert [record["eventName"] for record in world.stream_records()[1]][5] == "REMOVE"
    assert world.replay() == 0
    # The removed order is superseded, and its removal doesn't pass the pipe.
    assert sorted(key for key, _ in world.arrived()) == ["2", "first", "last"]
    sent = json.loads(world.arrived()[0][1])
    assert sent["eventSourceARN"] == world.stream_arn
    assert sent["dynamodb"]["NewImage"]["price"] == {"N": "1"}
    assert world.letters() == []
    # A reconciliation finds there what is between Kinesis and the lake.
    aside = [base64.b64decode(line["rawData"]) for line in world.lines("replay/sent/dead-letters/")]
    assert sorted(aside) == sorted(data for _, data in world.arrived())


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_a_dead_letter_whose_changes_are_trimmed_says_so_and_stays_until_it_is_discarded(world, code, capsys):
    world.put_order("1")
    world.give_up_on(0, 0)
    world.answers["GetShardIterator"] = refuse(code)
    assert world.replay() == 1
    assert "left: no longer in the table's stream, which keeps changes for 24 hours" in capsys.readouterr().out
    assert world.replay(send=False, discard_trimmed=True) == 0
    assert "would be deleted: dead letters whose changes are no longer" in capsys.readouterr().out
    assert len(world.letters()) == 1
    assert world.replay(discard_trimmed=True) == 0
    assert world.letters() == []
    assert world.arrived() == []


@pytest.fixture
def trimmed(monkeypatch):
    """Have the start of every range trimmed; the shard's rest is there."""
    read_from = dead_letters._read_from

    def read(streams, batch, matches, patience_seconds, start=None):
        if start:
            raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator")
        return read_from(streams, batch, matches, patience_seconds)

    monkeypatch.setattr(dead_letters, "_read_from", read)


@pytest.mark.usefixtures("trimmed")
def test_the_rest_of_a_range_that_is_partly_trimmed_is_sent_once(world):
    for order_id in range(5):
        world.put_order(str(order_id))
    world.give_up_on(2, 3, startSequenceNumber="0", batchSize=7)
    world.give_up_on(1, 2)
    assert world.replay() == 1
    assert world.replay() == 1
    # The first range began before what is there; the second turned out to be whole.
    assert sorted(key for key, _ in world.arrived()) == ["0", "1", "1", "2", "2", "3"]
    assert len(world.letters()) == 1


@pytest.mark.usefixtures("trimmed")
def test_what_follows_a_range_that_is_gone_is_not_taken_for_it(world):
    world.put_order("1")
    world.give_up_on(0, 0, startSequenceNumber="0", endSequenceNumber="0")
    assert world.replay() == 1
    assert world.arrived() == []


@pytest.mark.usefixtures("trimmed")
def test_what_is_before_a_range_is_not_taken_for_it(world):
    for order_id in range(3):
        world.put_order(str(order_id))
    world.give_up_on(2, 2)
    assert world.replay() == 0
    assert [key for key, _ in world.arrived()] == ["2"]


def test_only_what_is_selected_moves_and_the_rest_of_an_object_stays_as_it_came(world):
    world.fail("a.json", event(world.put_order("1")), errorCode="Lambda.FunctionTimedOut", errorMessage="slow")
    slow = world.lines(ERRORS)
    world.fail("a.json", event(world.put_order("2")))
    (broken,) = world.lines(ERRORS)
    body = "".join(json.dumps(line) + "\n" for line in [*slow, broken])
    world.s3.put_object(Bucket=BUCKET, Key=ERRORS + "a.json", Body=body.encode())
    world.give_up_on(0, 0)

    assert world.replay(Selection(reason="timedout")) == 0
    assert [key for key, _ in world.arrived()] == ["1"]
    assert world.lines("errors/") == [broken]
    assert len(world.letters()) == 1
    assert world.replay(Selection(since_ms=ARRIVED_MS + 1)) == 0
    assert world.lines("errors/") == [broken]
    assert world.replay(Selection(until_ms=ARRIVED_MS + 1)) == 0
    assert world.lines("errors/") == []
    assert [key for key, _ in world.arrived()] == ["1", "2"]


def test_a_record_that_fails_every_time_is_replayed_three_times_and_no_more(world, capsys):
    record = event(world.put_order("1"))
    for number in range(5):
        world.fail(f"{number}.json", record)
        assert world.replay() == (0 if number < 3 else 1)
    assert len(world.arrived()) == 3
    assert len(world.lines("errors/")) == 2
    assert "left: replayed as often as --replays allows" in capsys.readouterr().out
    failures.run(world.stack, Selection(), "json", each=False)
    (group,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (group["replays"], group["changes"]) == (3, 2)


def test_what_kinesis_refuses_stays_and_costs_its_neighbours_nothing(world, monkeypatch):
    records = [event(world.put_order(str(number))) for number in range(5)]
    world.fail("a.json", *records)
    original = replay.Replay.__post_init__

    def refuse_one(self):
        original(self)
        put_records = self._kinesis.put_records

        def put(Records, **more):  # noqa: N803 - boto3's name
            if any(each["PartitionKey"] == "3" for each in Records):
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "PutRecords")
            return put_records(Records=Records, **more)

        self._kinesis.put_records = put

    monkeypatch.setattr(replay.Replay, "__post_init__", refuse_one)
    assert world.replay() == 1
    assert sorted(key for key, _ in world.arrived()) == ["0", "1", "2", "4"]
    assert [base64.b64decode(line["rawData"]) for line in world.lines("errors/")] == [records[3]]


def test_a_dead_letter_stays_while_one_of_its_changes_does(world):
    world.put_order("1")
    world.give_up_on(0, 0)
    assert replay.run(world.stack, Selection(), send=True, replays_max=0) == 1
    assert world.arrived() == []
    assert len(world.letters()) == 1


def test_what_kinesis_throttles_is_sent_again_and_what_it_took_is_not(world, monkeypatch):
    world.fail("a.json", *[event(world.put_order(str(number))) for number in range(3)])
    original = replay.Replay.__post_init__
    throttled = {"0": 1, "2": 9}

    def throttle(self):
        original(self)
        put_records = self._kinesis.put_records

        def put(Records, **more):  # noqa: N803
            let = [each for each in Records if not throttled.get(each["PartitionKey"])]
            throttled.update({key: max(0, left - 1) for key, left in throttled.items()})
            if let:
                put_records(Records=let, **more)
            taken = [each["PartitionKey"] for each in let]
            return {"Records": [{} if each["PartitionKey"] in taken else {"ErrorCode": "X"} for each in Records]}

        self._kinesis.put_records = put

    monkeypatch.setattr(replay.Replay, "__post_init__", throttle)
    with pytest.raises(RetryError, match="run the same command again"):
        world.replay()
    assert sorted(key for key, _ in world.arrived()) == ["0", "1"]
    assert len(world.lines("errors/")) == 3
    throttled.clear()
    assert world.replay() == 0
    assert sorted(key for key, _ in world.arrived()) == ["0", "1", "2"]
    assert world.lines("errors/") == []


def test_listing_hides_no_message_afterwards(world):
    for order_id in range(23):
        world.put_order(str(order_id))
        world.give_up_on(order_id, order_id)
    for _ in range(2):
        assert len({each.message_id for each in dead_letters.list_all(world.stack).letters}) == 23


class Clock:
    """Stands still but for sleeps; `during` is called in each."""

    def __init__(self):
        self.seconds = 0.0
        self.during = lambda: None

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds
        self.during()


@pytest.fixture
def hidden(world, monkeypatch):
    """Two dead letters, one of which somebody else is reading; the clock, and how they stop."""
    for order_id in "12":
        world.put_order(order_id)
        world.give_up_on(int(order_id) - 1, int(order_id) - 1)
    queue = {"QueueUrl": world.stack["PipeDeadLetterQueueUrl"]}
    (message,) = world.sqs.receive_message(**queue, VisibilityTimeout=600)["Messages"]
    clock = Clock()
    monkeypatch.setattr(dead_letters, "time", clock)

    def release():
        world.sqs.change_message_visibility(**queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    return clock, release


def test_a_listing_waits_for_what_somebody_else_is_listing(world, hidden):
    clock, release = hidden
    clock.during = release
    listing = dead_letters.list_all(world.stack)
    assert (len(listing.letters), listing.unseen, listing.problem) == (2, 0, None)
    assert clock.seconds == dead_letters.LIST_AGAIN_SECONDS


def test_two_listings_at_once_see_everything(world, monkeypatch):
    for order_id in range(12):
        world.put_order(str(order_id))
        world.give_up_on(order_id, order_id)
    monkeypatch.setattr(dead_letters, "LIST_AGAIN_SECONDS", 0.01)
    with ThreadPoolExecutor(2) as pool:
        listings = list(
            pool.map(
                dead_letters.list_all,
                [world.stack, replace(world.stack, session=boto3.Session(region_name="us-east-1"))],
            )
        )
    assert [(len(each.letters), each.unseen) for each in listings] == [(12, 0)] * 2


def test_what_stays_hidden_is_said_and_never_nothing(world, hidden, capsys):
    clock, _ = hidden
    assert dead_letters.list_all(world.stack).unseen == 1
    assert clock.seconds > dead_letters.LISTING_SECONDS
    failures.run(world.stack, Selection(reason="no such reason"), "table", each=False)
    printed = capsys.readouterr()
    assert (printed.out, "about 1 more message that" in printed.err) == ("", True)
    assert world.replay() == 1
    assert "left: somebody else is reading the queue" in capsys.readouterr().out
    assert len(world.arrived()) == 1


@pytest.mark.parametrize("members", [1, 2])
def test_a_compressed_error_object_is_read_and_replayed_as_any_other(world, members, capsys):
    world.fail("a.json", event(world.put_order("1")), event(world.put_order("2")))
    lines = world.s3.get_object(Bucket=BUCKET, Key=ERRORS + "a.json")["Body"].read().splitlines(keepends=True)
    parts = [b"".join(lines)] if members == 1 else lines
    world.s3.put_object(Bucket=BUCKET, Key=ERRORS + "a.json", Body=b"".join(map(gzip.compress, parts)))
    failures.run(world.stack, Selection(), "json", each=True)
    assert [json.loads(line)["orderid"] for line in capsys.readouterr().out.splitlines()] == ["1", "2"]
    assert world.replay() == 0
    assert [key for key, _ in world.arrived()] == ["1", "2"]
    assert world.lines("errors/") == []


def test_a_damaged_error_object_stays_as_it_is(world):
    damaged = gzip.compress(b"x" * 1000)[:-9]
    world.s3.put_object(Bucket=BUCKET, Key=ERRORS + "a.json.gz", Body=damaged)
    assert world.replay() == 1
    assert world.s3.get_object(Bucket=BUCKET, Key=ERRORS + "a.json.gz")["Body"].read() == damaged


def fill(world):
    """Failures of every kind; return what has to be in Kinesis in the end, and what aside."""
    good = [event(world.put_order(str(number)), sequence_number=str(number)) for number in range(3)]
    old = event(world.put_order("changed", price="1"))
    world.put_order("changed", price="2")
    world.fail("a.json", good[0], old)
    world.fail("b.json", good[1], b"no JSON", good[2], good[2])
    world.give_up_on(3, 4)
    return {*good, b"no JSON"}, old


def test_a_replay_that_is_stopped_anywhere_and_run_again_loses_and_circles_nothing(monkeypatch):
    monkeypatch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)
    monkeypatch.setattr(dead_letters, "HIDDEN_SECONDS", 0)  # a killed process leaves them hidden for that long
    number = 0
    while True:
        number += 1
        with mock_aws():
            world = World()
            expected, old = fill(world)
            world.stop_at = number
            try:
                world.replay()
            except Killed:
                stopped = True
            else:
                stopped = False
            held = [base64.b64decode(line["rawData"]) for line in world.lines("errors/") + world.lines("replay/s")]
            assert {each for each in held if b"eventSourceARN" not in each} == {*expected, old}, "in no place"
            world.stop_at = None
            assert world.replay() == 0
            arrived = [data for _, data in world.arrived()]
            from_stream = {data for data in arrived if b"eventSourceARN" in data}
            assert {*arrived} - from_stream == expected
            assert [json.loads(each)["dynamodb"]["NewImage"]["price"]["N"] for each in from_stream] == ["2"]
            assert len(arrived) <= len(expected) + 1 + 3, "more than one call was sent twice"
            assert world.lines("errors/") == []
            assert world.letters() == []
            aside = [base64.b64decode(line["rawData"]) for line in world.lines("replay/sent/")]
            assert {*aside} == {*expected, *from_stream}
            replays = [digest for digests in world.lines(CHECKPOINTS) for digest in digests]
            assert len(replays) == len({*replays}) == len(expected) + 1
        if not stopped:
            break
    assert number > 15


@pytest.mark.parametrize(("send", "says"), [(True, "replayed"), (False, "would be replayed")])
def test_a_replay_that_is_interrupted_says_what_it_did(monkeypatch, capsys, world, send, says):
    def interrupted(self):
        self.tally.add(ReplayOutcome.REPLAYED, Failure(reason="broken", changes=1), 7)
        raise KeyboardInterrupt

    monkeypatch.setattr(replay.Replay, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.replay(send=send)
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == f"{says}  broken        7"
    assert ("Run the same command again to go on" in printed.err) is send


NOTHING = (
    "No failure is in errors/ or in the dead-letter queue yet. Firehose writes a failure to errors/ up to 105 s after "
    "the change."
)
NOTHING_ELSE = NOTHING.replace("No failure", "No other failure")
SELECTED = "that --since, --until and --reason select"
REPLAYED = r"{}, the last \d s ago, and may fail again until about \d\d:\d\d:\d\d UTC\."


def test_after_a_replay_no_command_says_that_nothing_failed_until_the_changes_have_arrived(world, capsys):
    world.fail("a.json", event(world.put_order("1")), event(world.put_order("2")))
    world.put_order("3")
    world.give_up_on(2, 2)
    assert world.replay() == 0
    assert "take up to 105 s to the lake. After that, `sales failures` shows" in capsys.readouterr().out

    note = REPLAYED.format("3 changes were replayed")
    failures.run(world.stack, Selection(), "table", each=False)
    assert re.fullmatch(f"{note} {re.escape(NOTHING_ELSE)}\n", capsys.readouterr().out)
    failures.run(world.stack, Selection(reason="price"), "table", each=True)
    selected = NOTHING_ELSE.replace("failure ", f"failure {SELECTED} ", 1)
    assert re.fullmatch(f"{note} {re.escape(selected)}\n", capsys.readouterr().out)
    assert world.replay() == 0
    assert re.fullmatch(f"{note} {re.escape(NOTHING_ELSE)}\n", capsys.readouterr().out)
    for output in ("csv", "json"):
        failures.run(world.stack, Selection(), output, each=False)
        printed = capsys.readouterr()
        assert (printed.out, re.fullmatch(f"{note}\n", printed.err) is not None) == ("", True)


def test_a_replayed_change_that_failed_again_counts_once(world, capsys):
    again = event(world.put_order("1"))
    world.fail("a.json", again, event(world.put_order("2")))
    assert world.replay() == 0
    world.fail("b.json", again)
    capsys.readouterr()
    failures.run(world.stack, Selection(), "table", each=False)
    *_, advice, note = capsys.readouterr().out.splitlines()
    assert advice == "Fix the cause, then send these changes again: sales replay"
    assert re.fullmatch(REPLAYED.format("1 change was replayed"), note)
    world.fail("c.json", event(world.put_order("2")))
    failures.run(world.stack, Selection(reason="no such reason"), "table", each=False)
    assert capsys.readouterr().out == NOTHING.replace("failure ", f"failure {SELECTED} ", 1) + "\n"


def test_what_was_replayed_before_the_buffers_passed_is_no_longer_waited_for(world, capsys, monkeypatch):
    world.fail("a.json", event(world.put_order("1")))
    assert world.replay() == 0
    capsys.readouterr()
    later_ms = now_ms() + 106_000
    monkeypatch.setattr(failures, "now_ms", lambda: later_ms)
    failures.run(world.stack, Selection(), "table", each=False)
    assert capsys.readouterr().out == f"{NOTHING}\n"


def test_a_superseded_change_is_not_waited_for(world, capsys):
    world.fail("a.json", event(world.put_order("1", price="1")))
    world.put_order("1", price="2")
    assert world.replay() == 0
    assert "take up to" not in capsys.readouterr().out
    failures.run(world.stack, Selection(), "table", each=False)
    assert capsys.readouterr().out == f"{NOTHING}\n"


def test_nothing_is_said_to_have_failed_only_where_everything_was_asked_for(world, capsys):
    assert world.replay() == 0
    assert world.replay(Selection(reason="price")) == 0
    assert capsys.readouterr().out == NOTHING + "\n" + NOTHING.replace("failure ", f"failure {SELECTED} ", 1) + "\n"


def test_only_what_is_left_where_it_was_counts_as_left():
    left = {outcome for outcome in ReplayOutcome if outcome.is_left}
    assert set(ReplayOutcome) - left == {ReplayOutcome.REPLAYED, ReplayOutcome.SET_ASIDE, ReplayOutcome.DELETED}
    assert all(outcome.text(done=False) == outcome.text(done=True) for outcome in left)
    tally = ReplayTally()
    for outcome in set(ReplayOutcome) - left:
        tally.add(outcome, Failure(reason="broken", changes=1))
    assert not tally.is_left()
    tally.add(ReplayOutcome.UNREADABLE, Failure(reason="broken", changes=1))
    assert tally.is_left()


def test_changes_of_another_table_are_neither_sent_nor_taken_from_its_pipe(world, capsys):
    other = world.dynamodb.create_table(
        TableName="another",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    world.stream_arn = other["LatestStreamArn"]
    world.dynamodb.put_item(TableName="another", Item=world.put_order("both"))  # the same order is in this table too
    world.dynamodb.delete_item(TableName="another", Key={"orderid": {"S": "both"}})
    world.give_up_on(0, 1)
    assert world.replay() == 1
    assert "left: unreadable" in capsys.readouterr().out
    assert (world.arrived(), len(world.letters())) == ([], 1)
