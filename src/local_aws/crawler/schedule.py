"""When a crawl is due.

Source: AWS Glue Developer Guide, "Time-based schedules for jobs and crawlers": six fields, in UTC, and crawls at least
5 minutes apart.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from local_aws.errors import SettingsError

_MINUTE = r"[0-5]?[0-9](/(5|6|10|12|15|20|30))?"
_HOUR_OF_DAY = r"([01]?[0-9]|2[0-3])"
_HOUR = rf"(\*|{_HOUR_OF_DAY}(/([1-9]|1[0-9]|2[0-3])|(,{_HOUR_OF_DAY})*))"
_WEEKDAY = r"(SUN|MON|TUE|WED|THU|FRI|SAT)"
_DAY = rf"(\* \* \?|\? \* (MON-FRI|{_WEEKDAY}(,{_WEEKDAY})*))"

SCHEDULES = rf"cron\({_MINUTE} {_HOUR} {_DAY} \*\)"
"""Pattern of the schedules that can be read: minute and hour, on every day or on some days of the week."""

NEVER = "cron(0 0 1 1 ? 2199)"
"""What the template sets for `CrawlerSchedule=OFF`: no crawl is ever due."""

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class Schedule:
    """A schedule of crawls, such as `cron(10 0/6 * * ? *)`. Raises SettingsError for those not of SCHEDULES."""

    def __init__(self, expression: str) -> None:
        if not re.fullmatch(SCHEDULES, expression):
            raise SettingsError(
                f"The stand-in can't read schedule {expression}, so it crawls only after StartCrawler. "
                "It reads schedules such as cron(10 0/6 * * ? *), cron(0 8,20 * * ? *) and cron(30 6 ? * MON-FRI *)."
            )
        minute, hour, _, _, weekday, _ = expression.removeprefix("cron(").removesuffix(")").split()
        self._minutes = _values(minute, 60)
        self._hours = _values(hour, 24)
        days = {"?": _WEEKDAYS, "MON-FRI": _WEEKDAYS[:5]}.get(weekday, weekday.split(","))
        self._weekdays = {_WEEKDAYS.index(each) for each in days}

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """Return the last scheduled minute after `after` and up to `until`, both in UTC; None if there is none."""
        day = until.date()
        while day >= after.date():
            for moment in reversed(self._moments(day)):
                if after < moment <= until:
                    return moment
            day -= timedelta(days=1)
        return None

    def _moments(self, day: date) -> list[datetime]:
        if day.weekday() not in self._weekdays:
            return []
        return [
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            for hour in self._hours
            for minute in self._minutes
        ]


def _values(field: str, count: int) -> list[int]:
    """Return the values below `count` that a field names, in order: `*`, `0/6` or `8,20`."""
    if field == "*":
        return list(range(count))
    start, slash, step = field.partition("/")
    if slash:
        return list(range(int(start), count, int(step)))
    return sorted({int(each) for each in field.split(",")})


def call_to_crawl(
    crawler: dict[str, Any],
    schedule: Schedule | None,
    *,
    was_running: bool,
    last_crawl_began: datetime,
    now: datetime,
) -> str | None:
    """Return what called for a crawl since the last one began: StartCrawler or the schedule. None if nothing did.

    `crawler` is the answer to GetCrawler. After StartCrawler, its State is RUNNING for the 5 s in which the emulator
    pretends to crawl. From then on LastCrawl.StartTime shows it, even if nobody watched those 5 s.
    """
    if crawler["State"] == "RUNNING" and not was_running:
        return "StartCrawler"
    started = (crawler.get("LastCrawl") or {}).get("StartTime")
    if started and started > last_crawl_began:
        return f"StartCrawler at {started.astimezone(UTC):%H:%M:%S}"
    # A time before the schedule was set is not due.
    due = schedule and schedule.latest(max(last_crawl_began, crawler["LastUpdated"].astimezone(UTC)), now)
    return f"the schedule, due at {due:%H:%M}" if due else None
