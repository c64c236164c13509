"""Random lakes: a table and the rows that a working pipeline makes of its changes, and then up to four oddities."""

import json
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.unit.sales_pipeline.reconcile.lakes import odd_objects, odd_orders, odd_rows  # noqa: F401 - they register their oddities
from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW, Lake, Object, Version
from tests.unit.sales_pipeline.reconcile.lakes.odd import make_next_odd, make_odd

# Whether rows have change columns: of the earlier objects, and of the later ones. The stack's parameter is the latter.
HISTORIES = [("NONE", "NONE"), ("APPEND", "APPEND"), ("NONE", "APPEND"), ("APPEND", "NONE")]
VERSIONS = [
    Version("Laptop", "1", "349"),
    Version("Laptop", "2", "349"),
    Version("Laptop", "1", "349.5"),
    Version("Größe 27″", "-3", "0"),
    Version("Drone", "2147483647", "0.000000001"),
    Version("null", "0", "1234567890123456789.123456789"),
    Version('a "b" \\ \n\u2028', "-2147483648", "9999999999999999999"),
    Version('{"price":1}', "7", "-0.5"),
]
STREAMS = ["orders", "stack-DeliveryStream-x1", "copy-2020-01-01-00-00-00"]


@dataclass
class Change:
    """One change of an order, as its row tells it; no version stands for the deletion."""

    orderid: str
    version: Version | None
    event_id: str = ""
    sequence_number: str = ""
    slot: int = 0


def random_lake(number):
    """The lake of this number, always the same one."""
    rng = random.Random(number)
    lake = right_lake(rng)
    # Two of three lakes get the oddities in turn, so that no oddity is left to chance. It may not fit the first lake.
    if turn := number % 3:
        for _ in range(10):
            before = str(lake)
            make_next_odd(lake, rng, number // 3 * 2 + turn)
            if str(lake) != before:
                break
            lake = right_lake(rng)
    for _ in range(rng.choices([0, 1, 2, 3], [60, 20, 15, 5])[0]):
        make_odd(lake, rng)
    lake.objects = list({each.key: each for each in lake.objects}.values())
    return lake


def right_lake(rng):
    """A lake that lacks nothing, but perhaps the deletion of an order that no row could tell."""
    before, after = rng.choice(HISTORIES)
    slots = _slots(rng)
    switch = rng.randint(0, len(slots)) if before != after else 0
    shapes = [before if slot < switch else after for slot in range(len(slots))]
    lake = Lake(change_columns=after, first_day=rng.choice(["2026-01-01", "2026-11-01", f"{slots[0]:%Y-%m-%d}"]))
    extension, encoding = rng.choice([(".json", "plain"), (".gz", "gzip"), ("", "plain"), (".json.gz", "gzip")])
    stream = rng.choice(STREAMS)
    lake.objects = [
        Object(f"{DATA}dt={time:%Y-%m-%d}/{name(stream, time, rng)}{extension}", encoding=encoding) for time in slots
    ]
    for orderid in _ids(rng):
        for change in _changes(orderid, shapes, rng, comes_back={*shapes, after} == {"APPEND"}):
            if change.version or shapes[change.slot] == "APPEND":
                lake.objects[change.slot].lines.append(row(change, shapes[change.slot]))
        if change.version:
            lake.items.append(written(change.version, rng).item(orderid))
    lake.objects = [each for each in lake.objects if each.lines]
    return lake


def name(stream, time, rng):
    """Name of an object whose oldest record arrived then, as Firehose makes it."""
    return f"{stream}-1-{time:%Y-%m-%d-%H-%M-%S}-{uuid.UUID(int=rng.getrandbits(128), version=4)}"


def row(change, shape):
    """Line of a change, without its newline."""
    product, quantity, price = "null", "null", "null"
    if version := change.version:
        product, quantity = json.dumps(version.product, ensure_ascii=False), version.quantity
        price = version.price if "." in version.price else f"{version.price}.0"
    text = f'{{"orderid":{json.dumps(change.orderid)},"product_name":{product},"quantity":{quantity},"price":{price}'
    if shape == "APPEND":
        event_name = "MODIFY" if change.version else "REMOVE"
        text += (
            f',"event_id":"{change.event_id}","event_name":"{event_name}",'
            f'"event_time":"2026-11-22T11:26:00.000Z","sequence_number":"{change.sequence_number}"'
        )
    return f"{text}}}".encode()


def written(version, rng):
    """The same version as somebody else may write its numbers."""
    same = {"349": ["349", "349.00", "3.49E+2"], "0": ["0", "0.0", "-0"], "2": ["2", "2.0", "0.2E1"]}
    return Version(*(rng.choice(same.get(each, [each])) for each in (version.product, version.quantity, version.price)))


def _slots(rng):
    """Moments at which objects arrived, in order. Some are of one day, and one may be a second before midnight."""
    day = datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=rng.randint(0, 5))
    moments = {day - timedelta(days=rng.choice([0, 0, 1, 7]), seconds=rng.choice([1, 0, -1, -3600, -40000]))}
    for _ in range(rng.randint(0, 4)):
        moments.add(day + timedelta(days=rng.choice([-1, 0, 0, 0]), seconds=rng.randint(0, 43_000)))
    return sorted(moment for moment in moments if moment <= NOW)


def _ids(rng):
    some = [_uuid7(rng), "a", "A", "ä ö", "0", 'quote"\\', "a\u2028b", "a\0", "😀", "x" * 2048]
    return rng.sample(some, rng.choice([1, 1, 2, 2, 3, 4]))


def _uuid7(rng):
    ms = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{rng.getrandbits(12):03x}-8{rng.getrandbits(12):03x}-000000000001"


def _changes(orderid, shapes, rng, *, comes_back):
    """Changes of an order, in slots that ascend, so that even rows without change columns tell their order.

    The third version may be the first again. Where the table has no change columns, it looks like a duplicate row.
    """
    count = min(len(shapes), rng.choice([1, 1, 2, 3]))
    slots = sorted(rng.sample(range(len(shapes)), count))
    versions = rng.sample(VERSIONS, count)
    if comes_back and count > 2:
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
