"""What a trace may find, made by hand: times are in seconds after NOON."""

from datetime import date

from sales_pipeline.orders.version import DELETED
from sales_pipeline.trace.found import Change, Evidence, FoundRow, Gap, Held, Place, Sighting

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z
TODAY = date(2026, 11, 22)
DELIVERY_SECONDS = 100
A, B, C = (letter * 16 for letter in (b"A", b"B", b"C"))
NAMES = {A: "414141", B: "424242", C: "434343"}
ERROR = "Lambda.ProcessingFailedStatus: $.price: expected N, found S"


def ms(seconds):
    return NOON_MS + int(seconds * 1000)


def change(version=A, seconds=0, number=None, name="INSERT", event_id=None):
    number = number or int(1000 + seconds)
    name = "REMOVE" if version == DELETED else name
    return Change("order", name, version, event_id or f"event {number}", str(number), ms(seconds))


def in_stream(of=None, **which):
    of = of or change(**which)
    return Sighting(Place.table_stream, of, of.created_ms, "shard-1")


def in_kinesis(seconds, of=None):
    return Sighting(Place.kinesis, of or change(), ms(seconds), "shard-2")


def failed(seconds, of=None, place=Place.errors, reason=ERROR):
    where = "message 7" if place is Place.dead_letters else "errors/key:3"
    return Sighting(place, of or change(), ms(seconds), where, reason)


def row(version=A, seconds=60, *, line=1, number=None, **more):
    number = None if number is None else str(number)
    key = f"sales_data/dt=2026-11-22/{seconds}.json"
    return FoundRow(key, line, ms(seconds), seconds, version, number, **more)


def evidence(held=A, *, now=1000, id_time=None, **found):
    usual = {"days": [TODAY], "lake_days": [TODAY], "delivery_ms": DELIVERY_SECONDS * 1000}
    return Evidence(
        order_id="order",
        now_ms=ms(now),
        created_ms=None if id_time is None else ms(id_time),
        held=Held(held, {"price": "1"} if held not in (None, DELETED) else {}),
        **usual | found,
    )


def gap(place):
    return Gap(place, "no permission")
