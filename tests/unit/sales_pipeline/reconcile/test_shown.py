"""`sales reconcile` judges the lake as Athena's tables show it, and not as its own reader could."""

import gzip

import pytest

from tests.unit.sales_pipeline.reconcile.stacks import change, object_key, order, put_object, put_orders, row

PLAIN, GZIPPED = object_key(), object_key(tail=".json.gz")


def zipped(content):
    return gzip.compress(content, mtime=0)  # a time would differ between the workers of pytest


append = pytest.mark.parametrize("change_columns", ["APPEND"])


def count(report, name):
    return report[name]["count"]


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (PLAIN, row("a")),
        (GZIPPED, zipped(row("a"))),
        (GZIPPED, zipped(row("a")[:9]) + zipped(row("a")[9:])),
        (object_key(tail=".json.GZ"), row("a")),  # the ending counts by its case, so this is plain
        ("sales_data/dt=2026-01-01/by-hand", row("a")),
        ("sales_data/dt=2026-11-22/folder/by-hand", row("a")),  # Athena reads folders below a partition
        (PLAIN, b'{"PRICE":349.0,"OrderID":"a","Product_Name":"PC","quantity":2}\r\n'),
        (PLAIN, b'\t{"orderid" : "\\u0061", "product_name":"PC","quantity":2,"price":3490e-1}'),
        (PLAIN, row("a", change=',"colour":{"name":"a \\"b\\"","x":[1,{"y":"\xc3\xa4"}]}')),
    ],
)
def test_what_the_table_shows_is_equal(stack, run, key, body):
    put_orders(stack, order("a"))
    put_object(stack, key, body)
    code, report = run()
    assert (code, report["verdict"], report["rows"]) == (0, "equal", 1), report


@pytest.mark.parametrize("objects", [1, 2])
@pytest.mark.parametrize("arrived", [("9.0", "349.0"), ("349.0", "9.0")])
def test_two_versions_of_one_object_or_one_second_leave_open_which_is_newest(stack, run, objects, arrived):
    put_orders(stack, order("tied"), order("a"))
    tails = [".json", ".json"] if objects == 1 else ["-1.json", "-2.json"]
    lines = {}
    for tail, price in zip(tails, arrived, strict=True):
        lines[tail] = lines.get(tail, row("a") if not lines else b"") + row("tied", price)
    for tail, body in lines.items():
        put_object(stack, object_key(tail=tail), body)
    code, report = run()
    assert (code, report["verdict"]) == (1, "not equal")
    assert report["undetermined"] == {"count": 1, "samples": ["tied"]}
    assert (count(report, "stale"), count(report, "duplicate")) == (0, 0)


def test_an_order_whose_version_is_not_among_those_that_tie_is_stale(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, PLAIN, row("a", "1.0") + row("a", "2.0"))
    _, report = run()
    assert (report["stale"]["samples"], count(report, "undetermined")) == (["a"], 0)


def test_versions_that_tie_behind_the_newest_dont_matter(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, object_key("11-00-00"), row("a", "1.0") + row("a", "2.0"))
    put_object(stack, object_key("11-00-01"), row("a"))
    assert run()[1]["verdict"] == "equal"


@append
def test_with_change_columns_versions_of_one_object_have_an_order(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, PLAIN, row("a", change=change("10")) + row("a", "2.0", change=change("9")))
    assert run()[1]["verdict"] == "equal"


@append
def test_rows_from_before_the_change_columns_tie_as_without_them(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, PLAIN, row("a") + row("a", "2.0"))
    assert run()[1]["undetermined"]["samples"] == ["a"]


def test_an_object_that_doesnt_hold_what_its_name_says_is_unreadable_and_has_no_rows(stack, run):
    bodies = {
        PLAIN: zipped(row("a")),
        object_key(tail="-plain.gz"): row("a"),
        object_key(tail="-cut.gz"): zipped(row("a"))[:-9],
        object_key(tail="-more.gz"): zipped(row("a")) + row("a"),
        **{object_key(tail=f".json{ending}"): row("a") for ending in (".bz2", ".zst", ".snappy", ".lz4", ".deflate")},
    }
    twice = object_key(tail="-twice.gz")
    put_orders(stack, order("a"), order("b"))
    put_object(stack, object_key("10-00-00"), row("b"))
    put_object(stack, twice, zipped(zipped(row("a"))))
    for key, body in bodies.items():
        put_object(stack, key, body)
    code, report = run(samples=99)
    assert (code, report["verdict"], report["rows"], report["missing"]["samples"]) == (1, "not equal", 1, ["a"])
    assert sorted(report["unread"]["objects"]["samples"]) == sorted(bodies)
    assert {line.rpartition(":")[0] for line in report["unread"]["rows"]["samples"]} == {twice}


def test_a_line_that_the_tables_may_read_otherwise_is_unreadable(stack, run):
    lines = [
        b'{"orderid":"a","product_name":"PC","quantity":2,"price":1.0,"price":349.0}\n',
        b'{"orderid":"a","product_name":"PC","quantity":2,"PRICE":1.0,"price":349.0}\n',
        b'{"orderid":"a","product_name":"PC","quantity":2,"price":1.0,"pr\\u0069ce":349.0}\n',
        b'{"product_name":"a\\\\","orderid":"b","product_name":"PC","quantity":2,"price":349.0,"orderid":"a"}\n',
        row("a", change=',"colour":1,"Colour":1'),
        row("a", change=',"x":{"y":1,"y":2}'),
        row("a", change=',"_col3":1.0'),  # the SerDe's own name for the fourth column
        b"\n",  # the SerDe misses the start of an object
        row("a")[:-1] + row("a"),
        row("a").replace(b",", b",\r", 1),
        b"\xef\xbb\xbf" + row("a"),
        row("ä").replace("ä".encode(), b"\xe4"),
    ]
    keys = [object_key("11-00-00", tail=f"-{number}.json") for number, _ in enumerate(lines)]
    put_orders(stack, order("a"))
    put_object(stack, object_key("10-00-00"), row("a"))
    for key, line in zip(keys, lines, strict=True):
        put_object(stack, key, line)
    code, report = run(samples=99)
    assert (code, report["verdict"], report["rows"]) == (1, "not equal", 1), report
    assert {line.rpartition(":")[0] for line in report["unread"]["rows"]["samples"]} == set(keys)


def test_a_price_that_the_declared_column_cant_hold_is_unreadable_whatever_the_order_says(stack, run):
    held = ["9999999999999999999.999999999", "-9.999999999999999999999999999E+18", "1E-9", "-0.0000000010", "1E+18"]
    beyond = ["10000000000000000000.0", "-12345678901234567890", "1E+19", "0.0000000001", "-1E-10", "349.0000000001"]
    put_orders(stack, *(order(price, price) for price in held + beyond))
    put_object(stack, PLAIN, b"".join(row(price, price) for price in held))
    put_object(stack, object_key("11-00-01"), b"".join(row(price, price) for price in beyond))
    code, report = run(samples=99)
    assert (code, report["verdict"], report["rows"]) == (1, "not equal", len(held))
    lines = [f"{object_key('11-00-01')}:{number}" for number, _ in enumerate(beyond, 1)]
    assert report["unread"]["rows"]["samples"] == lines
    assert sorted(report["missing"]["samples"]) == sorted(beyond)


def test_a_carriage_return_ends_a_line_too(stack, run):
    put_orders(stack, order("a"), order("b"), order("c"))
    put_object(stack, PLAIN, row("a")[:-1] + b"\r" + row("b")[:-1] + b"\r\n" + row("c")[:-1])
    assert run()[1]["verdict"] == "equal"


@append
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (change("7"), change("8", "backfill-0f")),
        (change("7", "backfill-0f"), change("8", "backfill-0f")),
        (change("7"), ""),
        (change("7", "e"), change("7", "e")),
        (change("7", "e"), change("8", "e")),
        (change("7", "e"), change("7", "f")),  # the stream gives a sequence number to one change
        (change("7"), change("8", "BACKFILL-0F")),
        ("", ""),
    ],
)
def test_rows_that_may_be_one_change_are_duplicate(stack, run, one, other):
    put_orders(stack, order("a"), order("changed there and back"))
    put_object(stack, object_key("10-00-00"), row("a", change=one))
    put_object(stack, object_key("10-00-01"), row("a", change=other))
    for number, price in (("7", "349.0"), ("8", "1.0"), ("9", "349.0")):
        put_object(
            stack,
            object_key("10-00-02", tail=f"{number}.json"),
            row("changed there and back", price, change=change(number, f"of another order {number}")),
        )
    code, report = run()
    assert (code, report["verdict"]) == (0, "accounted for"), report
    assert report["duplicate"] == {"count": 1, "samples": ["a"]}


@append
def test_a_backfilled_row_may_have_the_number_of_a_change_that_the_lake_missed(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, object_key("10-00-00"), row("a", "1.0", change=change("7", "backfill-0f")))
    put_object(stack, object_key("10-00-01"), row("a", change=change("7")))
    assert run()[1]["verdict"] == "equal"


@append
def test_one_event_in_rows_of_two_orders_is_duplicate(stack, run):
    put_orders(stack, order("a"), order("b"), order("c"))
    put_object(stack, PLAIN, row("a", change=change("7", "e")) + row("b", change=change("8", "e")))
    put_object(stack, object_key("11-00-01"), row("c", change=change("7", "f")))
    report = run()[1]
    assert (report["verdict"], report["duplicate"]) == ("accounted for", {"count": 2, "samples": ["a", "b"]})


NOT_SHOWN = [
    "sales_data/dt=2026-11-22/_stream-1-2026-11-22-11-00-00-9f1c6ab2.json",
    "sales_data/dt=2026-11-22/.stream-1-2026-11-22-11-00-00-9f1c6ab2.json",
    "sales_data/dt=2026-11-22/_temporary/stream-1-2026-11-22-11-00-00-9f1c6ab2.json",
    "sales_data/dt=2026-11-22//by-hand.json",
    "sales_data/dt=2026-11-22/by-hand_$folder$",  # Hadoop's mark of a folder
    "sales_data/dt=2026-11-22",
    "sales_data/by-hand.json",
    "sales_data/2026/11/22/by-hand.json",
    "sales_data/dt=2026-1-1/by-hand.json",
    "sales_data/dt=20261101/by-hand.json",
    "sales_data/dt=2026-02-30/by-hand.json",
    "sales_data/DT=2026-11-22/by-hand.json",
    "sales_data/old/dt=2026-11-22/by-hand.json",
    "sales_data/dt=2025-12-31/by-hand.json",
    "sales_data/dt=2026-11-23/by-hand.json",
]


def test_rows_where_the_declared_table_doesnt_look_are_not_shown(stack, run):
    put_orders(stack, order("a"), order("elsewhere"))
    put_object(stack, PLAIN, row("a"))
    for key in NOT_SHOWN:
        put_object(stack, key, row("a", "1.0") + row("elsewhere"))
    code, report = run(samples=99)
    assert (code, report["rows"], report["missing"]["samples"]) == (1, 1, ["elsewhere"]), report
    assert report["not_shown"] == {"count": len(NOT_SHOWN), "samples": sorted(NOT_SHOWN)}


def test_an_object_that_is_not_shown_is_never_equal_though_no_order_needs_it(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, PLAIN, row("a"))
    put_object(stack, "sales_data/dt=2026-11-22/_SUCCESS", b"")
    assert run()[1]["verdict"] == "equal"
    put_object(stack, "sales_data/dt=2026-11-22/.part", row("a"))
    code, report = run()
    assert (code, report["verdict"], count(report, "duplicate")) == (0, "accounted for", 0)
    assert "not shown                   1\n" in run("text")[1]


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_not_shown_and_not_asked_for(stack, run, storage_class):
    put_orders(stack, order("a"))
    put_object(stack, PLAIN, row("a"), storage_class)
    code, report = run()
    assert (code, report["missing"]["samples"], report["not_shown"]["samples"]) == (1, ["a"], [PLAIN])
    assert report["unread"]["objects"]["count"] == 0


def test_objects_of_every_class_that_s3_reads_at_once_are_shown(stack, run):
    classes = ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "REDUCED_REDUNDANCY", "INTELLIGENT_TIERING", "GLACIER_IR"]
    put_orders(stack, *map(order, classes))
    for each in classes:
        put_object(stack, object_key(tail=f"-{each}.json"), row(each), each)
    assert run()[1]["verdict"] == "equal"


def test_the_days_are_those_of_the_deployed_table(stack, run):
    stack.session.glue.table["Parameters"]["projection.dt.range"] = "2025-12-31,2026-11-21"
    put_orders(stack, order("a"))
    put_object(stack, "sales_data/dt=2025-12-31/by-hand.json", row("a"))
    assert run()[1]["verdict"] == "equal"
    put_object(stack, PLAIN, row("a"))
    assert run()[1]["not_shown"]["samples"] == [PLAIN]


def test_an_object_of_a_day_that_begins_while_the_comparison_waits_is_shown_then(stack, clock, run):
    clock.seconds = 12 * 3600 - 3.0  # just before midnight
    put_orders(stack, order("a"))
    put_object(stack, object_key("00-00-00", day="2026-11-23"), row("a"))
    report = run()[1]
    assert (report["verdict"], count(report, "not_shown")) == ("equal", 0)


def test_what_s3_says_of_the_time_plays_no_part(stack, run):
    """A copy of an old object is new to S3; the view goes by its name."""
    put_orders(stack, order("a"))
    put_object(stack, object_key("11-00-01"), row("a"))
    put_object(stack, object_key("11-00-00"), row("a", "1.0"))
    put_object(stack, "sales_data/dt=2026-11-22/no-time.json", row("a", "2.0"))
    assert run()[1]["verdict"] == "equal"


def test_the_way_back_from_change_columns_ignores_them(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, object_key("10-00-00"), row("a", "1.0", change=change("7")))
    put_object(stack, object_key("10-00-01"), row("a"))
    assert run()[1]["verdict"] == "equal"
    put_object(stack, object_key("10-00-02"), row("a", "1.0", change=change("6")))
    assert run()[1]["stale"]["samples"] == ["a"]


def test_a_deletion_row_hides_the_order_without_change_columns_too(stack, run):
    gone = row("gone", "null", change=change("8", name="REMOVE")).replace(b'"PC"', b"null").replace(b":2,", b":null,")
    put_object(stack, object_key("10-00-00"), row("gone") + row("back") + gone.replace(b"gone", b"tied"))
    put_object(stack, object_key("10-00-01"), gone + gone.replace(b"gone", b"back"))
    put_orders(stack, order("back"))
    code, report = run()
    assert (code, report["stale"]["samples"], count(report, "unknown")) == (1, ["back"], 0), report
    put_object(stack, object_key("10-00-02"), row("back") + gone.replace(b"gone", b"back"))
    assert run()[1]["undetermined"]["samples"] == ["back"]
