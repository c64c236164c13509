"""Each source is polled by itself: one that fails, hangs or is slow costs no other anything."""

import threading
import time

import pytest
from botocore.exceptions import ClientError

from sales_pipeline.aws.stack import StackError
from sales_pipeline.watch import poll
from sales_pipeline.watch.poll import Poll, Sample, Source

SECONDS = 5


def failure(code):
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Get")


def until(holds):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def script(*answers):
    """A source that gives these answers, the last again and again. It raises errors, and waits for events."""
    left = list(answers)

    def read():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, threading.Event):
            answer.wait(SECONDS)
            return read()
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Source(read, lambda: 0.001)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(poll, "LONGEST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(poll, "REST", 0)


def test_a_source_that_hangs_holds_up_no_other():
    never = threading.Event()
    with Poll({"hangs": Source(never.wait, lambda: 1.0), "works": script(1, 2, 3)}) as polled:
        until(lambda: polled.samples["works"].value == 3)
        assert polled.samples["hangs"].is_pending
    never.set()


def test_a_source_that_fails_keeps_its_value_and_says_since_when_until_it_works_again():
    errors = (failure("ThrottlingException"), StackError("no\noutput"), failure("AccessDenied"))
    gates = threading.Event(), threading.Event()
    with Poll({"it": script(7, errors[0], gates[0], errors[1], errors[2], gates[1], 8)}) as polled:
        until(lambda: "Throttling" in polled.samples["it"].problem)
        since = polled.samples["it"].failing_since
        gates[0].set()
        until(lambda: "AccessDenied" in polled.samples["it"].problem)
        assert polled.samples["it"] == Sample(7, polled.samples["it"].problem, since)
        assert 0 <= time.monotonic() - since < SECONDS
        gates[1].set()
        until(lambda: polled.samples["it"] == Sample(8))
        assert polled.problem is None


@pytest.mark.parametrize(
    "error", [failure("ExpiredTokenException"), failure("UnrecognizedClientException"), KeyError("x")]
)
def test_expired_credentials_and_mistakes_are_for_whoever_shows_the_samples(error):
    with Poll({"it": script(error), "works": script(1)}) as polled:
        until(lambda: polled.problem is error)
        assert polled.samples["it"].is_pending


def test_a_signature_of_a_wrong_clock_may_be_right_again():
    with Poll({"it": script(failure("InvalidSignatureException"), 5)}) as polled:
        until(lambda: polled.samples["it"].value == 5)


def test_the_pauses_grow_with_failures_and_with_the_time_that_a_reading_takes(monkeypatch):
    monkeypatch.setattr(poll, "LONGEST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(poll, "REST", 10)
    pauses, clock = [], [0.0]

    class Over(threading.Event):
        def wait(self, timeout=None):
            pauses.append(timeout)
            if len(pauses) == 8:
                self.set()
            return self.is_set()

    answers = [failure("Throttling")] * 6 + ["slow", "quick"]

    def read():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        clock[0] += 12 if answer == "slow" else 0.1
        return answer

    monkeypatch.setattr(poll.threading, "Event", Over)
    polled = Poll({}, clock=lambda: clock[0])
    polled.samples["it"] = Sample()
    polled._follow("it", Source(read, lambda: 5.0))
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 120.0, 5.0]
