"""A bucket is emptied whatever S3 refuses for a moment; what it refuses for good ends the cleanup with a reason."""

import logging
import threading
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from bucket_cleanup import empty

PAGE = 1000


class S3:
    """An S3 with a bucket of objects; `refuse` says which of a call's keys it refuses, and with which code."""

    class exceptions:  # noqa: N801 - boto3's name
        class NoSuchBucket(Exception):  # noqa: N818
            pass

    def __init__(self, number):
        self.keys = dict.fromkeys(map(str, range(number)))
        self.calls = self.running = self.most_running = 0
        self.refuse = lambda _call, _keys: {}
        self.list_error = lambda: None
        self.page = {"IsTruncated": False}

    def get_paginator(self, _name):
        return SimpleNamespace(paginate=self._paginate)

    def _paginate(self, **_):
        if error := self.list_error():
            raise error
        keys = list(self.keys)
        for start in range(0, max(1, len(keys)), PAGE):
            versions = [{"Key": key, "VersionId": "null"} for key in keys[start : start + PAGE]]
            yield self.page | ({"Versions": versions} if versions else {})

    def delete_objects(self, Delete, **_):  # noqa: N803 - boto3's name
        self.calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        keys = [each["Key"] for each in Delete["Objects"]]
        refused = self.refuse(self.calls, keys)
        self.running -= 1
        for key in keys:
            if key not in refused:
                del self.keys[key]
        return {"Errors": [{"Key": key, "Code": code} for key, code in refused.items()]} if refused else {}


class Clock:
    """A function's time: each pause takes from it."""

    def __init__(self):
        self.left_ms = 900_000
        self.pauses = []

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.left_ms -= seconds * 1000

    def get_remaining_time_in_millis(self):
        return self.left_ms


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(empty, "sleep", clock.sleep)
    return clock


@pytest.fixture
def s3_of(monkeypatch):
    def make(number):
        s3 = S3(number)
        monkeypatch.setattr(empty, "s3", s3)
        return s3

    return make


def error(code):
    return ClientError({"Error": {"Code": code}}, "DeleteObjects")


@pytest.mark.parametrize("code", ["InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout"])
def test_a_key_that_s3_refuses_for_a_moment_is_deleted_later(s3_of, clock, code):
    s3 = s3_of(2500)
    s3.refuse = lambda call, keys: {keys[7]: code} if call <= 3 else {}  # once on each of the three pages
    assert (empty.empty("b", clock), s3.keys, clock.pauses) == (2500, {}, [1])


@pytest.mark.parametrize(
    "failure", [error("SlowDown"), error("InternalError"), EndpointConnectionError(endpoint_url="x")]
)
def test_a_call_that_fails_for_a_moment_is_made_again(s3_of, clock, failure):
    s3 = s3_of(1)

    def fail(call, _keys):
        if call <= 5:
            raise failure
        return {}

    s3.refuse = fail
    assert (empty.empty("b", clock), s3.keys, clock.pauses) == (1, {}, [1, 2, 4, 8, 16])


def test_a_listing_that_fails_for_a_moment_is_made_again(s3_of, clock):
    s3 = s3_of(3)
    failures = iter([error("SlowDown"), error("InternalError")])
    s3.list_error = lambda: next(failures, None)
    assert (empty.empty("b", clock), s3.keys, clock.pauses) == (3, {}, [1, 2])


def test_as_long_as_anything_is_deleted_it_goes_on(s3_of, clock):
    s3 = s3_of(40)
    s3.refuse = lambda _call, keys: dict.fromkeys(keys[1:], "SlowDown")  # one in each call
    assert (empty.empty("b", clock), s3.keys) == (40, {})
    assert clock.pauses == [1] * 39


def test_without_progress_it_gives_up_after_a_minute_and_says_how_far_it_came(s3_of, clock):
    s3 = s3_of(1003)
    s3.refuse = lambda _call, keys: {key: "AccessDenied" if key == "7" else "SlowDown" for key in keys if int(key) < 10}
    with pytest.raises(RuntimeError) as failed:
        empty.empty("b", clock)
    assert str(failed.value) == ("993 objects deleted. S3 refused to delete 10 objects: AccessDenied, SlowDown.")
    assert 60 <= sum(clock.pauses) <= 70


def test_a_bucket_that_cannot_be_listed_is_an_error_with_its_reason(s3_of, clock):
    s3_of(1).list_error = lambda: error("AccessDenied")
    with pytest.raises(RuntimeError, match=r"^0 objects deleted\. S3 refused to list the objects: Acc"):
        empty.empty("b", clock)


def test_when_the_time_is_over_it_says_how_far_it_came(s3_of, clock):
    s3 = s3_of(20_000)

    def be_slow(_call, _keys):
        clock.left_ms -= 100_000
        return {}

    s3.refuse = be_slow
    with pytest.raises(
        TimeoutError, match=r"^\d+,000 objects deleted in the time there is, but more are left\.$"
    ) as over:
        empty.empty("b", clock)
    assert str(over.value).startswith(f"{20_000 - len(s3.keys):,} ")
    assert clock.left_ms < 130_000


def test_when_the_time_is_over_it_also_says_what_s3_refused(s3_of, clock):
    s3 = s3_of(20_000)

    def refuse_one(_call, keys):
        clock.left_ms -= 100_000
        return {keys[0]: "AccessDenied"}

    s3.refuse = refuse_one
    with pytest.raises(TimeoutError, match=r"more are left\. S3 refused to delete \d objects: AccessDenied\.$"):
        empty.empty("b", clock)


SLOWEST_CALL_MS = 2 * (3 + 20) * 1000 + 1000  # two attempts that connect and answer in the last moment, and a pause
ANSWER_MS = 30_000


@pytest.mark.parametrize("code", [None, "SlowDown"])
@pytest.mark.parametrize("left_ms", range(200_000, 600_000, 20_000))
def test_however_slow_s3_is_there_is_time_left_for_the_answer(s3_of, clock, left_ms, code):
    clock.left_ms = left_ms
    s3 = s3_of(100_000)

    def take_long(result):
        clock.left_ms -= SLOWEST_CALL_MS
        return result

    s3.list_error = lambda: take_long(None)
    pages = s3._paginate
    s3._paginate = lambda **_: (take_long(page) if number else page for number, page in enumerate(pages()))
    together = []

    def refuse(_call, keys):
        together.append(keys)
        if len(together) % 4 == 1:  # four calls take as long as one
            clock.left_ms -= SLOWEST_CALL_MS
        return dict.fromkeys(keys, code) if code else {}

    s3.refuse = refuse
    with pytest.raises(TimeoutError):
        empty.empty("b", clock)
    assert clock.left_ms >= ANSWER_MS


def test_pages_that_were_listed_before_a_failure_are_deleted(s3_of, clock):
    s3 = s3_of(3 * PAGE)
    pages = s3._paginate

    def fail_at_the_third(**_):
        for number, page in enumerate(pages()):
            if number == 2:
                raise error("InternalError")
            yield page

    s3._paginate = fail_at_the_third
    assert (empty.empty("b", clock), s3.keys, clock.pauses) == (3 * PAGE, {}, [1])


def test_an_answer_that_cannot_be_parsed_is_asked_for_again(s3_of, clock):
    s3 = s3_of(3)
    failures = iter([ResponseParserError("no XML")])
    s3.list_error = lambda: next(failures, None)
    assert (empty.empty("b", clock), s3.keys, clock.pauses) == (3, {}, [1])


def test_time_that_is_over_at_the_end_of_an_empty_bucket_is_no_failure(s3_of, clock):
    s3_of(0)
    clock.left_ms = 1000
    assert empty.empty("b", clock) == 0


def test_four_calls_run_at_the_same_time_and_no_more_pages_are_held(s3_of, clock):
    s3 = s3_of(12 * PAGE)
    together = threading.Barrier(4)

    def wait_for_the_others(_call, _keys):
        together.wait(10)
        return {}

    s3.refuse = wait_for_the_others
    listed_before_call = []
    pages = s3._paginate
    s3._paginate = lambda **_: (listed_before_call.append(s3.calls) or page for page in pages())
    assert empty.empty("b", clock) == 12 * PAGE
    assert s3.most_running == 4
    assert listed_before_call == [0] * 4 + [4] * 4 + [8] * 4 + [12]


def test_the_log_says_how_far_it_is(s3_of, clock, caplog):
    caplog.set_level(logging.INFO)
    s3_of(1001).refuse = lambda call, keys: {keys[0]: "SlowDown"} if call == 1 else {}
    empty.empty("b", clock)
    assert caplog.messages == [
        "1,000 objects deleted. S3 refused to delete 1 object: SlowDown.",
        "1,001 objects deleted.",
    ]
    assert [record.deleted for record in caplog.records] == [1000, 1001]
    assert [empty.objects(number) for number in (0, 1, 2)] == ["0 objects", "1 object", "2 objects"]


def test_an_answer_that_is_not_s3s_own_is_no_empty_bucket(s3_of, clock):
    s3_of(0).page = {}
    with pytest.raises(RuntimeError, match="not S3's own"):
        empty.empty("b", clock)
