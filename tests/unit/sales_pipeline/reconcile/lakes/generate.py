"""Random lakes: a table and the rows that a working pipeline makes of its changes, and then up to four oddities."""

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.unit.sales_pipeline.reconcile.lakes import odd_objects, odd_orders, odd_own, odd_rows  # noqa: F401 - they register their oddities
from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW, Lake, Object
from tests.unit.sales_pipeline.reconcile.lakes.odd import make_next_odd, make_odd
from tests.unit.sales_pipeline.reconcile.lakes.schema import FOUR, OWN
from tests.unit.sales_pipeline.reconcile.lakes.values import OTHERS, json_text

# Whether rows have change columns: of the earlier objects, and of the later ones. The stack's parameter is the latter.
HISTORIES = [("NONE", "NONE"), ("APPEND", "APPEND"), ("NONE", "APPEND"), ("APPEND", "NONE")]
# The same for other attributes. Before a switch to KEEP, rows lack what the table then holds: that is an oddity.
OTHERS_HISTORIES = [("DROP", "DROP"), ("KEEP", "KEEP"), ("KEEP", "KEEP"), ("KEEP", "DROP")]
STREAMS = ["orders", "stack-DeliveryStream-x1", "copy-2020-01-01-00-00-00"]


@dataclass
class Change:
    """One change of an order, as its row tells it; no version stands for the deletion."""

    orderid: str
    version: dict | None
    event_id: str = ""
    sequence_number: str = ""
    slot: int = 0


def random_lake(number):
    """The lake of this number, always the same one. One of three has the columns of OWN, the others those of FOUR."""
    rng = random.Random(number)
    turn, schema = number % 3, FOUR if number % 3 else OWN
    lake = right_lake(rng, schema)
    # So many lakes get the oddities in turn, so that no oddity is left to chance. It may not fit the first lake.
    if turn or number % 2:
        for _ in range(10):
            before = str(lake)
            make_next_odd(lake, rng, number // 3 * 2 + turn if turn else number // 6)
            if str(lake) != before:
                break
            lake = right_lake(rng, schema)
    for _ in range(rng.choices([0, 1, 2, 3], [60, 20, 15, 5])[0]):
        make_odd(lake, rng)
    lake.objects = list({each.key: each for each in lake.objects}.values())
    return lake


def right_lake(rng, schema):
    """A lake that lacks nothing, but perhaps the deletion of an order that no row could tell."""
    before, after = rng.choice(HISTORIES)
    others_before, others_after = rng.choice(OTHERS_HISTORIES) if schema is OWN else ("DROP", "DROP")
    slots = _slots(rng)
    switch, others_switch = rng.randint(0, len(slots)), rng.randint(0, len(slots))
    shapes = [
        (before if slot < switch else after, others_before if slot < others_switch else others_after)
        for slot in range(len(slots))
    ]
    first_day = rng.choice(["2026-01-01", "2026-11-01", f"{slots[0]:%Y-%m-%d}"])
    lake = Lake(schema, after, others_after, first_day)
    extension, encoding = rng.choice([(".json", "plain"), (".gz", "gzip"), ("", "plain"), (".json.gz", "gzip")])
    stream = rng.choice(STREAMS)
    lake.objects = [
        Object(f"{DATA}dt={time:%Y-%m-%d}/{name(stream, time, rng)}{extension}", encoding=encoding) for time in slots
    ]
    for orderid in _ids(schema, rng):
        changes = _changes(lake, orderid, [change_columns for change_columns, _ in shapes], rng)
        for change in changes:
            if change.version or shapes[change.slot][0] == "APPEND":
                lake.objects[change.slot].lines.append(row(schema, change, *shapes[change.slot]))
        if changes[-1].version:
            lake.items.append(written(schema.keys(orderid) | changes[-1].version, rng))
    lake.objects = [each for each in lake.objects if each.lines]
    return lake


def name(stream, time, rng):
    """Name of an object whose oldest record arrived then, as Firehose makes it."""
    return f"{stream}-1-{time:%Y-%m-%d-%H-%M-%S}-{uuid.UUID(int=rng.getrandbits(128), version=4)}"


def row(schema, change, change_columns, other_attributes):
    """Line of a change, without its newline, as the transform writes it under these parameters."""
    item = schema.keys(change.orderid) | (change.version or {})
    members = [(column.name, column.in_row(item)) for column in schema.columns]
    if change_columns == "APPEND":
        members += [
            ("event_id", f'"{change.event_id}"'),
            ("event_name", '"MODIFY"' if change.version else '"REMOVE"'),
            ("event_time", '"2026-11-22T11:26:00.000Z"'),
            ("sequence_number", f'"{change.sequence_number}"'),
        ]
    if other_attributes == "KEEP":
        others = schema.others_of(item)
        members.append((OTHERS, json_text({"S": json_text({"M": others})}) if others else "null"))
    return ("{" + ",".join(f'"{name}":{value}' for name, value in members) + "}").encode()


def written(value, rng):
    """The same item, or attribute, as somebody else may write it."""
    if len(value) == 1:
        ((kind, inner),) = value.items()
        match kind:
            case "N":
                with_zero = inner if "E" in inner else f"{inner}0" if "." in inner else f"{inner}.0"
                return {"N": rng.choice([inner, inner, f"{Decimal(inner):E}", with_zero])}
            case "NS" | "SS" | "BS":
                return {kind: rng.sample(inner, len(inner))}
            case "L":
                return {"L": [written(each, rng) for each in inner]}
            case "M":
                return {"M": written(inner, rng)}
            case "S" | "B" | "BOOL" | "NULL":
                return value
    return {name: written(each, rng) for name, each in rng.sample([*value.items()], len(value))}


def _slots(rng):
    """Moments at which objects arrived, in order. Some are of one day, and one may be a second before midnight."""
    day = datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=rng.randint(0, 5))
    moments = {day - timedelta(days=rng.choice([0, 0, 1, 7]), seconds=rng.choice([1, 0, -1, -3600, -40000]))}
    for _ in range(rng.randint(0, 4)):
        moments.add(day + timedelta(days=rng.choice([-1, 0, 0, 0]), seconds=rng.randint(0, 43_000)))
    return sorted(moment for moment in moments if moment <= NOW)


def _ids(schema, rng):
    some = [*schema.ids, *([_uuid7(rng)] if schema is FOUR else [])]
    return rng.sample(some, rng.choice([1, 1, 2, 2, 3, 4]))


def _uuid7(rng):
    ms = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{rng.getrandbits(12):03x}-8{rng.getrandbits(12):03x}-000000000001"


def _changes(lake, orderid, shapes, rng):
    """Changes of an order, in slots that ascend, so that even rows without change columns tell their order.

    The third version may be the first again. Where the table has no change columns, it looks like a duplicate row.
    """
    count = min(len(shapes), rng.choice([1, 1, 2, 3]))
    slots = sorted(rng.sample(range(len(shapes)), count))
    # Other attributes make no version of their own where the table does not show them.
    versions = [version | rng.choice(lake.schema.others) for version in rng.sample(lake.schema.versions, count)]
    if lake.keeps and count > 1 and rng.random() < 0.3:
        plain = lake.schema.versions[0]
        versions = [plain | others for others in rng.sample(lake.schema.others, count)]
    if {*shapes, lake.change_columns} == {"APPEND"} and count > 2:
        versions[2] = versions[0]
    number = rng.choice([7, 98, 10**20 - 2, 111100000000087654321571])
    changes = []
    for slot, version in zip(slots, versions, strict=True):
        event_id = uuid.UUID(int=rng.getrandbits(128)).hex
        changes.append(Change(orderid, version, event_id, str(number), slot))
        number += rng.choice([1, 1, 5])
    # Without change columns nobody learns of a deletion: the order's rows are unknown.
    if count > 1 and rng.random() < (0.2 if shapes[changes[-1].slot] == "APPEND" else 0.05):
        changes[-1].version = None
    return changes
