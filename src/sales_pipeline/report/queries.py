"""The SQL of the report. Pure: no AWS, environment or clock.

Each query reads the declared table, not the view `sales_current`: the view is not there right after a deployment, and
does not say which object a row is in. `CURRENT` has the view's rule, and a test compares the two.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.version import UUID7
from sales_pipeline.reconcile.declared import NAME_TIME
from transform.column_types import DECIMAL, INT32, INT64, STRING, Column, deletion_columns

PRODUCTS, ORDERS = 12, 10
"""Products by revenue, and orders in each list: what the report shows of them."""
TEXT_CHARS = 200
"""How much of an id or a product's name a query returns: DynamoDB allows 400 KB."""
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
SECONDS_FOR_MS, MINUTES_FOR_MS = 15 * MINUTE_MS, 6 * HOUR_MS
"""How far back orders are counted by the second, and by the minute. Older ones are counted by the hour."""
_FIRST_ID_MS = 1_577_836_800_000  # 2020-01-01: an earlier time is no time
_LATEST_DELAY_MS = 30 * DAY_MS
_NUMBERS = (INT32, INT64, DECIMAL)


@dataclass(frozen=True)
class Asked:
    """What the queries are about."""

    table: str
    """The declared table, with its database."""
    form: RowForm
    now_ms: int
    since_ms: int | None = None
    """Only orders from this time on."""

    @property
    def oldest_day_ms(self) -> int:
        """The first day whose rows the queries read, if not all: a day before `since_ms`.

        An order's rows arrive after the time in its id. The clock of who made the id can be wrong by up to a day.
        """
        since_ms = max(0, (self.since_ms or 0) - DAY_MS)  # no order is from before 1970
        return since_ms - since_ms % DAY_MS

    def column(self, name: str, *types: object) -> Column | None:
        """Return the order's column of this name, if there is one of such a type."""
        return next((each for each in self.form.columns if each.name == name and each.type in types), None)

    @property
    def has_product(self) -> bool:
        return self.column("product_name", STRING) is not None

    @property
    def has_units(self) -> bool:
        return self.column("quantity", *_NUMBERS) is not None

    @property
    def has_revenue(self) -> bool:
        return self.has_units and self.column("price", *_NUMBERS) is not None


def figures(asked: Asked) -> str:
    """Return the query of all sums and counts. `part` says what a row of the answer is about.

    - `all`: all orders. `start_ms` and `end_ms` are the first and the last one's time, `number` those without a time in
      the id.
    - `time`: the orders of a second, a minute or an hour that begins at `start_ms`.
    - `product`: one of those with the highest revenue. `number` is how many products there are.
    - `delay`: orders that took about `start_ms`, counted to the beginning of their object.
    """
    rank = "revenue" if asked.has_revenue else "units" if asked.has_units else "orders"
    now_ms = asked.now_ms
    return f"""
{current(asked)},
keyed AS (
  SELECT time_ms, id_ms, product, units, revenue,
    CASE
      WHEN time_ms >= {_floor(now_ms - SECONDS_FOR_MS, MINUTE_MS)} THEN time_ms - time_ms % {SECOND_MS}
      WHEN time_ms >= {_floor(now_ms - MINUTES_FOR_MS, HOUR_MS)} THEN time_ms - time_ms % {MINUTE_MS}
      ELSE time_ms - time_ms % {HOUR_MS}
    END AS bucket,
    CASE
      WHEN delay_ms < {15 * MINUTE_MS} THEN greatest(delay_ms - delay_ms % {SECOND_MS}, -{HOUR_MS})
      WHEN delay_ms < {6 * HOUR_MS} THEN delay_ms - delay_ms % {MINUTE_MS}
      ELSE least(delay_ms - delay_ms % {HOUR_MS}, {_LATEST_DELAY_MS})
    END AS delay
  FROM timed
),
summed AS (
  SELECT
    CASE
      WHEN bucket IS NOT NULL THEN 'time'
      WHEN product IS NOT NULL THEN 'product'
      WHEN delay IS NOT NULL THEN 'delay'
      WHEN grouping(bucket, product, delay) = 7 THEN 'all'
      ELSE 'without'
    END AS part,
    coalesce(bucket, delay, min(time_ms)) AS start_ms, max(time_ms) AS end_ms, product,
    count(*) AS orders, sum(units) AS units, sum(revenue) AS revenue, count_if(id_ms IS NULL) AS timeless
  FROM keyed
  GROUP BY GROUPING SETS ((), (bucket), (product), (delay))
)
SELECT part, start_ms, end_ms, substr(product, 1, {TEXT_CHARS}) AS product, orders, units, revenue,
  CASE WHEN part = 'all' THEN timeless ELSE products END AS number
FROM (
  SELECT *, count(*) OVER (PARTITION BY part) AS products,
    row_number() OVER (PARTITION BY part ORDER BY {rank} DESC NULLS LAST, product) AS place
  FROM summed
)
WHERE part <> 'without' AND (part <> 'product' OR place <= {PRODUCTS})
ORDER BY part, place
"""  # noqa: S608 - our own text; names of columns are quoted


def orders(asked: Asked) -> str:
    """Return the query of the latest orders and of those with the highest revenue.

    `latest` and `expensive` are the places of an order in the two lists. One query reads the lake once: the first
    orders of all days are among the first ones of each day, so no query has to sort all orders in one place.
    """
    late, dear = "time_ms DESC, id DESC", "revenue DESC NULLS LAST, time_ms DESC, id"
    return f"""
{current(asked)},
of_days AS (
  SELECT *,
    row_number() OVER (PARTITION BY time_ms / {DAY_MS} ORDER BY {late}) AS latest_of_day,
    row_number() OVER (PARTITION BY time_ms / {DAY_MS} ORDER BY {dear}) AS expensive_of_day
  FROM timed
),
of_all AS (
  SELECT *, row_number() OVER (ORDER BY {late}) AS latest, row_number() OVER (ORDER BY {dear}) AS expensive
  FROM of_days
  WHERE latest_of_day <= {ORDERS} OR expensive_of_day <= {ORDERS}
)
SELECT substr(id, 1, {TEXT_CHARS}) AS id, time_ms, substr(product, 1, {TEXT_CHARS}) AS product, quantity, price,
  revenue, latest, expensive
FROM of_all
WHERE latest <= {ORDERS} OR expensive <= {ORDERS}
"""  # noqa: S608


def current(asked: Asked) -> str:
    """Return the WITH clause whose query `timed` has the current version of each order.

    An order's time is that in its id if the id is a UUIDv7, and otherwise that of its row: with change columns, of the
    first row of its newest change. `delay_ms` is how long the order took to the beginning of its object; with change
    columns, how long that change did.
    """
    form, key = asked.form, _quoted(asked.form.key.name)
    id_ms = "CAST(NULL AS bigint)"
    if form.key.type is STRING:
        id_ms = f"""
    CASE WHEN regexp_like(lower({key}), '^{UUID7}$')
      THEN from_base(replace(substr(lower({key}), 1, 13), '-', ''), 16) END"""
    event_ms = "CAST(NULL AS bigint)"
    newest, version_ms = 'dt DESC, "$time" DESC NULLS LAST', '"$arrived"'
    required = [f"{_quoted(name)} IS NOT NULL" for name in deletion_columns(form.columns)]
    is_order = " OR ".join(required) or "true"
    if form.change_columns:
        event_ms = "try(CAST(to_unixtime(from_iso8601_timestamp(event_time)) * 1000e0 AS bigint))"
        change = "length(sequence_number) DESC NULLS LAST, sequence_number DESC NULLS LAST"
        newest = f"{change}, {newest}"
        # For the newest row, these are all rows of its change: it may have been delivered again much later.
        first_of_change = f'min("$arrived") OVER (PARTITION BY {key} ORDER BY {change})'
        version_ms = f'CASE WHEN sequence_number IS NULL THEN "$arrived" ELSE {first_of_change} END'
        is_order = "coalesce(event_name, '') <> 'REMOVE'"
    days = "" if asked.since_ms is None else f"  WHERE dt >= '{_day(asked.oldest_day_ms)}'\n"
    recent = "" if asked.since_ms is None else f"  WHERE coalesce(id_ms, arrived_ms, day_ms) >= {asked.since_ms}\n"
    product = f"coalesce({_quoted('product_name')}, '')" if asked.has_product else "CAST(NULL AS varchar)"
    quantity = _quoted("quantity") if asked.has_units else "CAST(NULL AS bigint)"
    price = _quoted("price") if asked.has_revenue else "CAST(NULL AS bigint)"
    return f"""
WITH stored AS (
  SELECT *, regexp_extract("$path", '{NAME_TIME}', 1) AS "$time"
  FROM {asked.table}
{days}),
ranked AS (
  SELECT *,
    try(CAST(to_unixtime(date_parse("$time", '%Y-%m-%d-%H-%i-%s')) * 1000e0 AS bigint)) AS "$arrived",
    row_number() OVER (PARTITION BY {key} ORDER BY {newest}) AS "$newest"
  FROM stored
),
dated AS (
  SELECT *, min("$arrived") OVER (PARTITION BY {key}) AS "$first", {version_ms} AS "$version"
  FROM ranked
),
versions AS (
  SELECT CAST({key} AS varchar) AS id,
    {product} AS product,
    CAST({quantity} AS double) AS units, CAST({quantity} AS double) * CAST({price} AS double) AS revenue,
    CAST({quantity} AS varchar) AS quantity, CAST({price} AS varchar) AS price,
    "$version" AS arrived_ms, "$first" AS first_ms, {event_ms} AS event_ms,
    CAST(to_unixtime(date_parse(dt, '%Y-%m-%d')) * 1000e0 AS bigint) AS day_ms, {id_ms} AS found_ms
  FROM dated
  WHERE "$newest" = 1 AND ({is_order})
),
known AS (
  SELECT *, CASE WHEN found_ms BETWEEN {_FIRST_ID_MS} AND {asked.now_ms + DAY_MS} THEN found_ms END AS id_ms
  FROM versions
),
timed AS (
  SELECT *, coalesce(id_ms, arrived_ms, day_ms) AS time_ms,
    coalesce(arrived_ms - event_ms, first_ms - id_ms) AS delay_ms
  FROM known
{recent})"""  # noqa: S608


def _floor(time_ms: int, step_ms: int) -> int:
    return time_ms - time_ms % step_ms


def _day(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
