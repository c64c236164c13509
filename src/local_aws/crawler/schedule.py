"""When a Glue crawler is due.

Source: AWS Glue Developer Guide, "Time-based schedules for jobs and crawlers": six fields, in UTC.
"""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SATURDAY = 7
FIELD_COUNT = 6


class ScheduleError(Exception):
    """The schedule is none that Glue takes; the text names the field."""


class Cron:
    """A cron expression of AWS: `cron(Minutes Hours Day-of-month Month Day-of-week Year)`."""

    def __init__(self, expression: str) -> None:
        fields = expression.strip().removeprefix("cron(").removesuffix(")").upper().split()
        if len(fields) != FIELD_COUNT or not expression.strip().startswith("cron("):
            raise ScheduleError(
                f"{expression} is no schedule of Glue: it takes six fields, such as cron(10 0/6 * * ? *)."
            )
        minute, hour, self._day, month, self._weekday, year = fields
        if (self._day == "?") == (self._weekday == "?"):
            raise ScheduleError(f"{expression}: one of day-of-month and day-of-week must be ?, and the other not.")
        self._minutes = _values(minute, 0, 59)
        self._hours = _values(hour, 0, 23)
        self._months = _values(month, 1, 12, MONTHS)
        self._years = _values(year, 1970, 2199)
        self.matches(datetime(2026, 1, 1, tzinfo=UTC))  # the day's fields, too, fail now or never

    def matches(self, moment: datetime) -> bool:
        """Tell whether the minute of this moment, in UTC, is one of the schedule."""
        return self._on(moment.date()) and moment.minute in self._minutes and moment.hour in self._hours

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """Return the last scheduled minute after `after` and up to `until`, both in UTC; None if there is none."""
        day = until.date()
        while day >= after.date():
            if self._on(day):
                for hour in sorted(self._hours, reverse=True):
                    for minute in sorted(self._minutes, reverse=True):
                        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                        if after < moment <= until:
                            return moment
            day -= timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        days = _days(self._day, day) if self._day != "?" else _weekdays(self._weekday, day)
        return day.day in days and day.month in self._months and day.year in self._years


def call_to_crawl(
    crawler: dict[str, Any], *, was_running: bool, last_crawl_began: datetime | None, now: datetime
) -> str | None:
    """Say why a crawl is due: something called for one after the last one began. None if nothing did.

    `crawler` is what GetCrawler answers. A `StartCrawler` shows in its State while the emulator pretends to crawl, for
    5 s, and as LastCrawl.StartTime from then on: so a start that nobody watched is seen, too.
    """
    if crawler["State"] == "RUNNING" and not was_running:
        return "StartCrawler"
    since = last_crawl_began or datetime.min.replace(tzinfo=UTC)
    started = (crawler.get("LastCrawl") or {}).get("StartTime")
    if started and started > since:
        return f"StartCrawler at {started.astimezone(UTC):%H:%M:%S}"
    schedule = crawler.get("Schedule", {})
    if not schedule.get("ScheduleExpression") or schedule.get("State") == "NOT_SCHEDULED":
        return None
    # What was due before the schedule was set is not due.
    after = max(since, crawler["LastUpdated"].astimezone(UTC))
    due = Cron(schedule["ScheduleExpression"]).latest(after, now)
    return f"schedule {schedule['ScheduleExpression']}, due at {due:%H:%M}" if due else None


def _values(field: str, first: int, last: int, names: tuple[str, ...] = ()) -> set[int]:
    values: set[int] = set()
    for part in field.split(","):
        matched = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if not matched:
            raise ScheduleError(f"{part} is nothing that a schedule takes in this field: {field}.")
        start, end, step = matched.groups()
        low = first if start == "*" else _number(start, first, last, names)
        high = _number(end, first, last, names) if end else last if step or start == "*" else low
        if low > high or step == "0":
            raise ScheduleError(f"{part} holds nothing: a range goes upwards, by 1 or more.")
        values |= set(range(low, high + 1, int(step or 1)))
    return values


def _number(text: str, first: int, last: int, names: tuple[str, ...]) -> int:
    value = names.index(text) + 1 if text in names else int(text) if text.isdecimal() else -1
    if not first <= value <= last:
        raise ScheduleError(f"{text} is not in {first} to {last}.")
    return value


def _days(field: str, day: date) -> set[int]:
    """Days of the day's month that a day-of-month field names."""
    last = calendar.monthrange(day.year, day.month)[1]
    days: set[int] = set()
    for part in field.split(","):
        if part == "L":
            days.add(last)
        elif part == "LW":
            days.add(_nearest_working_day(day.replace(day=last)))
        elif part.endswith("W"):
            days.add(_nearest_working_day(day.replace(day=min(_number(part[:-1], 1, 31, ()), last))))
        else:
            days |= _values(part, 1, 31)
    return days


def _nearest_working_day(day: date) -> int:
    """Working day closest to this one in its month: a Saturday goes back a day, a Sunday on, unless the month ends."""
    last = calendar.monthrange(day.year, day.month)[1]
    if _weekday(day) == SATURDAY:
        return day.day - 1 if day.day > 1 else day.day + 2
    if _weekday(day) == 1:
        return day.day + 1 if day.day < last else day.day - 2
    return day.day


def _weekdays(field: str, day: date) -> set[int]:
    """Days of the day's month that a day-of-week field names; 1 is Sunday, L Saturday, 6L the month's last Friday."""
    first_weekday, last = calendar.monthrange(day.year, day.month)
    days_of: dict[int, list[int]] = {each: [] for each in range(1, 8)}
    for number in range(1, last + 1):
        days_of[(first_weekday + number) % 7 + 1].append(number)
    days: set[int] = set()
    for part in field.split(","):
        if part == "L":
            days |= set(days_of[SATURDAY])
        elif part.endswith("L"):
            days.add(days_of[_number(part[:-1], 1, 7, WEEKDAYS)][-1])
        else:
            days |= {number for each in _values(part, 1, 7, WEEKDAYS) for number in days_of[each]}
    return days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1
