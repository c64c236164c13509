"""What the report shows, from the answers of its queries. Pure: no AWS, environment or clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from sales_pipeline.report.queries import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    MINUTES_FOR_MS,
    ORDERS,
    SECOND_MS,
    SECONDS_FOR_MS,
)
from sales_pipeline.terminal.table import DataTable

DAYS_MAX, HOURS_MAX = 366, 7 * 24
DAYS_MIN, HOURS_MIN = 7, 24
BARS = 60
_STEPS_MS = (
    *(seconds * SECOND_MS for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * MINUTE_MS for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR_MS for hours in (1, 2, 6, 12)),
    *(days * DAY_MS for days in (1, 2, 7, 30)),
)
_DELAY_BARS = 20


class Sums(NamedTuple):
    """Sums over some orders. What the rows have no column for is 0."""

    orders: int = 0
    units: float = 0.0
    revenue: float = 0.0

    def plus(self, other: Self) -> "Sums":
        """Return the sums over the orders of both."""
        return Sums(self.orders + other.orders, self.units + other.units, self.revenue + other.revenue)


class Interval(NamedTuple):
    """The orders of an interval that begins at this time, in milliseconds since 1970."""

    start_ms: int
    sums: Sums


class Product(NamedTuple):
    """The orders of a product."""

    name: str
    sums: Sums


class Order(NamedTuple):
    """An order, for a list. The numbers are as the row has them, None where it has none."""

    id: str
    time_ms: int
    product: str | None
    quantity: str | None
    price: str | None
    revenue: float | None


class Bin(NamedTuple):
    """The orders whose delay is at least `from_ms` and less than `to_ms`. None is no bound."""

    from_ms: int | None
    to_ms: int | None
    orders: int


@dataclass(frozen=True)
class Figures:
    """The orders of the lake: the current version of each. Times are in milliseconds since 1970."""

    total: Sums
    first_ms: int | None = None
    """Time of the first order; None without one."""
    last_ms: int | None = None
    timeless: int = 0
    """Orders whose ids hold no time. They count at the time of their rows."""
    times: Sequence[Interval] = ()
    """By time. The oldest intervals are hours, the latest seconds."""
    products: Sequence[Product] = ()
    """Those with the highest revenue."""
    product_count: int = 0
    delays: Sequence[tuple[int, int]] = ()
    """Milliseconds from the order to the beginning of its object, by length, and how many orders took so long."""
    latest: Sequence[Order] = ()
    expensive: Sequence[Order] = ()

    @classmethod
    def of(cls, sums: DataTable, orders: DataTable) -> "Figures":
        """Return what the answers of `queries.figures` and `queries.orders` say."""
        parts: dict[str, list[dict[str, Any]]] = {"all": [], "time": [], "product": [], "delay": []}
        for row in _rows(sums):
            parts[row["part"]].append(row)
        listed = list(_rows(orders))
        every = next(iter(parts["all"]), None)
        products = parts["product"]
        return cls(
            total=_sums(every) if every else Sums(),
            first_ms=every["start_ms"] if every else None,
            last_ms=every["end_ms"] if every else None,
            timeless=every["number"] if every else 0,
            times=sorted(Interval(row["start_ms"], _sums(row)) for row in parts["time"]),
            products=[Product(row["product"], _sums(row)) for row in products],
            product_count=products[0]["number"] if products else 0,
            delays=sorted((row["start_ms"], row["orders"]) for row in parts["delay"]),
            latest=_first(listed, "latest"),
            expensive=_first(listed, "expensive"),
        )

    def days(self) -> list[Interval]:
        """Return the days from the first order to the last, a week at least and a year at most."""
        return self._intervals(DAY_MS, DAYS_MIN, DAYS_MAX)

    def hours(self) -> list[Interval]:
        """Return the hours from the first order to the last, of a day at least and a week at most."""
        return self._intervals(HOUR_MS, HOURS_MIN, HOURS_MAX)

    def moments(self, now_ms: int) -> tuple[int, list[Interval]] | None:
        """Return intervals shorter than an hour, and their length, where all orders are from the last few hours.

        None where some are older, or all are of one moment. `now_ms` is the time of the queries.
        """
        if self.first_ms is None or self.last_ms is None:
            return None
        span_ms = self.last_ms - self.first_ms
        known_ms = SECOND_MS if self.first_ms >= now_ms - SECONDS_FOR_MS else MINUTE_MS
        step_ms = next(each for each in _STEPS_MS if each >= known_ms and span_ms < each * (BARS - 1))
        if step_ms >= HOUR_MS // 4 or not span_ms or self.first_ms < now_ms - MINUTES_FOR_MS:
            return None
        return step_ms, self._intervals(step_ms, BARS // 5, BARS)

    def _intervals(self, step_ms: int, least: int, most: int) -> list[Interval]:
        if self.first_ms is None or self.last_ms is None:
            return []
        end_ms = self.last_ms - self.last_ms % step_ms
        start_ms = self.first_ms - self.first_ms % step_ms
        start_ms = max(min(start_ms, end_ms - (least - 1) * step_ms), end_ms - (most - 1) * step_ms)
        found = dict.fromkeys(range(start_ms, end_ms + 1, step_ms), Sums())
        for each, sums in self.times:
            place = each - each % step_ms
            if place in found:
                found[place] = found[place].plus(sums)
        return [Interval(*each) for each in found.items()]


@dataclass(frozen=True)
class Delays:
    """How long orders took: milliseconds, by length, and how many orders took so long."""

    counted: Sequence[tuple[int, int]]
    orders: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "orders", sum(orders for _, orders in self.counted))

    def within_ms(self, share: float) -> int:
        """Return the time within which this share of the orders arrived: 0.5 for half of them."""
        left = share * self.orders
        for each_ms, orders in self.counted:
            left -= orders
            if left <= 0:
                return each_ms
        return 0

    def bins(self) -> list[Bin]:
        """Return the distribution in some 20 bins of one width. The first and the last may be without a bound."""
        if not self.orders:
            return []
        top_ms = max(self.within_ms(0.99), 1)
        step_ms = next((each for each in _STEPS_MS if top_ms < each * _DELAY_BARS), _STEPS_MS[-1])
        last_ms = min(top_ms - top_ms % step_ms, step_ms * _DELAY_BARS)
        below = sum(orders for each, orders in self.counted if each < 0)
        beyond = sum(orders for each, orders in self.counted if each >= last_ms + step_ms)
        found = [
            Bin(start, start + step_ms, sum(orders for each, orders in self.counted if start <= each < start + step_ms))
            for start in range(0, last_ms + 1, step_ms)
        ]
        return [
            *([Bin(None, 0, below)] if below else []),
            *found,
            *([Bin(last_ms + step_ms, None, beyond)] if beyond else []),
        ]


def _rows(answer: DataTable) -> Iterable[dict[str, Any]]:
    return (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)


def _first(rows: Iterable[dict[str, Any]], place: str) -> list[Order]:
    """Return the orders whose place in a list is one of its first."""
    found = sorted((row for row in rows if row[place] <= ORDERS), key=lambda row: int(row[place]))
    return [Order(**{name: row[name] for name in Order._fields}) for row in found]


def _sums(row: dict[str, Any]) -> Sums:
    return Sums(row["orders"], row["units"] or 0.0, row["revenue"] or 0.0)
