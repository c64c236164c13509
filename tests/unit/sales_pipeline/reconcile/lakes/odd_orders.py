"""Oddities of orders: what the table holds, what was sent again, and what failed or is in progress."""

import re
import uuid

from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW_MS, Object
from tests.unit.sales_pipeline.reconcile.lakes.odd import add, odd, pick, start_of

NUMBER = re.compile(rb'"sequence_number":"(\d+)"')


@odd(weight=2)
def change_order(lake, rng):
    """Change an order, and lose the change."""
    if lake.items:
        item = rng.choice(lake.items)
        name, value = rng.choice(lake.schema.changed)
        item[name] = value


@odd(weight=2)
def delete_order(lake, rng):
    """Delete an order, and lose the deletion; or restore one whose rows are there."""
    if lake.items:
        lake.items.remove(rng.choice(lake.items))


@odd()
def lose_order(lake, rng):
    """Lose every row of an order, or write an order that nobody has delivered."""
    lake.items.append(lake.schema.keys(rng.choice(lake.schema.lost_ids)) | lake.schema.of_word("Lost"))


@odd()
def other_attribute(lake, rng):
    if lake.items:
        item = rng.choice(lake.items)
        for name in lake.schema.others_of(item):
            del item[name]
        item |= rng.choice(lake.schema.others)


@odd()
def refused_order(lake, rng):
    """Write an order that the transform refuses, perhaps beside a line that looks as if it had not."""
    if lake.items:
        item = rng.choice(lake.items)
        if rng.random() < 0.5:
            column = rng.choice([each for each in lake.schema.columns[1:] if not each.optional])
            item.pop(column.attribute, None)
            null = rb'"%b":("(\\.|[^"\\])*"|[-\d.]+)' % column.name.encode()
            for each in lake.objects:
                each.lines = [re.sub(null, b'"%b":null' % column.name.encode(), line) for line in each.lines]
        else:
            name, value = rng.choice(lake.schema.refused)
            item[name] = value


FAILED = [(what, where) for what in ("change", "deletion", "no change") for where in ("errors", "dead_letters")] * 2


@odd(weight=4, variants=FAILED)
def failed_order(lake, rng, failed):
    """Lose the last change of an order to errors/ or the dead-letter queue; or only a second delivery of it."""
    if lake.items:
        item = rng.choice(lake.items)
        what, where = failed
        if what == "change":
            item |= lake.schema.of_word("Failed")
        if what == "deletion":
            lake.items.remove(item)
            failure = lake.schema.event(lake.schema.id_of(item), None)
        else:
            failure = lake.event_of(item)
        getattr(lake, where).append(failure)


@odd(of=("four",))
def order_in_progress(lake, rng):
    """Write an order that cannot be in the lake yet; its id says when it was written."""
    ms = NOW_MS + rng.choice([5_000, 30_000, -3_600_000])
    orderid = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{rng.randint(0, 99):012}"
    lake.items.append(lake.schema.keys(orderid) | lake.schema.of_word("Young"))


@odd()
def replayed_order(lake, rng):
    """Change an order in a way that was replayed a moment ago."""
    if lake.items:
        item = rng.choice(lake.items)
        item |= lake.schema.of_word("Replayed")
        lake.sent.append(lake.event_of(item))


@odd(weight=4)
def backfilled(lake, rng):
    """Send a row again as a backfill would, in an object of its own: under any number, or one that a change has too."""
    if picked := pick(lake, rng):
        each, position = picked
        number = rng.choice(["0", "8", "100", "111100000000087654321580"])
        start = start_of(each.lines[position])
        rows = [row for other in lake.objects for row in other.lines if start_of(row) == start]
        if rng.random() < 0.5 and (of_change := NUMBER.search(rng.choice(rows))):
            number = of_change[1].decode()
        event_id = rng.choice([b"backfill-", b"BackFill-"]) + uuid.UUID(int=rng.getrandbits(128)).hex.encode()
        name = b"INSERT" if b'"product_name":null' not in each.lines[position] else b"REMOVE"
        sent = re.sub(rb",\"event_id\".*?(?=,\"other_attributes\"|}$)", b"", each.lines[position]).removesuffix(b"}")
        if lake.change_columns == "APPEND":
            sent += (
                b',"event_id":"%b","event_name":"%b","event_time":"2026-11-22T11:59:00.000Z","sequence_number":"%b"'
                % (event_id, name, number.encode())
            )
        add(lake, Object(f"{DATA}dt=2026-11-22/o-1-2026-11-22-11-59-00-b.json", [sent + b"}"]))


@odd()
def switch(lake, _rng):
    """Deploy with the other form of ChangeColumns, and make the view again."""
    lake.change_columns = {"NONE": "APPEND", "APPEND": "NONE"}[lake.change_columns]
