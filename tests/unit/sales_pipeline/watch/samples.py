"""What the sources said of a pipeline: a healthy one, which tests change."""

from datetime import UTC, datetime, timedelta

from sales_pipeline.failures.replayed import Replayed
from sales_pipeline.status import sources, stages
from sales_pipeline.status.measured import Measured
from sales_pipeline.status.stages import Objects
from sales_pipeline.watch.buffers import Times
from sales_pipeline.watch.model import CHANGES, METRICS, Changes, Lake
from sales_pipeline.watch.model import screen as make_screen
from sales_pipeline.watch.orders import Order
from sales_pipeline.watch.passing import Passed
from sales_pipeline.watch.poll import Sample

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CLOCK = 1000.0
TIMES = Times(transform_seconds=10, buffer_seconds=60, delivery_seconds=105)
TITLE = "sales-data-projection on this machine"
STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-11-22T00:00:00.000"
TABLE = {
    "TableStatus": "ACTIVE",
    "ItemCount": 112,
    "TableSizeBytes": 9800,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "LatestStreamArn": STREAM_ARN,
}
CRAWLER = {"State": "READY", "Schedule": {"ScheduleExpression": "cron(10 0/6 * * ? *)"}}
COUNTS = {"records_ok": 108.0, "records_dropped": 0.0, "records_failed": 0.0}
MEASURED = Measured(COUNTS, "not measured here", {"records_ok": 20.0})
NONE_WAITS = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}


def before(seconds):
    return NOW - timedelta(seconds=seconds)


def objects(*ages):
    """Objects of 1 KB that are so old, in seconds."""
    return sum((Objects.one(f"{age}", 1024, before(age)) for age in ages), Objects())


def lake(*ages, rows=(), before_today=()):
    return Lake(stages.lake(objects(*ages), objects(*before_today), NOW), rows)


def passed(*ages, since=210, was_skipped=False):
    """Changes that arrived so many seconds ago, which were read from `since` seconds ago on."""
    arrivals = sorted(NOW_MS - age * 1000 for age in ages)
    return Passed(arrivals, (), NOW_MS - since * 1000, was_skipped)


def changes(*ages, since=210, was_skipped=False, newest=()):
    return Changes(
        passed(*ages, since=since, was_skipped=was_skipped), [(NOW_MS - age * 1000, order) for age, order in newest]
    )


def order(number, product="Laptop", event="INSERT", age=5):
    order_id = f"01a20446-a53f-7000-a43e-{number:012d}"
    return Order(order_id, f"{product}, 1, 349.00", event, NOW_MS - age * 1000)


def letters(count):
    return NONE_WAITS | {"ApproximateNumberOfMessages": str(count)}


# As AWS describes each by default, and what `sales status` makes of that.
MADE = {
    "generator": (
        {"State": "DISABLED", "ScheduleExpression": "rate(1 minute)"},
        lambda described: sources.generator(described, Measured(), "sales up"),
    ),
    "table": (TABLE, lambda described: sources.table(described, STREAM_ARN)),
    "pipe": ({"CurrentState": "RUNNING"}, lambda described: stages.pipe(described, Measured())),
    "dead letters": (
        NONE_WAITS,
        lambda described: stages.dead_letters(described, Measured({"dead_letters_oldest_seconds": 7300})),
    ),
    "stream": (
        {"StreamStatus": "ACTIVE", "OpenShardCount": 1},
        lambda described: stages.stream(described, Measured()),
    ),
    "delivery": ({"DeliveryStreamStatus": "ACTIVE"}, lambda described: stages.delivery(described, Measured())),
    "transform": ({"State": "Active"}, lambda described: stages.transform(described, Measured())),
    "errors": ({}, lambda _: stages.errors(Objects(), None, NOW)),
    "crawler": (
        {"StartTime": before(200), "Status": "SUCCEEDED"},
        lambda crawl: stages.crawler(CRAWLER, crawl, NOW),
    ),
    "alarms": (
        {"AlarmName": "a", "StateValue": "OK", "AlarmDescription": "Do this."},
        lambda described: stages.alarms([described]),
    ),
}
STAGES = tuple(MADE)


def stage(name, **described):
    """Return a stage as AWS describes it by default, with these differences."""
    default, make = MADE[name]
    return make(default | described)


def values(**changed):
    """What each source said; names with a space are written with an underscore."""
    healthy = {
        METRICS: MEASURED,
        CHANGES: changes(0, 3, 6, 9, 12, 15, 90, newest=[(1, order(2, "Tablet 11-inch", age=3)), (4, order(1, age=6))]),
        **{name: stage(name) for name in STAGES[:7]},
        "lake": lake(10, 75, rows=[order(9, "Drone", ""), order(8, "Mini PC", "")]),
        **{name: stage(name) for name in STAGES[7:]},
    }
    return healthy | {name.replace("_", " "): value for name, value in changed.items()}


def look(now_ms=NOW_MS, failing=None, **changed):
    """Make the screen. `failing` has sources that cannot be read: the reason, and since when."""
    samples = {name: Sample(value) for name, value in values(**changed).items()}
    for name, (problem, since) in (failing or {}).items():
        samples[name] = Sample(samples[name].value, problem, since)
    return make_screen(TITLE, samples, now_ms, CLOCK, TIMES)


def replayed():
    return stages.errors(Objects(), Replayed(3, NOW_MS - 40_000, NOW_MS + 65_000), NOW)
