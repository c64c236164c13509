"""Whatever a dead-letter queue holds, every command lists it, none stops at it, and none deletes what it can't read."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from sales_pipeline.failures import dead_letters, replay
from sales_pipeline.failures import report as failures
from sales_pipeline.failures.records import Selection
from sales_pipeline.orders.form import RowForm
from sales_pipeline.reconcile.reader import Reader
from tests.unit.sales_pipeline.failures.letters import bodies, letter
from tests.unit.sales_pipeline.failures.test_replay import TABLE, World, refuse

OWN_ARN = f"arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}/stream/2026-11-22T00:00:00.000"
OTHER_ARN = OWN_ARN.replace(TABLE, "another")
POSITION = {"shardId": f"shardId-{1:020}-12345678", "startSequenceNumber": f"{1:021}", "endSequenceNumber": f"{2:021}"}


class Queue:
    """A queue of SQS that has these messages."""

    def __init__(self, texts):
        self._messages = [
            {"MessageId": str(number), "ReceiptHandle": str(number), "Body": text, "Attributes": {"x": "1"}}
            for number, text in enumerate(texts)
        ]
        self._hidden = 0

    def get_queue_attributes(self, **_):
        counts = {"ApproximateNumberOfMessages": len(self._messages), "ApproximateNumberOfMessagesNotVisible": 0}
        return {"Attributes": {name: str(count) for name, count in counts.items()}}

    def receive_message(self, **_):
        shown = self._messages[self._hidden : self._hidden + 10]
        self._hidden += len(shown)
        return {"Messages": shown} if shown else {}

    def change_message_visibility_batch(self, **_):
        self._hidden = 0

    def delete_message(self, ReceiptHandle, **_):  # noqa: N803 - boto3's name
        self._messages = [each for each in self._messages if each["ReceiptHandle"] != ReceiptHandle]

    def __len__(self):
        return len(self._messages)


@pytest.fixture(scope="module")
def world():
    with mock_aws(), patch.object(dead_letters, "RANGE_SECONDS", 0), patch.object(dead_letters, "REMAINDER_SECONDS", 0):
        world = World()
        client = world.stack.session.client
        world.clients = {name: client(name) for name in ("s3", "kinesis", "dynamodb", "dynamodbstreams")}
        world.stack.session.client = lambda name, **_: world.clients[name]
        yield world


def run(command, *arguments, **options):
    """Run a command; return its exit code and what it wrote to standard output."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(io.StringIO()):
        code = command(*arguments, **options)
    return code, output.getvalue()


def listed(world, *, each=True):
    text = run(failures.run, world.stack, Selection(), "json", each=each)[1]
    return [json.loads(line) for line in text.splitlines()]


ANSWERS = [
    refuse("ValidationException"),
    refuse("AccessDeniedException"),
    refuse("ResourceNotFoundException"),
    refuse("TrimmedDataAccessException"),
    (200, {"ShardIterator": "none"}),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(bodies | st.just(letter(streamArn=OTHER_ARN, **POSITION)), min_size=1, max_size=12),
    answer=st.sampled_from(ANSWERS),
)
def test_a_message_of_any_form_is_listed_and_stops_no_command(world, texts, answer):
    world.answers |= {"GetShardIterator": answer, "GetRecords": (200, {"Records": [], "NextShardIterator": "more"})}
    queue = world.clients["sqs"] = Queue(texts)
    assert {each["where"] for each in listed(world)} == {f"dead letter {number}" for number in range(len(texts))}
    assert sum(each["changes"] for each in listed(world, each=False)) == sum(each["changes"] for each in listed(world))
    for output in ("table", "csv"):
        for each in (True, False):
            run(failures.run, world.stack, Selection(), output, each=each)
    assert run(replay.run, world.stack, Selection(), send=False, replays_max=3)[0] == 0
    code, text = run(replay.run, world.stack, Selection(), send=True, replays_max=3)
    assert (code, "left: " in text, len(queue)) == (1, True, len(texts))
    assert unread_by_reconcile(world) == len(texts)


def unread_by_reconcile(world):
    """Let `sales reconcile` read the queue; return how many messages it counts as unreadable."""

    class Ledger:
        def add_failures(self, versions, _explanation):
            assert not list(versions)

    class Sources:
        stack = world.stack
        form = RowForm()

        def projected_days(self):
            return None

    reader = Reader(Sources(), Ledger())
    reader._read_dead_letters()
    return reader.unread().dead_letters


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refuse("ValidationException"), "left: unreadable"),
        (refuse("TrimmedDataAccessException"), "left: no longer in the table's stream"),
        ((200, {"ShardIterator": "none"}), "left: the table's stream did not reach the end of the batch in a minute"),
    ],
)
def test_a_message_stays_and_the_replay_says_why(world, answer, says):
    world.answers |= {"GetShardIterator": answer, "GetRecords": (200, {"Records": [], "NextShardIterator": "more"})}
    queue = world.clients["sqs"] = Queue([letter(streamArn=OWN_ARN, **POSITION)])
    code, text = run(replay.run, world.stack, Selection(), send=True, replays_max=3)
    assert (code, says in text, len(queue)) == (1, True, 1)


def test_a_range_in_which_no_change_is_counts_as_trimmed(world):
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": f"{3:021}", "Keys": {"orderid": {"S": "1"}}}}
    world.answers |= {
        "GetShardIterator": (200, {"ShardIterator": "one"}),
        "GetRecords": (200, {"Records": [record], "NextShardIterator": "more"}),
    }
    queue = world.clients["sqs"] = Queue([letter(streamArn=OWN_ARN, **POSITION)])
    code, text = run(replay.run, world.stack, Selection(), send=True, replays_max=3)
    assert (code, "left: no longer in the table's stream" in text, len(queue)) == (1, True, 1)
    code, text = run(replay.run, world.stack, Selection(), send=True, replays_max=3, discard_trimmed=True)
    assert (code, "deleted: dead letters whose changes" in text, len(queue)) == (0, True, 0)


def test_a_command_that_may_not_read_the_tables_own_stream_says_so(world):
    world.answers["GetShardIterator"] = refuse("AccessDeniedException")
    world.clients["sqs"] = Queue([letter(streamArn=OWN_ARN, **POSITION)])
    with pytest.raises(ClientError, match="AccessDenied"):
        replay.run(world.stack, Selection(), send=True, replays_max=3)
