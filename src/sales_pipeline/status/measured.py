"""What the metrics of the last hour say. Pure: no AWS, environment or clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

Fact = int | float | str | list[str] | None
Series = Mapping[str, Sequence[tuple[datetime, float]]]
"""The values of each metric with their times, in order."""


class Period(NamedTuple):
    """A period that includes its begin, and not its end."""

    since: datetime
    until: datetime


def totals(series: Series, lags: Collection[str]) -> dict[str, float]:
    """Return the sum of each count, and the last value of each lag, which has to have one."""
    return {
        name: values[-1][1] if name in lags else sum(value for _, value in values) for name, values in series.items()
    }


@dataclass(frozen=True)
class Measured:
    """Metrics: counts of the last hour, and the newest value of each lag."""

    values: Mapping[str, float] = field(default_factory=dict)
    """By the names of `metrics`."""
    absent: str = ""
    """Why a metric can have no value. Empty on AWS: there a count without a value is zero, and a lag without a value
    means that Firehose has read nothing."""
    per_minute: Mapping[str, float] = field(default_factory=dict)
    """Counts per minute over the last minutes, by the same names."""

    @classmethod
    def of(cls, series: Series, absent: str, lags: Collection[str], last: Period) -> "Measured":
        """Return what these values say. `lags` are the names of lags; counts per minute are those of the period."""
        minutes = (last.until - last.since).total_seconds() / 60
        per_minute = {
            name: sum(value for time, value in values if last.since <= time < last.until) / minutes
            for name, values in series.items()
            if name not in lags
        }
        return cls(totals(series, lags), absent, per_minute)

    def count(self, name: str) -> float | None:
        return self.values.get(name, None if self.absent else 0.0)

    def rate(self, name: str) -> float | None:
        """Return a count per minute, None where it is not known."""
        return self.per_minute.get(name, None if self.absent else 0.0)

    def facts(self, names: Mapping[str, str]) -> dict[str, Fact]:
        return {f"{name}_last_hour": self.count(name) for name in names}

    def details(self, labels: Mapping[str, str], *more_unknown: str) -> list[str]:
        """Return for people the counts of the metrics that have labels here, and the labels of unknown counts."""
        counts = {label: self.count(name) for name, label in labels.items()}
        known = [f"{count:,.0f} {label}" for label, count in counts.items() if count is not None]
        unknown = [*(label for label, count in counts.items() if count is None), *more_unknown]
        return [
            *([f"last hour: {', '.join(known)}"] if known else []),
            *([f"{self.absent}: {', '.join(unknown)}"] if unknown else []),
        ]
