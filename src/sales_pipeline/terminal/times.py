"""Points in time: milliseconds since 1970 in code, ISO 8601 for programs, short for people. All are in UTC."""

from datetime import UTC, datetime


def to_ms(time: datetime | None) -> int | None:
    """Return a time in milliseconds since 1970. One without a zone is in UTC."""
    if time is None:
        return None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def iso(time_ms: int | None) -> str | None:
    """Return a time to the second, such as `2026-11-22T19:30:00Z`; None where it is not known."""
    time = _utc(time_ms)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def time_of_day(time_ms: int) -> str:
    """Return a time to the second, such as `19:30:00 UTC`: for people, and for a moment that is near."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%H:%M:%S UTC")


def short(time_ms: int | None, now_ms: int) -> str | None:
    """Return a time to the minute, such as `11-22 19:30`, with the year if it is not the year of `now_ms`."""
    time = _utc(time_ms)
    return _short(time, _utc(now_ms)) if time else None


def moment(time_ms: int, now_ms: int) -> str:
    """Return a time such as `11-22 19:30:05.250`: as `short`, to the millisecond, unless it is a whole second."""
    time = _utc(time_ms)
    if time is None:
        return "?"
    shown = f"{_short(time, _utc(now_ms))}:{time:%S}"
    return f"{shown}.{time_ms % 1000:03}" if time_ms % 1000 else shown


def short_period(first_ms: int | None, last_ms: int | None, now_ms: int) -> str | None:
    """Return a period such as `11-22 19:30 to 20:15`, or one time if it begins and ends within a minute."""
    first, last, now = _utc(first_ms), _utc(last_ms), _utc(now_ms)
    if first is None or last is None:
        known = first or last
        return _short(known, now) if known else None
    begin, end = _short(first, now), _short(last, now)
    if begin == end:
        return begin
    return f"{begin} to {last:%H:%M}" if first.date() == last.date() else f"{begin} to {end}"


def _short(time: datetime, now: datetime | None) -> str:
    return time.strftime("%m-%d %H:%M" if now and time.year == now.year else "%Y-%m-%d %H:%M")


def _utc(time_ms: int | None) -> datetime | None:
    try:
        return None if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # what an error record holds need not be a time
        return None
