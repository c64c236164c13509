"""The ledger finds of every order what a plain reading of the same facts finds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.version import DELETED, Row, Version
from sales_pipeline.reconcile.ledger import Explanation, Found, Ledger
from sales_pipeline.reconcile.report import Unread, Verdict, conclude

ALL = 1_000
NOW_MS = 1_800_000_000_000
IN_PROGRESS_MS = 100_000
NOTHING_UNREAD = Unread(Found(0, ()), 0, 0)


def uuid7(ms, tail=0):
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{tail:012x}"


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


def reconcile(ledger, unread=NOTHING_UNREAD):
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    return conclude(ledger, unread, ALL)


ids = st.sampled_from(["a", "b", "c", "ä\0b"])
digests = st.sampled_from([b"1", b"2", b"\0"])
# Compared by length and then by text: 9 is older than 10, and 010 newer than both.
sequence_numbers = st.none() | st.sampled_from(["9", "10", "010", "11"])
rows = st.lists(st.tuples(ids, digests | st.just(DELETED), st.integers(0, 3), sequence_numbers, st.sampled_from("xy")))
failures = st.lists(
    st.tuples(ids, digests | st.just(DELETED), st.sampled_from([Explanation.errors, Explanation.dead_letters]))
)


def newest_versions(rows):
    """What a plain reading takes for the newest of an order's rows, and whether a sequence number says so."""
    numbers = [(len(number), number) for *_, number, _ in rows if number]
    if numbers:
        return {digest for _, digest, _, number, _ in rows if number == max(numbers)[1]}, True
    arrived = [arrived_ms for _, _, arrived_ms, _, _ in rows]
    return {digest for _, digest, arrived_ms, _, _ in rows if arrived_ms == max(arrived)}, False


@given(st.dictionaries(ids, digests), rows, failures)
def test_it_finds_what_a_plain_reading_finds(tmp_path_factory, orders, rows, failures):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger")
    ledger.add_orders(Version(*order) for order in orders.items())
    for orderid, digest, arrived_ms, number, event_id in rows:
        ledger.add_rows([Row(orderid, digest, number, event_id if number else None)], arrived_ms)
    for orderid, digest, found_in in failures:
        ledger.add_failures([Version(orderid, digest)], found_in)
    found = reconcile(ledger)
    to_backfill = {each.orderid: each for batch in ledger.unexplained_differences(2) for each in batch}
    ledger.close()

    expected = {name: set() for name in ("missing", "stale", "errors", "dead_letters", "unknown")}
    for orderid in orders.keys() | {row[0] for row in rows}:
        of_order = [row for row in rows if row[0] == orderid]
        newest, by_number = newest_versions(of_order)
        digest = orders.get(orderid, DELETED)
        if digest == DELETED and not by_number:
            expected["unknown"].add(orderid)
        elif newest != {digest} if by_number else digest not in newest:
            explanations = [
                each for each in (Explanation.errors, Explanation.dead_letters) if (orderid, digest, each) in failures
            ]
            kind = explanations[0].value if explanations else "stale" if of_order else "missing"
            expected[kind].add(orderid)
            if not explanations:
                numbers = [number for *_, number, _ in of_order if number]
                newest_number = max(numbers, key=lambda number: (len(number), number), default=None)
                assert to_backfill.pop(orderid) == (orderid, kind, digest, newest_number)
    for name, orderids in expected.items():
        assert getattr(found, name) == Found(len(orderids), sorted(orderids)), name
    assert to_backfill == {}
    events = Counter((orderid, digest, number and event_id) for orderid, digest, _, number, event_id in rows)
    duplicate = {orderid for (orderid, *_), times in events.items() if times > 1}
    assert found.duplicate == Found(len(duplicate), sorted(duplicate))
    assert (found.orders, found.rows) == (len(orders), len(rows))
    assert found.rows_with_sequence_number == sum(number is not None for *_, number, _ in rows)


def test_an_id_younger_than_the_buffers_is_in_progress_missing_or_changed(ledger):
    young, old = uuid7(NOW_MS - IN_PROGRESS_MS), uuid7(NOW_MS - IN_PROGRESS_MS - 1)
    changed = uuid7(NOW_MS - 1)
    ledger.add_orders([Version(young, b"1"), Version(old, b"1"), Version(changed, b"2"), Version("17", b"1")])
    ledger.add_rows([Row(changed, b"1")], NOW_MS)
    found = reconcile(ledger)
    assert found.in_progress.samples == [young, changed]
    assert found.missing.samples == [old, "17"]


def test_an_id_from_the_future_hides_no_loss(ledger):
    ledger.add_orders([Version(uuid7(NOW_MS + 3_600_000), b"1")])
    assert reconcile(ledger).missing.count == 1


def test_an_error_record_of_another_version_explains_nothing(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_failures([Version("a", b"1")], Explanation.errors)
    assert reconcile(ledger).verdict is Verdict.not_equal


def test_what_was_changed_deleted_and_written_meanwhile_is_no_difference(ledger):
    ledger.add_orders(Version(orderid, b"1") for orderid in ("changed", "arrived", "deleted", "lost"))
    ledger.add_rows([Row("changed", b"0"), Row("arrived", b"2"), Row("new", b"1")], NOW_MS)
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    batches = list(ledger.doubtful_orders(NOW_MS - IN_PROGRESS_MS, 2))
    assert sorted(each for batch in batches for each in batch) == ["arrived", "changed", "deleted", "lost", "new"]
    assert max(map(len, batches)) == 2
    held_now = {"changed": b"2", "arrived": b"2", "lost": b"1", "new": b"1"}
    for orderids in batches:
        ledger.update_orders(orderids, [Version(each, held_now[each]) for each in orderids if each in held_now], NOW_MS)
    found = reconcile(ledger)
    assert found.in_progress.samples == ["changed"]
    assert found.missing.samples == ["lost"]
    assert (found.stale.count, found.unknown.count, found.orders) == (0, 0, 4)


def test_rows_of_orders_deleted_long_ago_are_not_asked_for_again(ledger):
    ledger.add_rows([Row("deleted", b"1")], NOW_MS - IN_PROGRESS_MS - 1)
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    assert list(ledger.doubtful_orders(NOW_MS - IN_PROGRESS_MS, 100)) == []


def test_a_second_look_takes_new_objects_only_and_finds_what_arrived(ledger):
    ledger.add_orders([Version("a", b"1")])
    assert [ledger.mark_as_read("one"), ledger.mark_as_read("one")] == [True, False]
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    assert ledger.unexplained_count() == 1
    ledger.add_rows([Row("a", b"1")], NOW_MS)
    assert reconcile(ledger).verdict is Verdict.equal
    assert ledger.unexplained_count() == 0


def test_an_older_version_that_came_later_makes_an_order_stale(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_rows([Row("a", b"2")], 1)
    ledger.add_rows([Row("a", b"1")], 2)
    assert reconcile(ledger).stale.samples == ["a"]


def test_older_versions_before_the_newest_leave_it_equal(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_rows([Row("a", b"1")], 1)
    ledger.add_rows([Row("a", b"2")], 2)
    assert reconcile(ledger).verdict is Verdict.equal


def sequenced(orderid, digest, number, event_id=None):
    return Row(orderid, digest, number, event_id or f"event {number}")


def test_deletions_are_in_progress_replayed_or_lost_as_any_change(ledger):
    lost, young = "lost", uuid7(NOW_MS - 1)
    ledger.add_rows([sequenced(each, b"1", "1") for each in (lost, young, "replayed", "refused", "told")], 1)
    ledger.add_rows([sequenced("told", DELETED, "2")], 2)
    ledger.add_sent([Version("replayed", DELETED)], NOW_MS - IN_PROGRESS_MS)
    ledger.add_failures([Version("refused", DELETED)], Explanation.errors)
    found = reconcile(ledger)
    assert (found.stale.samples, found.errors.samples) == ([lost], ["refused"])
    assert sorted(found.in_progress.samples) == sorted([young, "replayed"])
    assert found.unknown.count == 0
    assert found.verdict is Verdict.not_equal


def test_the_deletion_of_an_order_while_we_look_is_in_progress(ledger):
    ledger.add_orders([Version("deleted", b"2"), Version("without change columns", b"2")])
    ledger.add_rows([sequenced("deleted", b"1", "1")], NOW_MS)
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    ledger.update_orders(["deleted", "without change columns", "never there"], [], NOW_MS)
    found = reconcile(ledger)
    assert (found.in_progress.samples, found.missing.count, found.orders) == (["deleted"], 0, 0)
    ledger.update_orders(["deleted"], [Version("deleted", b"1")], NOW_MS)
    assert reconcile(ledger).verdict is Verdict.equal


def test_what_was_replayed_is_in_progress_for_as_long_as_a_change_would_be(ledger):
    ledger.add_orders([Version("now", b"1"), Version("before", b"1"), Version("another version", b"2")])
    ledger.add_sent([Version("now", b"1"), Version("another version", b"1")], NOW_MS - IN_PROGRESS_MS)
    ledger.add_sent([Version("before", b"1")], NOW_MS - IN_PROGRESS_MS - 1)
    found = reconcile(ledger)
    assert found.in_progress.samples == ["now"]
    assert found.missing.samples == ["another version", "before"]


def test_two_rows_of_one_sequence_number_and_two_versions_leave_open_which_is_newer(ledger):
    ledger.add_orders([Version("a", b"2")])
    ledger.add_rows([sequenced("a", b"1", "5", "late"), sequenced("a", b"2", "5", "backfill")], 1)
    assert reconcile(ledger).stale.samples == ["a"]
    ledger.add_rows([sequenced("a", b"2", "6")], 1)
    assert reconcile(ledger).verdict is Verdict.equal


def test_the_newest_sequence_number_of_orders_is_told_without_comparing(ledger):
    ledger.add_rows([sequenced("a", b"1", "9"), sequenced("a", b"1", "10"), Row("b", b"1")], NOW_MS)
    assert ledger.newest_sequence_numbers(["a", "b", "c"]) == {"a": "10"}
