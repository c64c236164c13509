"""What the declared table `orders` shows of the lake: the rules by which Athena reads it.

Pure: no AWS, environment or clock. Where AWS does not document a rule, it is taken from Trino, on which Athena is
built.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

# The same expression is in the view sales_current (template.yaml). Its group is the last time in an object's name:
# Firehose writes there when it got the object's oldest record, in UTC (Amazon Data Firehose Developer Guide,
# "Configure Amazon S3 object name format").
NAME_TIME = "[^/]*([0-9]{4}(-[0-9]{2}){5})[^/]*$"
_NAME_TIME = re.compile(NAME_TIME)
_DAY = re.compile(r"dt=([0-9]{4}-[0-9]{2}-[0-9]{2})")
_RANGE = re.compile(r"\s*([0-9]{4}-[0-9]{2}-[0-9]{2})\s*,\s*([0-9]{4}-[0-9]{2}-[0-9]{2}|NOW)\s*")
ARCHIVED = frozenset(("GLACIER", "DEEP_ARCHIVE"))
"""Storage classes whose objects Athena skips, restored or not (Amazon Athena User Guide, "Query restored Amazon S3
Glacier objects"). A table property changes that, and `declared_table` refuses it."""

_EPOCH, _LAST = date(1970, 1, 1), date(2199, 12, 31)  # between them, `arrival` fits 64 bits
_TIMES_OF_A_DAY = 10**14 + 1  # a name's time has 14 digits


@dataclass(frozen=True)
class ProjectedDays:
    """The days that the table shows, in UTC. Objects of other days exist for no query."""

    first: date
    last: date | None
    """None stands for the day on which a query runs."""

    @classmethod
    def parse(cls, text: str) -> "ProjectedDays":
        """Return the days of a value of `projection.dt.range`: `2026-01-01,NOW`. Raises ValueError for other values.

        Both ends are from 1970 to 2199. They belong to the range (Amazon Athena User Guide, "Supported types for
        partition projection").
        """
        ends = _RANGE.fullmatch(text)
        if not ends:
            raise ValueError(f"no days: {text}")
        days = cls(date.fromisoformat(ends[1]), None if ends[2] == "NOW" else date.fromisoformat(ends[2]))
        if days.first < _EPOCH or (days.last or _EPOCH) > _LAST:
            raise ValueError(f"days before 1970 or after 2199: {text}")
        return days

    def day_of(self, path: str, now_ms: int) -> date | None:
        """Return the day of an object; None where the table does not show it.

        `path` is the key without the table's location. The table shows `dt=2026-11-22/name.json`, and what is in
        folders below a day. Athena ignores names that begin with an underscore or a dot (Amazon Athena User Guide,
        "Considerations and limitations"), and Trino such folders too. Trino also ignores Hadoop's marks of folders,
        which end in `_$folder$`. Nobody documents whether Athena reads an object whose key ends in a slash, or has two
        slashes together: such objects count as not shown.
        """
        folder, *names = path.split("/")
        day = _DAY.fullmatch(folder)
        if not day or not names or not all(name and name[0] not in "_." for name in names):
            return None
        if path.endswith("_$folder$"):
            return None
        try:
            found = date.fromisoformat(day[1])
        except ValueError:
            return None
        return found if self.first <= found <= (self.last or _day_at(now_ms)) else None


def arrival(day: date, key: str) -> int:
    """Return a number that orders objects as the view does: by day, and then by the time in the name; none is oldest.

    Two objects of one day and one second have the same number. When S3 took an object plays no part.
    """
    time = _NAME_TIME.search(key)
    return (day - _EPOCH).days * _TIMES_OF_A_DAY + (1 + int(time[1].replace("-", "")) if time else 0)


def arrival_at(ms: int) -> int:
    """Return the number of an object whose oldest record arrived then, in milliseconds since 1970."""
    return arrival(_day_at(ms), f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d-%H-%M-%S}")


def names_time(arrived: int) -> bool:
    """Say whether the name of an object with this number has a time."""
    return arrived % _TIMES_OF_A_DAY > 0


def _day_at(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()
