"""Records go into the stream in calls that Kinesis takes, and again while it throttles them."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.aws import retry
from sales_pipeline.aws.retry import RetryError
from sales_pipeline.aws.stream import CALL_BYTES, CALL_RECORDS, batches, put


def record(name, data=b""):
    return SimpleNamespace(data=data, partition_key=name, digest=f"digest of {name}")


class Kinesis:
    """Answers each call with what `results` makes of its keys: an error code, or None for a record that it takes."""

    def __init__(self, results):
        self.results, self.calls = results, []

    def put_records(self, StreamName, Records):  # noqa: N803 - boto3's names
        assert StreamName == "stream"
        keys = [each["PartitionKey"] for each in Records]
        self.calls.append(keys)
        return {"Records": [{"ErrorCode": code} if code else {} for code in self.results(keys)]}


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0, 0.0))


@given(st.lists(st.integers(0, 1_000_000), max_size=1200))
def test_a_batch_never_passes_what_kinesis_takes_and_the_batches_hold_every_record_in_order(sizes):
    records = [record("ä", range(size)) for size in sizes]  # a range has a length, and takes no memory
    made = list(batches(records))
    assert [each for batch in made for each in batch] == records
    for batch in made:
        assert 0 < len(batch) <= CALL_RECORDS
        assert len(batch) == 1 or sum(len(each.data) + 2 for each in batch) <= CALL_BYTES


def test_what_is_throttled_is_put_again_and_what_was_taken_is_not():
    answers = [["X", None, None], [None]]
    kinesis, taken = Kinesis(lambda _: answers.pop(0)), []
    assert put(kinesis, "stream", [record(name) for name in "abc"], taken.append) == set()
    assert kinesis.calls == [["a", "b", "c"], ["a"]]
    assert taken == [{"digest of b", "digest of c"}, {"digest of a"}]


def test_what_stays_throttled_is_an_error():
    kinesis = Kinesis(lambda keys: ["X"] * len(keys))
    with pytest.raises(RetryError, match="Kinesis stream stream does not take what is put to it"):
        put(kinesis, "stream", [record("a")])
    assert len(kinesis.calls) == 2


@pytest.mark.parametrize("code", ["ValidationException", "InvalidArgumentException"])
def test_what_kinesis_refuses_is_returned_and_its_neighbours_are_taken(code):
    def results(keys):
        if "d" in keys:
            raise ClientError({"Error": {"Code": code}}, "PutRecords")
        return [None] * len(keys)

    taken = []
    assert put(Kinesis(results), "stream", [record(name) for name in "abcde"], taken.append) == {"digest of d"}
    assert sorted(digest for digests in taken for digest in digests) == [f"digest of {name}" for name in "abce"]


def test_every_other_error_passes_through():
    def results(_):
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "PutRecords")

    with pytest.raises(ClientError):
        put(Kinesis(results), "stream", [record("a"), record("b")])
