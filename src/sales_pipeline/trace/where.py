"""Where `sales trace` looks: which days, objects and parts of the streams. Pure: no AWS, environment or clock.

All times are in milliseconds since 1970.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sales_pipeline.aws.bucket import Object
from sales_pipeline.orders.version import created_ms
from sales_pipeline.reconcile.declared import NAME_TIME
from sales_pipeline.terminal.times import to_ms
from sales_pipeline.trace.found import Place, Sighting

RECENT_DAYS = 3
"""So many days are always looked at, the last with today: an order can have changed since its id was made."""
SLACK_MS = 5_000
"""How far the clocks of writers, DynamoDB, Kinesis and S3 may differ: S3 writes whole seconds."""
# How far back the Kinesis stream is read, one step after the other. The last is longer than a stream can keep records
# (Kinesis API reference, IncreaseStreamRetentionPeriod: 8,760 hours).
_STEPS_MS = [minutes * 60_000 for minutes in (5, 60, 24 * 60, 366 * 24 * 60)]
_DAY = re.compile(r"(?:^|/)dt=([0-9]{4}-[0-9]{2}-[0-9]{2})/")
_NAME_TIME = re.compile(NAME_TIME)


@dataclass(frozen=True)
class Period:
    """The time that a person asks for, beside the days that the id gives. Both ends are optional, and belong to it."""

    since_ms: int | None = None
    until_ms: int | None = None

    @classmethod
    def of(cls, since: datetime | None, until: datetime | None) -> "Period":
        """Return a period. Times without a zone are in UTC."""
        return cls(to_ms(since), to_ms(until))


def created(order_id: str, now_ms: int) -> int | None:
    """Return the time in an id; None if it holds none, or one in the future: the order was not new then."""
    found = created_ms(order_id)
    return found if found is not None and found <= now_ms + SLACK_MS else None


def days(created_ms: int | None, period: Period, now_ms: int) -> list[date]:
    """Return the days of the lake to look at, in UTC, the oldest first.

    An order that was written just before midnight arrives in the next day.
    """
    today = day_at(now_ms)
    found = {today - timedelta(each) for each in range(RECENT_DAYS)}
    if created_ms is not None:
        own = day_at(created_ms)
        found |= {each for each in (own, own + timedelta(1)) if each <= today}
    if period.since_ms is not None or period.until_ms is not None:
        last = min(today, day_at(period.until_ms)) if period.until_ms is not None else today
        first = day_at(period.since_ms) if period.since_ms is not None else last
        found |= {first + timedelta(each) for each in range((last - first).days + 1)}
    return sorted(found)


def day_at(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()


def days_of(keys: Iterable[str]) -> set[date]:
    """Return the days of objects: those in their keys."""
    found = set()
    for key in keys:
        with suppress(ValueError):
            found |= {date.fromisoformat(each) for each in _DAY.findall(key)}
    return found


def moments(created_ms: int | None, sightings: Sequence[Sighting]) -> list[int]:
    """Return when changes of the order happened, and when they arrived in the Kinesis stream."""
    found = {created_ms, *(each.change.created_ms for each in sightings)}
    found |= {each.time_ms for each in sightings if each.place in {Place.kinesis, Place.replayed}}
    return sorted(each for each in found if each is not None)


def name_ms(key: str) -> int | None:
    """Return the time in an object's name: when its oldest record arrived, to the second. None if it has none."""
    time = _NAME_TIME.search(key)
    try:
        return int(datetime.strptime(f"{time[1]} +0000", "%Y-%m-%d-%H-%M-%S %z").timestamp() * 1000) if time else None
    except ValueError:
        return None


def may_hold(each: Object, moments_ms: Iterable[int], delivery_ms: int) -> bool:
    """Say whether an object may hold a change that happened in one of these moments, or arrived then.

    Its oldest record arrived at the time in its name, and S3 got it after its newest.
    """
    oldest_ms = name_ms(each.key)
    return any(
        each.last_modified_ms >= moment_ms - SLACK_MS
        and (oldest_ms is None or oldest_ms <= moment_ms + delivery_ms + SLACK_MS)
        for moment_ms in moments_ms
    )


def in_order(objects: Iterable[Object], moments_ms: Sequence[int], delivery_ms: int) -> list[Object]:
    """Return the objects in the order in which to read them.

    Those that may hold a moment's change come first, the nearest of them before the others. Then come the newest.
    """

    def place(each: Object) -> tuple[bool, int, str]:
        if not may_hold(each, moments_ms, delivery_ms):
            return True, -each.last_modified_ms, each.key
        return False, min(abs(each.last_modified_ms - moment_ms) for moment_ms in moments_ms), each.key

    return sorted(objects, key=place)


def windows(created_ms: int | None, now_ms: int) -> list[tuple[int, int]]:
    """Return the parts of the Kinesis stream to read, each from a time to a time, in the order in which to read them.

    First around the time in the id, then from now back in time. Nothing of the order is older than its id.
    """
    oldest_ms = None if created_ms is None else created_ms - SLACK_MS
    found = [] if created_ms is None else [(created_ms - SLACK_MS, created_ms + 60_000)]
    until_ms = now_ms + SLACK_MS
    for step_ms in _STEPS_MS:
        from_ms = now_ms - step_ms if oldest_ms is None else max(oldest_ms, now_ms - step_ms)
        if from_ms < until_ms:
            found.append((from_ms, until_ms))
        until_ms = from_ms
    return found
