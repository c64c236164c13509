"""The pipe's worker in a simulated world: nothing is lost or out of order, whatever fails."""

import json
import logging
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.errors import SettingsError
from local_aws.pipe import __main__ as pipe
from local_aws.pipe.checkpoint import ShardCheckpoint
from local_aws.pipe.pattern import matcher
from local_aws.pipe.settings import PipeSettings
from local_aws.pipe.worker import Worker

SHARD = "shardId-1"
START = 1_792_540_800.0
KEY_CHARACTERS = 256


class Killed(BaseException):
    """The worker ends here and now."""


class Ended(BaseException):
    """The worker ends by SIGTERM."""


def client_error(code, status=400, message="no"):
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "X"
    )


class World:
    """A clock that only sleeping moves, and AWS. The worker ends at `until`."""

    def __init__(self, until=100.0):
        self.now = 0.0
        self.until = until
        self.wall = START  # the wall clock when the world began; it can be set
        self.reports = []  # to the supervisor
        self.records = []  # of the stream: time, record
        self.trimmed = 0
        self.calls = []  # to Kinesis: time, partition keys
        self.arrived = []
        self.letters = []
        self.reads = self.iterators = 0
        self.page_records = 1000
        self.refuse_reading = self.refuse_putting = self.refuse_letters = lambda *_: None

    def sleep(self, seconds):
        if self.now < self.until:
            self.now += seconds
        if self.now >= self.until:
            raise Ended

    # The table
    def change(self, at, order_id, event_name="INSERT", **image):
        change = {
            "ApproximateCreationDateTime": datetime.fromtimestamp(START + at, UTC),
            "Keys": {"orderid": {"S": order_id}},
            "NewImage": image,
            "SequenceNumber": f"{len(self.records):05}",
        }
        self.records.append((at, {"eventName": event_name, "dynamodb": change}))

    # dynamodbstreams
    def get_shard_iterator(self, *, ShardIteratorType, SequenceNumber=None, **_):  # noqa: N803
        self.iterators += 1
        skipped = {"TRIM_HORIZON": 0, "AT_SEQUENCE_NUMBER": 0, "AFTER_SEQUENCE_NUMBER": 1}[ShardIteratorType]
        position = self.trimmed if SequenceNumber is None else int(SequenceNumber)
        if position < self.trimmed:
            raise client_error("TrimmedDataAccessException")
        return {"ShardIterator": f"{position + skipped} {self.iterators}"}

    def get_records(self, *, ShardIterator, Limit):  # noqa: N803
        self.reads += 1
        verdict = self.refuse_reading(ShardIterator)
        if isinstance(verdict, BaseException):
            raise verdict
        if verdict is not None:
            return verdict
        position, serial = map(int, ShardIterator.split())
        page = [record for at, record in self.records[position:] if at <= self.now][: min(Limit, self.page_records)]
        return {"Records": page, "NextShardIterator": f"{position + len(page)} {serial}"}

    # kinesis
    def put_records(self, *, Records, **_):  # noqa: N803
        keys = [record["PartitionKey"] for record in Records]
        self.calls.append((self.now, keys))
        if any(len(key) > KEY_CHARACTERS for key in keys):
            raise client_error("ValidationException")
        if "" in keys:
            raise ParamValidationError(report="Invalid length")
        verdict = self.refuse_putting(keys)
        if isinstance(verdict, BaseException):
            raise verdict
        if isinstance(verdict, dict):
            return verdict
        failed = verdict or ()
        self.arrived += [key for key in keys if key not in failed]
        return {"Records": [{"ErrorCode": "InternalFailure"} if key in failed else {} for key in keys]}

    # sqs
    def send_message(self, *, MessageBody, **_):  # noqa: N803
        if error := self.refuse_letters():
            raise error
        self.letters.append(json.loads(MessageBody))

    def lettered(self):
        """Order ids in the ranges that the dead letters name."""
        places = [letter["DDBStreamBatchInfo"] for letter in self.letters]
        return [
            record["dynamodb"]["Keys"]["orderid"]["S"]
            for place in places
            for _, record in self.records[int(place["startSequenceNumber"]) : int(place["endSequenceNumber"]) + 1]
        ]


def worker_in(world, state_dir, **changes):
    defaults = {
        "name": "pipe",
        "arn": "arn:aws:pipes:us-east-1:1:pipe/pipe",
        "role_arn": "arn:aws:iam::1:role/pipe",
        "source_arn": "arn:aws:dynamodb:us-east-1:1:table/orders/stream/1",
        "target_arn": "arn:aws:kinesis:us-east-1:1:stream/orders",
        "matches": matcher(['{"eventName": ["INSERT", "MODIFY"]}']),
        "partition_key_path": "$.dynamodb.Keys.orderid.S",
        "batch_size": 10,
        "maximum_batching_window_seconds": 1,
        "maximum_retry_attempts": 3,
        "maximum_record_age_seconds": 3600,
        "dead_letter_queue_url": "http://127.0.0.1/queue",
    }
    settings = PipeSettings(**defaults | changes)
    checkpoint = ShardCheckpoint(state_dir / "checkpoint.json", settings.source_arn)
    return Worker(
        settings,
        SHARD,
        checkpoint,
        world,
        world,
        world,
        report=world.reports.append,
        sleep=world.sleep,
        monotonic=lambda: world.now,
        clock=lambda: world.wall + world.now,
    )


def carry(world, state_dir, **changes):
    """Run a worker until the world ends it."""
    with pytest.raises(Ended):
        worker_in(world, state_dir, **changes).run()


def ids(count, name="o"):
    return [f"{name}{number:03}" for number in range(count)]


def test_full_batches_go_at_once_and_the_rest_when_its_window_is_over(tmp_path):
    world = World()
    for order_id in ids(25):
        world.change(0, order_id)
    world.change(10.1, "late")
    carry(world, tmp_path)
    assert [(at, len(keys)) for at, keys in world.calls] == [(0, 10), (0, 10), (1, 5), (pytest.approx(11.25), 1)]
    assert world.arrived == [*ids(25), "late"]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wall_clock_that_is_set_changes_no_window(tmp_path, hours):
    world = World()
    world.change(0, "a")
    world.change(2, "b")

    def set_clock(_):
        world.wall = START + hours * 3600

    world.refuse_reading = set_clock
    carry(world, tmp_path, maximum_record_age_seconds=86_400)
    assert [at for at, _ in world.calls] == [1, 3]


class Disk:
    """A folder that is full, which refuses every file, until the world's clock says so."""

    def __init__(self, world, folder, until):
        self.folder = folder
        self._away = folder.with_name("away")
        self._until = until
        self._world = world
        self._sleep = world.sleep
        world.sleep = self.sleep
        folder.mkdir()

    def fill(self, *_):
        if self.folder.exists() and self._world.now < self._until:
            self.folder.rename(self._away)

    def sleep(self, seconds):
        self._sleep(seconds)
        if self._away.exists() and self._world.now >= self._until:
            self._away.rename(self.folder)


def carry_until_the_end(world, state_dir):
    """Start workers, one after the other as the supervisor does, until the world ends."""
    while True:
        try:
            worker_in(world, state_dir).run()
        except OSError:
            with suppress(Ended):
                world.sleep(1)
                continue
            return
        except Ended:
            return


def test_what_no_checkpoint_tells_of_is_put_once_however_long_the_disk_is_full(tmp_path):
    world = World(until=100)
    for order_id in ids(30):
        world.change(0, order_id)
    world.refuse_putting = Disk(world, tmp_path / "disk", until=60).fill  # full from the first put on
    carry_until_the_end(world, tmp_path / "disk")
    assert world.arrived == ids(30)
    assert [at for at, _ in world.calls] == [0, pytest.approx(60, abs=5), pytest.approx(60, abs=5)]
    assert [bool(report) for report in world.reports[:2]] == [False, True]
    assert "can't save its checkpoint (No such file or directory: " in world.reports[1]
    assert world.reports[-1] == ""


def test_a_worker_that_starts_on_a_full_disk_puts_nothing(tmp_path):
    world = World(until=100)
    world.change(0, "a")
    Disk(world, tmp_path / "disk", until=60).fill()
    carry_until_the_end(world, tmp_path / "disk")
    assert [(at, keys) for at, keys in world.calls] == [(pytest.approx(60, abs=7), ["a"])]


def test_a_dead_letter_that_no_checkpoint_tells_of_is_sent_once(tmp_path):
    world = World(until=100)
    poison = "x" * (KEY_CHARACTERS + 1)
    world.change(0, poison)
    world.refuse_letters = Disk(world, tmp_path / "disk", until=60).fill
    carry_until_the_end(world, tmp_path / "disk")
    assert world.lettered() == [poison]


def test_the_next_window_begins_when_a_batch_has_been_put(tmp_path):
    world = World()
    for order_id in ids(5):
        world.change(0, order_id)
    for order_id in ids(8, "p"):
        world.change(0.9, order_id)
    carry(world, tmp_path)
    assert [(at, len(keys)) for at, keys in world.calls] == [(1, 10), (2, 3)]


def test_an_idle_stream_is_read_four_times_a_second(tmp_path):
    world = World(until=10)
    carry(world, tmp_path)
    assert (world.reads, world.iterators) == (40, 1)


def test_a_long_stream_is_read_without_a_pause(tmp_path):
    world = World(until=10)
    for order_id in ids(4500):
        world.change(0, order_id)
    carry(world, tmp_path, batch_size=500)
    assert world.arrived == ids(4500)
    assert {at for at, _ in world.calls} == {0}


def test_large_records_are_read_without_a_pause_too(tmp_path):
    world = World(until=10)
    world.page_records = 1
    for order_id in ids(50):
        world.change(0, order_id, note={"S": "x" * 100_000})
    carry(world, tmp_path, batch_size=50)
    assert world.calls == [(0, ids(50))]


def test_what_a_filter_holds_back_is_passed_for_good(tmp_path):
    world = World(until=5)
    world.change(0, "removed", "REMOVE")
    carry(world, tmp_path)
    assert world.calls == []
    assert worker_in(world, tmp_path).checkpoint.sequence_number == "00000"


def test_a_poison_record_in_a_batch_delays_the_others_and_then_goes_to_the_queue(tmp_path):
    world = World()
    poison = "x" * (KEY_CHARACTERS + 1)
    for order_id in [*ids(6), poison, *ids(3, "p"), *ids(20, "q")]:
        world.change(0, order_id)
    carry(world, tmp_path)
    assert world.arrived == [*ids(6), *ids(3, "p"), *ids(20, "q")]
    assert world.lettered() == [poison]
    assert world.letters[0]["context"]["condition"] == "RetryAttemptsExhausted"
    assert [keys for _, keys in world.calls].count([poison]) == 1 + 3


@pytest.mark.parametrize("path", ["$.dynamodb.Keys.missing.S", "$.dynamodb.Keys"])
def test_a_record_without_its_partition_key_is_a_poison_record(tmp_path, path):
    world = World()
    world.change(0, "a")
    carry(world, tmp_path, partition_key_path=path)
    assert world.lettered() == ["a"]


def test_only_failed_records_are_sent_again_and_later_batches_wait(tmp_path):
    world = World()
    for order_id in ids(20):
        world.change(0, order_id)
    world.refuse_putting = lambda _: ("o003", "o007") if world.now < 0.5 else ()
    carry(world, tmp_path)
    assert [keys for _, keys in world.calls] == [ids(10), *[["o003", "o007"]] * 2, ids(20)[10:]]
    assert sorted(world.arrived) == ids(20)
    assert world.letters == []


@pytest.mark.parametrize(
    "outage",
    [EndpointConnectionError(endpoint_url="x"), client_error("InternalFailure", 500), {}, {"Records": [{}] * 4}],
    ids=repr,
)
def test_an_outage_counts_towards_no_retries(tmp_path, outage):
    world = World(until=200)
    for at, order_id in enumerate(ids(3)):
        world.change(at, order_id)
    world.refuse_putting = lambda _: outage if world.now < 100 else ()
    carry(world, tmp_path, maximum_record_age_seconds=101, maximum_retry_attempts=0)
    assert world.arrived == ids(3)
    assert all(later - earlier <= 2 for (earlier, _), (later, _) in zip(world.calls, world.calls[1:], strict=False))


def test_refused_records_leave_for_the_queue_as_they_grow_too_old(tmp_path):
    world = World(until=100)
    for at, order_id in [(0, "old"), (0, "older"), (30, "young")]:
        world.change(at, order_id)
    world.refuse_putting = lambda _: client_error("AccessDeniedException", 403) if world.now < 45 else ()
    carry(world, tmp_path, maximum_record_age_seconds=20, maximum_retry_attempts=10_000)
    assert {letter["context"]["condition"] for letter in world.letters} == {"RecordAgeExceeded"}
    assert world.lettered() == ["old", "older"]
    assert world.arrived == ["young"]


def test_a_queue_that_refuses_holds_up_the_shard_until_it_takes_the_message(tmp_path):
    world = World()
    world.change(0, "x" * (KEY_CHARACTERS + 1))
    world.change(5, "good")
    world.refuse_letters = lambda: client_error("AccessDenied", 403) if world.now < 60 else None
    carry(world, tmp_path)
    assert len(world.letters) == 1
    assert world.arrived == ["good"]
    assert world.calls[-1][0] >= 60


def test_an_error_is_one_line_with_the_services_words_and_no_order(tmp_path, caplog):
    world = World(until=3)
    world.change(0, "secret-order")
    message = "User: arn:role/pipe is not authorized\nto perform: kinesis:PutRecords"
    world.refuse_putting = lambda _: client_error("AccessDeniedException", 403, message)
    carry(world, tmp_path, maximum_retry_attempts=10_000)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    expected = "AccessDeniedException: User: arn:role/pipe is not authorized to perform: kinesis:PutRecords"
    assert errors
    assert all(error.endswith(expected) and "\n" not in error for error in errors)
    assert "secret-order" not in caplog.text


@pytest.mark.parametrize("answer", [client_error("AccessDeniedException", 403), {}], ids=repr)
def test_reading_is_tried_until_there_is_a_page(tmp_path, answer):
    world = World()
    world.change(0, "a")
    world.refuse_reading = lambda _: answer if world.now < 50 else None
    carry(world, tmp_path)
    assert world.arrived == ["a"]
    assert world.reads < 400


@pytest.mark.parametrize("code", ["ExpiredIteratorException", "InternalServerError"])
def test_a_lost_iterator_costs_and_doubles_nothing(tmp_path, code):
    world = World()
    for at, order_id in enumerate(ids(30)):
        world.change(at, order_id)
    world.refuse_reading = lambda iterator: client_error(code) if world.now > 10 and iterator.endswith(" 1") else None
    carry(world, tmp_path)
    assert world.arrived == ids(30)
    assert world.iterators == 2


def test_after_the_stream_trimmed_its_place_it_goes_on_with_what_is_left(tmp_path):
    world = World(until=5)
    for order_id in ids(3):
        world.change(0, order_id)
    carry(world, tmp_path)
    for order_id in ids(3, "p"):
        world.change(6, order_id)
    world.trimmed, world.until = 4, 20
    carry(world, tmp_path)
    assert world.arrived == [*ids(3), "p001", "p002"]


def test_another_streams_checkpoint_is_not_taken(tmp_path):
    world = World(until=5)
    world.change(0, "a")
    carry(world, tmp_path)
    world.until = 10
    carry(world, tmp_path, source_arn="arn:aws:dynamodb:us-east-1:1:table/orders/stream/2")
    assert world.arrived == ["a", "a"]


def test_what_was_done_in_a_failing_batch_is_not_done_again_after_a_kill(tmp_path):
    world = World()
    poisons = ["x" * (KEY_CHARACTERS + number) for number in (1, 2)]
    for order_id in [*ids(3), poisons[0], *ids(3, "p"), poisons[1]]:
        world.change(0, order_id)
    world.refuse_letters = lambda: Killed() if world.letters else None
    with pytest.raises(Killed):
        carry(world, tmp_path)
    world.refuse_letters = lambda: None
    carry(world, tmp_path)
    assert world.arrived == [*ids(3), *ids(3, "p")]
    assert world.lettered() == poisons


def test_a_letter_is_not_written_again_while_what_came_after_it_fails(tmp_path):
    world = World(until=40)
    for at, order_id in enumerate(["old", "young"]):
        world.change(at * 35, order_id)
    world.now = 36
    world.refuse_putting = lambda _: Killed()
    with pytest.raises(Killed):
        carry(world, tmp_path, maximum_record_age_seconds=20)
    world.refuse_putting = lambda _: ()
    carry(world, tmp_path, maximum_record_age_seconds=20)
    assert len(world.letters) == 1
    assert world.arrived == ["young"]


def test_the_stream_is_described_until_it_answers(monkeypatch, caplog):
    world, answers = World(), [client_error("AccessDeniedException", 403, "not authorized"), {}]
    monkeypatch.setattr(pipe.time, "sleep", world.sleep)

    def describe_stream(**_):
        answer = answers.pop(0) if answers else {"StreamDescription": {"Shards": [{"ShardId": SHARD}]}}
        if isinstance(answer, Exception):
            raise answer
        return answer

    world.describe_stream = describe_stream
    assert pipe.find_shard(world, "arn") == SHARD
    assert "Can't describe arn: AccessDeniedException: not authorized" in caplog.text


def test_a_stream_of_several_shards_is_refused():
    world = World()
    world.describe_stream = lambda **_: {"StreamDescription": {"Shards": [{"ShardId": SHARD}, {"ShardId": "other"}]}}
    with pytest.raises(SettingsError, match="has 2 shards"):
        pipe.find_shard(world, "arn")


FAULTS = st.sampled_from(["none", "refused", "some", "outage", "killed before", "killed after", "killed letter"])
LIMITS = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 12),
        "maximum_batching_window_seconds": st.integers(0, 3),
        "maximum_retry_attempts": st.integers(0, 3),
        "maximum_record_age_seconds": st.sampled_from([5, 3600]),
    }
)
ORDERS = st.lists(
    st.tuples(st.floats(0, 30), st.sampled_from(["INSERT", "INSERT", "REMOVE"]), st.booleans()), max_size=40
)


def inject(world, faults):
    """Let the calls to come fail in this order."""
    remaining = iter(faults)

    def put(keys):
        fault = next(remaining, "none")
        if fault == "killed after":
            world.arrived += keys
        return {
            "refused": client_error("ProvisionedThroughputExceededException"),
            "some": keys[::2],
            "outage": client_error("InternalFailure", 500),
            "killed before": Killed(),
            "killed after": Killed(),
        }.get(fault)

    world.refuse_putting = put
    world.refuse_letters = lambda: Killed() if next(remaining, "none") == "killed letter" else None


@settings(max_examples=200)
@given(orders=ORDERS, faults=st.lists(FAULTS, max_size=30), limits=LIMITS)
def test_whatever_fails_every_order_arrives_or_is_in_a_dead_letter(tmp_path_factory, orders, faults, limits):
    world, state_dir = World(until=500), tmp_path_factory.mktemp("state")
    for number, (at, event_name, poison) in enumerate(sorted(orders)):
        world.change(at, f"{number}{'x' * KEY_CHARACTERS if poison else ''}", event_name)
    inject(world, faults)
    while world.now < world.until:
        try:
            carry(world, state_dir, **limits)
        except Killed:
            world.now += 1

    wanted = [
        record["dynamodb"]["Keys"]["orderid"]["S"] for _, record in world.records if record["eventName"] == "INSERT"
    ]
    assert set(wanted) <= {*world.arrived, *world.lettered()}
    assert set(world.arrived) <= set(wanted)
    assert all(len(keys) <= limits["batch_size"] for _, keys in world.calls)
    if "some" not in faults:
        first_arrivals = list(dict.fromkeys(world.arrived))
        assert first_arrivals == [order_id for order_id in wanted if order_id in world.arrived]
