"""Polls sources, each in a thread of its own, so that a slow one holds up no other."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from common.aws_errors import needs_other_credentials
from common.backoff import backoff_seconds
from sales_pipeline.status.read import UNREAD, one_line

LONGEST_PAUSE_SECONDS = 60.0
"""Between two attempts to read what fails."""
REST = 10
"""A source rests for so many times as long as its last reading took: a folder of a million objects takes minutes."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Source:
    """What is polled: how to read it, and the seconds until its next reading."""

    read: Callable[[], Any]
    pause_seconds: Callable[[], float]


@dataclass(frozen=True)
class Sample:
    """What a source said last. Times are in monotonic seconds."""

    value: Any = None
    """None before its first answer."""
    problem: str = ""
    """Why it cannot be read at present."""
    failing_since: float | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it has neither answered nor failed so far."""
        return self.value is None and not self.problem


class Poll:
    """Polls for as long as its `with` block lasts. `samples` has what each source said last.

    A source that cannot be read is tried again, less and less often. `problem` is an error after which nothing can be
    read any more, such as expired credentials, or a mistake in this program.
    """

    def __init__(self, sources: Mapping[str, Source], clock: Clock = time.monotonic) -> None:
        self.samples = dict.fromkeys(sources, Sample())
        self.problem: BaseException | None = None
        self._clock = clock
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._follow, args=item, daemon=True) for item in sources.items()]

    def _follow(self, name: str, source: Source) -> None:
        failures = 0
        while not self._over.is_set():
            began = self._clock()
            try:
                self.samples[name] = Sample(source.read())
                failures, pause_seconds = 0, source.pause_seconds()
            except UNREAD as error:
                if needs_other_credentials(error):
                    self.problem = error
                    return
                failures += 1
                pause_seconds = backoff_seconds(failures, source.pause_seconds(), LONGEST_PAUSE_SECONDS)
                before = self.samples[name]
                since = began if before.failing_since is None else before.failing_since
                self.samples[name] = replace(before, problem=one_line(error), failing_since=since)
            except BaseException as error:  # noqa: BLE001 - what shows the samples raises it
                self.problem = error
                return
            self._over.wait(max(pause_seconds, REST * (self._clock() - began)))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()  # no thread is waited for: one may be in the middle of a call
