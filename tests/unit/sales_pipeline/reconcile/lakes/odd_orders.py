"""Oddities of orders: what the table holds, what was sent again, and what failed or is in progress."""

import re
import uuid

from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW_MS, Object, Version, event
from tests.unit.sales_pipeline.reconcile.lakes.odd import add, odd, pick

NUMBER = re.compile(rb'"sequence_number":"(\d+)"')


@odd(weight=2)
def change_order(lake, rng):
    """Change an order, and lose the change."""
    if lake.items:
        item = rng.choice(lake.items)
        name, value = rng.choice(
            [("product_name", {"S": "Drone"}), ("quantity", {"N": "9"}), ("price", {"N": "349.000000001"})]
        )
        item[name] = value


@odd(weight=2)
def delete_order(lake, rng):
    """Delete an order, and lose the deletion; or restore one whose rows are there."""
    if lake.items:
        lake.items.remove(rng.choice(lake.items))


@odd()
def lose_order(lake, rng):
    """Lose every row of an order, or write an order that nobody has delivered."""
    lake.items.append(Version("Lost", "1", "1").item(f"lost {rng.randint(0, 99)}"))


@odd()
def other_attribute(lake, rng):
    if lake.items:
        rng.choice(lake.items)["note"] = {"S": "no column takes it"}


@odd()
def refused_order(lake, rng):
    """Write an order that the transform refuses, perhaps beside a line that looks as if it had not."""
    if lake.items:
        item = rng.choice(lake.items)
        if rng.random() < 0.5:
            del item["price"]
            for each in lake.objects:
                each.lines = [re.sub(rb'"price":[-\d.]+', b'"price":null', line) for line in each.lines]
        else:
            name, value = rng.choice(
                [
                    ("price", {"S": "349"}),
                    ("price", {"NULL": True}),
                    ("quantity", {"N": "1.5"}),
                    ("quantity", {"N": "2147483648"}),
                    ("product_name", {"S": ""}),
                    ("product_name", {"N": "7"}),
                ]
            )
            item[name] = value


FAILED = [(what, where) for what in ("change", "deletion", "no change") for where in ("errors", "dead_letters")] * 2


@odd(weight=4, variants=FAILED)
def failed_order(lake, rng, failed):
    """Lose the last change of an order to errors/ or the dead-letter queue; or only a second delivery of it."""
    if lake.items:
        item = rng.choice(lake.items)
        orderid = item["orderid"]["S"]
        what, where = failed
        if what == "change":
            item |= Version("Failed", "1", "1").item(orderid)
        if what == "deletion":
            lake.items.remove(item)
        getattr(lake, where).append(event(orderid, None if what == "deletion" else item))


@odd()
def order_in_progress(lake, rng):
    """Write an order that cannot be in the lake yet; its id says when it was written."""
    ms = NOW_MS + rng.choice([5_000, 30_000, -3_600_000])
    orderid = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{rng.randint(0, 99):012}"
    lake.items.append(Version("Young", "1", "1").item(orderid))


@odd()
def replayed_order(lake, rng):
    """Change an order in a way that was replayed a moment ago."""
    if lake.items:
        item = rng.choice(lake.items)
        item |= Version("Replayed", "1", "1").item(item["orderid"]["S"])
        lake.sent.append(event(item["orderid"]["S"], item))


@odd(weight=4)
def backfilled(lake, rng):
    """Send a row again as a backfill would, in an object of its own: under any number, or one that a change has too."""
    if picked := pick(lake, rng):
        each, position = picked
        number = rng.choice(["0", "8", "100", "111100000000087654321580"])
        start = each.lines[position].partition(b",")[0]
        rows = [row for other in lake.objects for row in other.lines if row.startswith(start)]
        if rng.random() < 0.5 and (of_change := NUMBER.search(rng.choice(rows))):
            number = of_change[1].decode()
        event_id = rng.choice([b"backfill-", b"BackFill-"]) + uuid.UUID(int=rng.getrandbits(128)).hex.encode()
        name = b"INSERT" if b'"product_name":null' not in each.lines[position] else b"REMOVE"
        sent = re.sub(rb"(,\"event_id\".*)?}$", b"", each.lines[position])
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
