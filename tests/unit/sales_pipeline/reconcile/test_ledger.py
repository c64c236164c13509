"""The ledger finds of every order what a plain reading of the same facts finds."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import Row
from sales_pipeline.orders.version import DELETED, Version
from sales_pipeline.reconcile.declared import arrival, arrival_at
from sales_pipeline.reconcile.ledger import Explanation, Found, Ledger
from sales_pipeline.reconcile.report import Unread, Verdict, conclude

ALL = 1_000
NOW_MS = 1_800_000_000_000
IN_PROGRESS_MS = 100_000
NOTHING = Found(0, ())
NOTHING_UNREAD = Unread(NOTHING, NOTHING, 0, 0)


def uuid7(ms, tail=0):
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{tail:012x}"


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


def reconcile(ledger, unread=NOTHING_UNREAD):
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    return conclude(ledger, unread, NOTHING, ALL, RowForm())


ids = st.sampled_from(["a", "b", "c", "ä\0b"])
digests = st.sampled_from([b"1", b"2", b"\0"])
# Compared by length and then by text: 9 is older than 10, and 010 newer than both.
sequence_numbers = st.none() | st.sampled_from(["9", "10", "010", "11"])
event_ids = st.sampled_from(["x", "y", "backfill-x", "BackFill-y"])
rows = st.lists(st.tuples(ids, digests | st.just(DELETED), st.integers(0, 3), sequence_numbers, event_ids))
failures = st.lists(
    st.tuples(ids, digests | st.just(DELETED), st.sampled_from([Explanation.errors, Explanation.dead_letters]))
)


def age(row):
    _, _, arrived, number, _ = row
    return (len(number or ""), number or "", arrived)


def newest_versions(rows):
    """What a plain reading takes for the newest of an order's rows."""
    newest = max(map(age, rows))
    return {digest for _, digest, *_ in (row for row in rows if age(row) == newest)}


def kind_of(digest, rows):
    """How a plain reading says that an order differs, whose version in the table this is."""
    if not rows:
        return "missing"
    newest = newest_versions(rows)
    if digest in newest:
        return "undetermined" if len(newest) > 1 else None
    return "unknown" if digest == DELETED and not any(number for *_, number, _ in rows) else "stale"


def is_duplicate(rows):
    """Whether a plain reading finds one change, or one version without an event of its own, in two rows of an order."""
    for number, one in enumerate(rows):
        for other in rows[:number]:
            one_event, other_event = (each[3] and each[4] for each in (one, other))
            are_of_the_stream = all(each in ("x", "y") for each in (one_event, other_event))
            if are_of_the_stream and one[3] == other[3]:
                return True
            if one[1] == other[1] and not are_of_the_stream:
                return True
    return False


@given(st.dictionaries(ids, digests), rows, failures)
def test_it_finds_what_a_plain_reading_finds(tmp_path_factory, orders, rows, failures):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger")
    ledger.add_orders(Version(*order) for order in orders.items())
    for orderid, digest, arrived, number, event_id in rows:
        ledger.add_rows([Row(orderid, digest, number, event_id if number else None)], arrived)
    for orderid, digest, found_in in failures:
        ledger.add_failures([Version(orderid, digest)], found_in)
    found = reconcile(ledger)
    to_backfill = {each.orderid: each for batch in ledger.unexplained_differences(2) for each in batch}
    ledger.close()

    expected = {name: set() for name in ("missing", "stale", "undetermined", "errors", "dead_letters", "unknown")}
    for orderid in orders.keys() | {row[0] for row in rows}:
        of_order = [row for row in rows if row[0] == orderid]
        digest = orders.get(orderid, DELETED)
        kind = kind_of(digest, of_order)
        if kind is None:
            continue
        explanations = [
            each for each in (Explanation.errors, Explanation.dead_letters) if (orderid, digest, each) in failures
        ]
        explained = explanations and kind in ("missing", "stale")
        expected[explanations[0].value if explained else kind].add(orderid)
        if not explained and kind != "unknown":
            numbers = [number for *_, number, _ in of_order if number]
            newest_number = max(numbers, key=lambda number: (len(number), number), default=None)
            assert to_backfill.pop(orderid) == (orderid, kind, digest, newest_number)
    for name, orderids in expected.items():
        assert getattr(found, name) == Found(len(orderids), sorted(orderids)), name
    assert to_backfill == {}
    duplicate = {each for each in ids_of(rows) if is_duplicate([row for row in rows if row[0] == each])}
    named = Counter(row[4] for row in rows if row[3])
    duplicate |= {row[0] for row in rows if row[3] and named[row[4]] > 1}
    assert found.duplicate == Found(len(duplicate), sorted(duplicate))
    assert (found.orders, found.rows) == (len(orders), len(rows))
    assert found.rows_with_sequence_number == sum(number is not None for *_, number, _ in rows)


def ids_of(rows):
    return {orderid for orderid, *_ in rows}


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
    ledger.add_rows([Row("changed", b"0"), Row("arrived", b"2"), Row("new", b"1")], arrival_at(NOW_MS))
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
    since_ms = NOW_MS - IN_PROGRESS_MS
    ledger.add_rows([Row("deleted", b"1")], arrival_at(since_ms - 1_000))
    ledger.add_rows([Row("just now", b"1")], arrival_at(since_ms))
    ledger.add_rows([Row("nobody knows when", b"1")], arrival(date(2026, 11, 22), "by-hand"))
    ledger.compare(NOW_MS, IN_PROGRESS_MS)
    assert [sorted(each) for each in ledger.doubtful_orders(since_ms, 100)] == [["just now", "nobody knows when"]]


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


def test_of_two_rows_of_one_sequence_number_the_later_is_newer(ledger):
    ledger.add_orders([Version("a", b"2"), Version("b", b"2"), Version("c", b"2")])
    for orderid, late, backfilled in (("a", 2, 1), ("b", 1, 2), ("c", 1, 1)):
        ledger.add_rows([sequenced(orderid, b"1", "5", "late")], late)
        ledger.add_rows([sequenced(orderid, b"2", "5", "backfill-x")], backfilled)
    found = reconcile(ledger)
    assert (found.stale.samples, found.undetermined.samples) == (["a"], ["c"])
    ledger.add_rows([sequenced(each, b"2", "6") for each in "ac"], 1)
    assert reconcile(ledger).verdict is Verdict.accounted_for


def test_the_newest_sequence_number_of_orders_is_told_without_comparing(ledger):
    ledger.add_rows([sequenced("a", b"1", "9"), sequenced("a", b"1", "10"), Row("b", b"1")], NOW_MS)
    assert ledger.newest_sequence_numbers(["a", "b", "c"]) == {"a": "10"}
