"""Decides when the next orders are due, and when to stop."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType

from generator.orders import Order

DEFAULT_INTERVAL_SECONDS = 3.0
BATCHED_ABOVE_PER_SECOND = 10
BATCHES_PER_SECOND = 4
BATCH_SIZE = 25  # the most items of one BatchWriteItem
MAX_BEHIND_SECONDS = 1.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def paced(
    orders: Iterator[Order],
    count: int | None,
    interval_seconds: float,
    wait: Callable[[float], bool],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[Order]]:
    """Yield orders when they are due: one by one, or several at once above 10 per second.

    Ends after `count` orders, or when `wait`, which sleeps for a number of seconds, returns False. The due times are
    computed from the first one and do not drift. After a delay of more than a second (a laptop that slept, for
    example) the due times start again from now, so that no burst of orders follows.
    """
    per_second = 1 / interval_seconds
    batch_size = 1
    if per_second > BATCHED_ABOVE_PER_SECOND:
        batch_size = min(BATCH_SIZE, math.ceil(per_second / BATCHES_PER_SECOND))
    taken, due = 0, clock()
    while count is None or taken < count:
        now = clock()
        if now - due > MAX_BEHIND_SECONDS:
            due = now
        if not wait(max(0.0, due - now)):
            return
        batch = list(islice(orders, batch_size if count is None else min(batch_size, count - taken)))
        yield batch
        taken += len(batch)
        due += len(batch) * interval_seconds


class Stop:
    """Turns the first Ctrl-C, SIGTERM or SIGHUP into a request to stop, and the second into a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.requested = False
        self._leaving = False

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        # nohup ignores SIGHUP, and that stays.
        numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = [signal.signal(number, self._on_signal) for number in numbers]
        try:
            yield
        finally:
            if not self._leaving:  # after a second signal all are ignored, so that a third cannot stop the summary
                for number, handler in zip(numbers, before, strict=True):
                    signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Sleep until the time is over or a stop is requested; return whether to go on."""
        end = time.monotonic() + seconds
        # In short steps: a signal does not end time.sleep, and Event.set in a signal handler can deadlock.
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return not self.requested

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            self._leaving = True
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            raise KeyboardInterrupt
        self.requested = True
