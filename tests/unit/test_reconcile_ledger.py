"""The ledger's comparison says of every order what a plain reading of the same facts says."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.ledger import Found, Ledger, Place
from sales_pipeline.reconciliation import Unread, Verdict, conclude, to_json, to_text
from sales_pipeline.versions import Version

ALL = 1_000
NOW_MS = 1_800_000_000_000
IN_FLIGHT_MS = 100_000
NOTHING_UNREAD = Unread(Found(0, ()), 0, 0)


def uuid7(ms, tail=0):
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{tail:012x}"


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


def reconcile(ledger, unread=NOTHING_UNREAD):
    ledger.compare(NOW_MS, IN_FLIGHT_MS)
    return conclude(ledger, unread, ALL)


ids = st.sampled_from(["a", "b", "c", "ä\0b"])
digests = st.sampled_from([b"1", b"2", b"\0"])
rows = st.lists(st.tuples(ids, digests, st.integers(0, 3)))
failures = st.lists(st.tuples(ids, digests, st.sampled_from([Place.errors, Place.dead_letters])))


@given(st.dictionaries(ids, digests), rows, failures)
def test_it_finds_what_a_plain_reading_finds(tmp_path_factory, orders, rows, failures):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger")
    ledger.add_orders(Version(*order) for order in orders.items())
    for orderid, digest, arrived_ms in rows:
        ledger.add_rows([Version(orderid, digest)], arrived_ms)
    for orderid, digest, place in failures:
        ledger.add_failures([Version(orderid, digest)], place)
    found = reconcile(ledger)
    ledger.close()

    expected = {name: set() for name in ("missing", "stale", "errors", "dead_letters")}
    for orderid, digest in orders.items():
        of_order = [(arrived_ms, held) for each, held, arrived_ms in rows if each == orderid]
        newest = {held for arrived_ms, held in of_order if arrived_ms == max(of_order)[0]}
        if digest not in newest:
            places = [place for place in (Place.errors, Place.dead_letters) if (orderid, digest, place) in failures]
            expected[places[0].value if places else "stale" if of_order else "missing"].add(orderid)
    for name, orderids in expected.items():
        assert getattr(found, name) == Found(len(orderids), sorted(orderids)), name
    doubled = {orderid for (orderid, _), times in Counter(row[:2] for row in rows).items() if times > 1}
    assert found.doubled == Found(len(doubled), sorted(doubled))
    unknown = {row[0] for row in rows} - orders.keys()
    assert found.unknown == Found(len(unknown), sorted(unknown))
    assert (found.orders, found.rows) == (len(orders), len(rows))


def test_an_id_younger_than_the_buffers_is_on_its_way_missing_or_changed(ledger):
    young, old = uuid7(NOW_MS - IN_FLIGHT_MS), uuid7(NOW_MS - IN_FLIGHT_MS - 1)
    changed = uuid7(NOW_MS - 1)
    ledger.add_orders([Version(young, b"1"), Version(old, b"1"), Version(changed, b"2"), Version("17", b"1")])
    ledger.add_rows([Version(changed, b"1")], NOW_MS)
    found = reconcile(ledger)
    assert found.on_its_way.samples == [young, changed]
    assert found.missing.samples == [old, "17"]


def test_an_id_from_the_future_hides_no_loss(ledger):
    ledger.add_orders([Version(uuid7(NOW_MS + 3_600_000), b"1")])
    assert reconcile(ledger).missing.count == 1


def test_an_error_record_of_another_version_accounts_for_nothing(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_failures([Version("a", b"1")], Place.errors)
    assert reconcile(ledger).verdict is Verdict.not_equal


def test_what_was_changed_deleted_and_written_meanwhile_is_no_difference(ledger):
    ledger.add_orders(Version(orderid, b"1") for orderid in ("changed", "arrived", "deleted", "lost"))
    ledger.add_rows([Version("changed", b"0"), Version("arrived", b"2"), Version("new", b"1")], NOW_MS)
    ledger.compare(NOW_MS, IN_FLIGHT_MS)
    batches = list(ledger.to_see_again(NOW_MS - IN_FLIGHT_MS, 2))
    assert sorted(each for batch in batches for each in batch) == ["arrived", "changed", "deleted", "lost", "new"]
    assert max(map(len, batches)) == 2
    held_now = {"changed": b"2", "arrived": b"2", "lost": b"1", "new": b"1"}
    for orderids in batches:
        ledger.see_again(orderids, [Version(each, held_now[each]) for each in orderids if each in held_now], NOW_MS)
    found = reconcile(ledger)
    assert found.on_its_way.samples == ["changed"]
    assert found.missing.samples == ["lost"]
    assert (found.stale.count, found.unknown.count, found.orders) == (0, 0, 4)


def test_rows_of_orders_deleted_long_ago_are_not_asked_for_again(ledger):
    ledger.add_rows([Version("deleted", b"1")], NOW_MS - IN_FLIGHT_MS - 1)
    ledger.compare(NOW_MS, IN_FLIGHT_MS)
    assert list(ledger.to_see_again(NOW_MS - IN_FLIGHT_MS, 100)) == []


def test_a_second_look_takes_new_objects_only_and_finds_what_arrived(ledger):
    ledger.add_orders([Version("a", b"1")])
    assert [ledger.is_new_object("one"), ledger.is_new_object("one")] == [True, False]
    ledger.compare(NOW_MS, IN_FLIGHT_MS)
    assert ledger.unexplained()
    ledger.add_rows([Version("a", b"1")], NOW_MS)
    assert reconcile(ledger).verdict is Verdict.equal
    assert not ledger.unexplained()


def test_an_older_version_that_came_later_makes_an_order_stale(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_rows([Version("a", b"2")], 1)
    ledger.add_rows([Version("a", b"1")], 2)
    assert reconcile(ledger).stale.samples == ["a"]


def test_older_versions_before_the_newest_leave_it_equal(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_rows([Version("a", b"1")], 1)
    ledger.add_rows([Version("a", b"2")], 2)
    assert reconcile(ledger).verdict is Verdict.equal


@pytest.mark.parametrize(
    ("place", "verdict"),
    [(None, Verdict.not_equal), (Place.errors, Verdict.accounted_for), (Place.dead_letters, Verdict.accounted_for)],
)
def test_the_verdict(ledger, place, verdict):
    ledger.add_orders([Version("a", b"1")])
    if place:
        ledger.add_failures([Version("a", b"1")], place)
    assert reconcile(ledger).verdict is verdict


def test_doubled_and_unknown_rows_are_accounted_for_and_unreadable_ones_are_not(ledger):
    assert reconcile(ledger).verdict is Verdict.equal
    ledger.add_rows([Version("a", b"1")], 1)
    found = reconcile(ledger)
    assert (found.verdict, found.unknown.count, found.doubled.count) == (Verdict.accounted_for, 1, 0)
    unread = Unread(Found(1, ["sales_data/x.json:3"]), 0, 0)
    found = reconcile(ledger, unread)
    assert found.verdict is Verdict.not_equal
    assert "sales_data/x.json:3" in to_text(found)


def test_the_report_samples_few_and_says_how_many_more(ledger):
    ledger.add_orders(Version(f"{number:03}", b"1") for number in range(1_234))
    ledger.compare(NOW_MS, IN_FLIGHT_MS)
    found = conclude(ledger, NOTHING_UNREAD, 2)
    assert found.missing == Found(1_234, ["000", "001"])
    text = to_text(found)
    assert "and 1,232 more" in text
    assert text.splitlines()[-1].startswith("NOT EQUAL: 1,234 orders in the table, 0 rows in the lake, 1,234 missing")
    assert '"missing": {\n    "count": 1234' in to_json(found)
