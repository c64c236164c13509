"""What `sales reconcile` must say of a lake, by what the tables show of it."""

from dataclasses import dataclass
from functools import cache

from tests.unit.sales_pipeline.reconcile.lakes import tables
from tests.unit.sales_pipeline.reconcile.lakes.lake import NOW_MS


@dataclass
class Expected:
    """The verdict, the number of rows, and ids or keys by category."""

    verdict: str
    rows: int
    found: dict[str, set[str]]


tables_of = cache(tables.Tables)


def expected(lake):
    """Say what is true of a lake."""
    shown = tables.read(lake)
    answer = tables_of(lake.schema, lake.change_columns, lake.other_attributes).ask(shown.rows)
    for orderid, version in answer.picked.items():
        assert version in answer.newest[orderid], "the view shows what it should not"
    held = {lake.schema.id_of(item): lake.schema.version_of(item, keep=lake.keeps) for item in lake.items}
    found = {
        "missing": set(),
        "stale": set(),
        "undetermined": set(),
        "unknown": set(),
        "errors": set(),
        "dead_letters": set(),
        "in_progress": set(),
        "duplicate": answer.duplicate,
        "not_shown": set(shown.not_shown),
        "unreadable": {*shown.broken_lines, *shown.broken_objects},
    }
    for orderid in held.keys() | answer.newest.keys():
        version = held.get(orderid)
        if category := _category(orderid, version, answer):
            if category in {"missing", "stale"}:
                category = _explanation(lake, orderid, version) or category
            found[category].add(orderid)
    verdict = _verdict(found)
    is_right = not (answer.duplicate or shown.not_shown or shown.broken_lines or shown.broken_objects) and all(
        answer.newest.get(orderid, {None}) == {held.get(orderid)} for orderid in held.keys() | answer.newest.keys()
    )
    assert (verdict == "equal") is is_right, "the oracle contradicts itself"
    return Expected(verdict, len(shown.rows), found)


def _category(orderid, version, answer):
    newest = answer.newest.get(orderid)
    if newest is None:
        return "missing"
    if newest == {version}:
        return None
    if version in newest:
        return "undetermined"
    if version is None and orderid not in answer.numbered:
        return "unknown"  # no row of this stack says that an order was deleted
    return "stale"


def _explanation(lake, orderid, version):
    names = {"NONE": {"INSERT", "MODIFY"}, "APPEND": {"INSERT", "MODIFY", "REMOVE"}}[lake.change_columns]
    change = (orderid, version)
    if change in _changes(lake, lake.errors):
        return "errors"
    if change in _changes(lake, [event for event in lake.dead_letters if event["eventName"] in names]):
        return "dead_letters"
    is_young = orderid[14:15] == "7" and len(orderid) == 36 and int(orderid[:8] + orderid[9:13], 16) > NOW_MS
    return "in_progress" if is_young or change in _changes(lake, lake.sent) else None


def _changes(lake, events):
    """The order and the version of each event."""
    for event in events:
        image = event["dynamodb"].get("NewImage")
        version = lake.schema.version_of(image, keep=lake.keeps) if image else None
        yield lake.schema.id_of(event["dynamodb"]["Keys"]), version


def _verdict(found):
    if any(found[name] for name in ("missing", "stale", "undetermined", "unreadable")):
        return "not equal"
    return "accounted for" if any(found.values()) else "equal"
