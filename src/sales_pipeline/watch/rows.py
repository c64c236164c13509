"""What the screen shows of each stage. Pure: no AWS, environment or clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sales_pipeline.status.measured import Measured
from sales_pipeline.status.stages import Stage
from sales_pipeline.terminal.amounts import counted, duration
from sales_pipeline.terminal.times import to_ms
from sales_pipeline.watch.buffers import Times, next_object_ms, rate_per_minute, waiting
from sales_pipeline.watch.orders import Order
from sales_pipeline.watch.passing import Passed


class Level(StrEnum):
    """How much a part of the screen asks for attention."""

    fine = "fine"
    waits = "waits"
    wrong = "wrong"
    unknown = "unknown"


class Phrase(NamedTuple):
    """A part of a line."""

    text: str
    level: Level = Level.fine


@dataclass(frozen=True)
class Row:
    """A stage on the screen."""

    stage: str
    phrases: Sequence[Phrase]
    state: str = ""
    level: Level = Level.fine
    per_minute: float | None = None
    """What passes the stage per minute; None where it is not known, or nothing passes it."""
    oldest_seconds: float | None = None
    """Age of the oldest thing that waits in the stage; None where nothing waits or it is not known."""


@dataclass(frozen=True)
class Facts:
    """What is known when the screen is made. Times are in milliseconds since 1970."""

    now_ms: int
    times: Times
    stages: Mapping[str, Stage] = field(default_factory=dict)
    """Those that were read so far."""
    measured: Measured = Measured(absent="not read")  # noqa: RUF009 - it is frozen
    passed: Passed | None = None
    """None where the stream was not read so far."""
    newest: Sequence[tuple[int, Order]] = ()
    """The newest changes, with their time of arrival."""
    rows: Sequence[Order] = ()
    """The newest rows."""

    def time_ms(self, stage: str, fact: str) -> int | None:
        """Return a time that a stage holds."""
        found = self.stages[stage].facts.get(fact) if stage in self.stages else None
        return to_ms(datetime.fromisoformat(found)) if isinstance(found, str) else None

    def age_seconds(self, time_ms: int | None) -> float | None:
        """Return how long ago a time was: never less than 0, whatever this machine's clock says."""
        return None if time_ms is None else max(0, self.now_ms - time_ms) / 1000

    @property
    def flushed_ms(self) -> int | None:
        """When Firehose wrote its last object, of rows or of errors, as far as they are there."""
        times = [self.time_ms("lake", "newest"), self.time_ms("errors", "newest")]
        return max((each for each in times if each is not None), default=None)


def age(seconds: float) -> str:
    """Return a duration for a screen that changes each second: in seconds for two minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else duration(seconds)  # noqa: PLR2004


def row(stage: Stage, facts: Facts) -> Row:
    """Return what the screen shows of a stage."""
    make = _ROWS.get(stage.name, _as_status)
    made = make(stage, facts)
    level = Level.wrong if stage.problems else made.level
    return Row(stage.name, made.phrases, stage.state, level, made.per_minute, made.oldest_seconds)


def _as_status(stage: Stage, _facts: Facts) -> Row:
    return Row(stage.name, [Phrase(each) for each in stage.details])


def _generator(stage: Stage, facts: Facts) -> Row:
    return Row(stage.name, [Phrase(stage.details[0]), *_faults(facts, {"generator_errors": "failed call"})])


def _table(stage: Stage, _facts: Facts) -> Row:
    return Row(stage.name, [Phrase(stage.details[0])])


def _pipe(stage: Stage, facts: Facts) -> Row:
    phrases = _faults(facts, {"pipe_failures": "failed attempt"})
    if facts.newest:
        arrived_ms, order = facts.newest[0]
        if order.created_ms is not None:
            took_seconds = max(0, arrived_ms - order.created_ms) / 1000
            phrases.insert(0, Phrase(f"newest change took {age(took_seconds)}"))
    return Row(stage.name, phrases, per_minute=facts.measured.rate("pipe_changes"))


def _dead_letters(stage: Stage, _facts: Facts) -> Row:
    if not stage.problems:
        return _as_status(stage, _facts)
    oldest = stage.facts["oldest_seconds"]
    return Row(
        stage.name,
        [Phrase(f"{stage.details[0]} to replay", Level.wrong)],
        oldest_seconds=oldest if isinstance(oldest, int | float) else None,
    )


def _stream(stage: Stage, facts: Facts) -> Row:
    rate = rate_per_minute(facts.passed, facts.now_ms)
    return Row(
        stage.name,
        [Phrase(stage.details[0]), *_faults(facts, {"stream_throttled": "throttled record"})],
        per_minute=facts.measured.rate("stream_records") if rate is None else rate,
    )


def _delivery(stage: Stage, facts: Facts) -> Row:
    found, flushed_ms = waiting(facts.passed, facts.flushed_ms, facts.times), facts.flushed_ms
    oldest_seconds = facts.age_seconds(found.oldest_ms) if found else None
    phrases = []
    if found:
        text = f"about {found.count:,} {'waits' if found.count == 1 else 'wait'}"
        phrases.append(Phrase(text, Level.waits) if found.count else Phrase("nothing waits"))
    next_ms = next_object_ms(found, flushed_ms, facts.times)
    is_late = oldest_seconds is not None and oldest_seconds > facts.times.delivery_seconds
    if is_late:
        phrases.append(Phrase("late", Level.wrong))
    elif next_ms is not None:
        left_seconds = (next_ms - facts.now_ms) / 1000
        when = f"in {age(left_seconds)}" if left_seconds >= 1 else "due now"
        phrases.append(Phrase(f"next object {when}"))
    if not found:
        oldest_seconds = facts.measured.values.get("delivery_oldest_seconds")
    rate = facts.measured.rate("delivery_written")
    level = Level.waits if is_late else Level.fine
    return Row(stage.name, phrases, level=level, per_minute=rate, oldest_seconds=oldest_seconds)


def _transform(stage: Stage, facts: Facts) -> Row:
    count = facts.measured.count("records_ok")
    phrases = [] if count is None else [Phrase(f"{counted(count, 'row')} in the last hour")]
    labels = {"transform_errors": "failed call", "transform_throttles": "throttled call"}
    refused, dropped = facts.measured.count("records_failed"), facts.measured.count("records_dropped")
    if refused:
        phrases.append(Phrase(f"{refused:,.0f} refused", Level.wrong))
    if dropped:
        phrases.append(Phrase(f"{dropped:,.0f} dropped"))
    phrases += _faults(facts, labels)
    if stage.facts["unknown_attributes"]:
        phrases.append(Phrase("some attributes have no column: see `sales status`"))
    return Row(stage.name, phrases, per_minute=facts.measured.rate("records_ok"))


def _lake(stage: Stage, facts: Facts) -> Row:
    phrases = [Phrase(stage.details[0].partition(",")[0])]
    newest_seconds = facts.age_seconds(facts.time_ms("lake", "newest"))
    if newest_seconds is not None:
        phrases.append(Phrase(f"newest {age(newest_seconds)} ago"))
    return Row(stage.name, phrases)


def _errors(stage: Stage, facts: Facts) -> Row:
    phrases = [
        Phrase(each, Level.wrong if number == 0 and stage.problems else Level.fine)
        for number, each in enumerate(stage.details)
        if not each.startswith("newest")
    ]
    return Row(stage.name, phrases, oldest_seconds=facts.age_seconds(facts.time_ms("errors", "oldest")))


def _crawler(stage: Stage, _facts: Facts) -> Row:
    return Row(stage.name, [Phrase(stage.details[0], Level.wrong if stage.problems else Level.fine)])


def _alarms(stage: Stage, _facts: Facts) -> Row:
    number, firing, *_ = stage.details
    return Row(stage.name, [Phrase(number), Phrase(firing, Level.wrong if stage.problems else Level.fine)])


def _faults(facts: Facts, nouns: Mapping[str, str]) -> list[Phrase]:
    """Return the counts of what went wrong in the last hour, where there are any."""
    counts = {noun: facts.measured.count(name) for name, noun in nouns.items()}
    return [Phrase(f"{counted(count, noun)} in the last hour", Level.wrong) for noun, count in counts.items() if count]


_ROWS: Mapping[str, Callable[[Stage, Facts], Row]] = {
    "generator": _generator,
    "table": _table,
    "pipe": _pipe,
    "dead letters": _dead_letters,
    "stream": _stream,
    "delivery": _delivery,
    "transform": _transform,
    "lake": _lake,
    "errors": _errors,
    "crawler": _crawler,
    "alarms": _alarms,
}
