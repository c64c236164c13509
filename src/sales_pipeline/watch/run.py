"""`sales watch`: shows the stages, and the orders that pass them, until Ctrl-C."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from common.clock import now_ms
from common.console import PlainConsole
from sales_pipeline.aws.place import place
from sales_pipeline.aws.stack import Stack
from sales_pipeline.plan.watching import minute_usd
from sales_pipeline.status.metrics import METRICS
from sales_pipeline.status.read import Measurements
from sales_pipeline.watch.display import Display
from sales_pipeline.watch.model import Screen, line, screen
from sales_pipeline.watch.poll import Poll
from sales_pipeline.watch.sources import PAUSE_SECONDS, sources_of, times_of

CHECK_SECONDS = 2.0
LINE_SECONDS = 60.0
LOOK_SECONDS = 1.0
FIRST_LINE_SECONDS = 15.0
"""By then the first line is printed, whether or not all sources have answered."""
NOTES = 3
"""The last of them are shown."""

# Of a day: after 16 hours of one object per minute, a page of S3 holds no more than its first 1,000.
_LISTS_OF_A_DAY = 2


class Watch:
    """Polls a stack for as long as its `with` block lasts.

    `hints` say what a person can do. `notes` say what has happened; more may be added.
    """

    def __init__(
        self, stack: Stack, measurements: Measurements, hints: Sequence[str] = (), notes: Sequence[str] = ()
    ) -> None:
        self._poll = Poll(sources_of(stack, measurements))
        self._title = f"{stack.name} on {place(stack, 'kinesis')}"
        self._times = times_of(stack)
        self._hints = hints
        self._notes = notes

    def look(self) -> Screen:
        """Return the screen as it is now. Raises what made the polling impossible."""
        if self._poll.problem:
            raise self._poll.problem
        found = screen(self._title, self._poll.samples, now_ms(), time.monotonic(), self._times)
        return replace(found, hints=self._hints, notes=self._notes[-NOTES:])

    @property
    def is_pending(self) -> bool:
        """Whether a source has neither answered nor failed so far."""
        return any(sample.is_pending for sample in self._poll.samples.values())

    def __enter__(self) -> Self:
        self._poll.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.__exit__()


def run(stack: Stack, measurements: Measurements, check: Callable[[], None]) -> int:
    """Show the screen until Ctrl-C, or print a line now and then where there is no terminal to draw on.

    Calls `check` now and then, which raises SalesError where the pipeline has ended. Returns the exit code. Raises an
    error of boto3 where the credentials are not valid any more.
    """
    console = PlainConsole()
    hints = [f"Ctrl-C ends. On AWS, a minute of this costs about {usd_per_minute():.4f} USD."]
    with Watch(stack, measurements, hints) as watch:
        try:
            if console.is_interactive:
                with Display(watch.look, console) as display:
                    check()
                    while not display.has_ended(CHECK_SECONDS):
                        check()
            else:
                _print_lines(watch, check)
        except KeyboardInterrupt:
            pass
        _print(watch.look())
    return 0


def _print_lines(watch: Watch, check: Callable[[], None]) -> None:
    """Print a line every LINE_SECONDS, and each time that other stages have a problem."""
    due, said = time.monotonic() + FIRST_LINE_SECONDS, set[str]()
    is_first = True
    while True:
        check()
        found = watch.look()
        problems = {stage for stage, _ in found.problems}
        if time.monotonic() >= due or (not watch.is_pending and (is_first or problems != said)):
            _print(found)
            is_first, said, due = False, problems, time.monotonic() + LINE_SECONDS
        time.sleep(LOOK_SECONDS)


def _print(found: Screen) -> None:
    sys.stdout.write(f"{line(found)}\n")
    sys.stdout.flush()


def usd_per_minute() -> float:
    """Return what a minute costs on AWS, while fewer than 2,000 objects arrive per day."""
    per_minute = {name: 60 / seconds for name, seconds in PAUSE_SECONDS.items()}
    return minute_usd(
        metrics=len(METRICS),
        lists=per_minute["lake"] * _LISTS_OF_A_DAY + per_minute["errors"] * 2,  # errors/, and what was replayed lately
        gets=1,
        queue_calls=per_minute["dead letters"],
        cloudwatch_calls=1,
    )
