"""Random and broken change events: the transform answers as a slow, obvious oracle does, whatever the columns."""

import json
import os
import random
from collections import Counter
from decimal import Decimal

import pytest

from tests.unit.events import change_event
from tests.unit.transform import sales
from tests.unit.transform.oracle import REFUSED, members, oracle
from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column
from transform.record import RowWriter
from transform.values import RecordError

FUZZED_RECORDS = int(os.environ.get("FUZZED_RECORDS", "3000"))
BATCH = 5

EVERY_TYPE = (
    Column("orderid", INT64, name="order_id"),
    Column("gift", BOOLEAN),
    Column("class", STRING, optional=True),
    Column("count", INT32, optional=True),
    Column("order id", INT64, optional=True),
    Column("price", DECIMAL),
    Column("gift-wrap", BOOLEAN, optional=True),
    Column("discount", DECIMAL, optional=True),
    Column("shipping", JSON, optional=True),
    Column("image", JSON),
)
ATTRIBUTES = [
    *({"S": text} for text in ("", "7", "Laptop", "Café “Grinder”", "Kabel\t2 m", "日本")),
    *({"N": number} for number in ("0", "7", "-12", "2147483648", "9223372036854775807", "9223372036854775808")),
    *(
        {"N": number}
        for number in (
            "0.10",
            "19.99",
            "1E+5",
            "-0",
            "1" * 38,
            "1.5E-10",
            "0.000000001",
            "2.0",
            f"{10**19 - 1}.9999999995",
            f"1.{10**199}",
        )
    ),
    *({"BOOL": True}, {"BOOL": False}, {"NULL": True}, {"NULL": False}, {"NULL": 1}, {}, {"S": "a", "N": "1"}),
    *({"NS": ["10", "9", "9.5"]}, {"SS": ["b", "a"]}, {"BS": ["TGFw"]}, {"B": "TGFw"}),
    {"M": {"city": {"S": "Bonn"}, "lines": {"L": [{"N": "1.50"}, {"M": {}}, {"NULL": True}]}}},
    *({"L": []}, {"L": [{"X": 1}]}, {"M": {"a": 5}}, {"NS": ["x"]}, {"SS": [1]}),
]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b",", b":", b"0", b"9", b".", b"-", b"e", b"E+", b"N", b"S", b"NaN", b"null"]
PIECES += [b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", rb"\ud800", rb"\u00e9", b" ", b"\n", b"REMOVE"]


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(0, 3)):
        start = rng.randrange(len(data))
        stop = start + rng.choice([0, 0, 1, 1, 2, 8])
        data[start:stop] = rng.choice(PIECES) if rng.random() < 0.8 else b""
    return bytes(data)


def sale(rng):
    image = {
        "orderid": {"S": rng.choice(["7", "abc-1"])},
        "product_name": {"S": rng.choice(["Laptop", "Café “Grinder”", "Kabel\t2 m", "日本"])},
        "quantity": {"N": str(rng.randint(0, 99))},
        "price": {
            "N": rng.choice([str(rng.randint(1, 9999) / 100), f"{rng.randrange(10**19)}.{rng.randrange(10**9):09}"])
        },
    }
    return image | ({"gift": rng.choice(ATTRIBUTES)} if rng.random() < 0.3 else {})


FITTING = {
    "S": ["", "7", "日本"],
    "N": ["0", "7", "-12", "2147483647", "1E+3", "5.0"],
    "BOOL": [True, False],
}


def every_type(rng, fitting=0.97):
    """An image for EVERY_TYPE: most attributes fit, some are missing, some are others."""
    image = {}
    for column in EVERY_TYPE:
        kind = column.type.attribute_type
        if column.optional and rng.random() < 0.4:
            continue
        fits = kind is not None and rng.random() < fitting
        image[column.attribute] = {kind: rng.choice(FITTING[kind])} if fits else rng.choice(ATTRIBUTES[:-5])
    return image | {f"other {number}": rng.choice(ATTRIBUTES[:-8]) for number in range(rng.randint(0, 2))}


@pytest.mark.parametrize("other_attributes", [False, True], ids=["DROP", "KEEP"])
@pytest.mark.parametrize("change_columns", [False, True], ids=["NONE", "APPEND"])
@pytest.mark.parametrize(("columns", "image"), [(sales.COLUMNS, sale), (EVERY_TYPE, every_type)])
def test_broken_records_get_the_same_answer_from_the_transform_and_from_the_oracle(
    columns, image, change_columns, other_attributes
):
    rng = random.Random(7)
    writer = RowWriter(columns, change_columns=change_columns, other_attributes=other_attributes)
    answers = Counter()
    for _ in range(FUZZED_RECORDS // BATCH):
        events = [
            mutated(rng, change_event(image(rng), rng.choice(["INSERT", "MODIFY", "REMOVE"]))) for _ in range(BATCH)
        ]
        found = [outcome(writer.row, event, RecordError) for event in events]
        for event, each in zip(events, found, strict=True):
            expected = outcome(
                lambda event: oracle(event, columns, change_columns=change_columns, other_attributes=other_attributes),
                event,
                REFUSED,
            )
            if isinstance(each, bytes):
                row = members(each, columns)
                assert list(row.items()) == list(expected.items()), event
                assert not any(isinstance(row[column.name], int) for column in columns if column.type is DECIMAL), (
                    "a price without fraction or exponent"
                )
                answers["removal" if row[columns[-1].name] is None else "row"] += 1
            else:
                assert each == expected, event
                answers["refused" if each else "no row"] += 1
        assert writer.rows(events) in (None, found), events
    assert min(answers.values()) > FUZZED_RECORDS / 50, f"the mutations are too weak or too strong: {answers}"


def outcome(function, data, errors):
    try:
        return function(data)
    except errors:
        return "refused"


WHOLE = {
    "orderid": {"N": "7"},
    "gift": {"BOOL": True},
    "class": {"S": "a"},
    "count": {"N": "0"},
    "order id": {"N": "-7"},
    "price": {"N": "0.5"},
    "gift-wrap": {"BOOL": False},
    "discount": {"N": "10"},
    "shipping": {"L": []},
    "image": {"S": ""},
}


@pytest.mark.parametrize("name", [column.attribute for column in EVERY_TYPE if column.optional])
def test_common_events_are_made_to_rows_at_once_whether_an_attribute_is_there_null_or_missing(name):
    missing = {each: attribute for each, attribute in WHOLE.items() if each != name}
    removal = change_event(WHOLE, "REMOVE").replace(b'"NewImage"', b'"OldImage"')
    writer = RowWriter(EVERY_TYPE, change_columns=True, other_attributes=True)
    events = [
        change_event(WHOLE),
        change_event(missing | {"no column takes": {"S": "this"}}, "MODIFY"),
        change_event(missing | {name: {"NULL": True}}),
        removal,
    ]

    rows = writer.rows(events)
    assert rows == [writer.row(event) for event in events]
    whole, *others = [members(row, EVERY_TYPE) for row in rows]
    column = next(column for column in EVERY_TYPE if column.attribute == name)
    assert whole[column.name] is not None
    assert [row[column.name] for row in others] == [None, None, None]


# Each pair is one JSON text if a line break joins it, and the third one makes up for the missing value.
CHANGE = change_event({"orderid": {"S": "1"}, "product_name": {"S": "a"}, "quantity": {"N": "1"}, "price": {"N": "1"}})
TORN = [
    (CHANGE[:60], CHANGE[60:], CHANGE + CHANGE),
    (CHANGE[:-2] + b',"a":[{}', b"{}]}}", CHANGE + b"\n" + CHANGE),
    (CHANGE[:-2] + b',"a":"}', b'{"}}', CHANGE + b" " + CHANGE),
    (CHANGE[:-2] + b',"a":{}', b'{"b":1}}}', CHANGE + CHANGE),
    (CHANGE[:-2] + b',"a":{},', b'"b":{}}}', CHANGE + b"\n" + CHANGE),
    (b"", CHANGE, CHANGE + CHANGE),
    (b"{}", CHANGE, CHANGE),
    (CHANGE + CHANGE, CHANGE, CHANGE),
]


@pytest.mark.parametrize("events", TORN)
def test_no_part_of_one_event_is_taken_for_another_event(events):
    for order in (events, events[::-1], (events[2], *events[:2])):
        assert RowWriter(sales.COLUMNS).rows(order) is None


def test_the_line_that_is_written_is_json_of_one_line():
    row = RowWriter(EVERY_TYPE, change_columns=True, other_attributes=True).row(
        change_event(
            {
                "orderid": {"N": "12"},
                "gift": {"BOOL": False},
                "price": {"N": "0.10"},
                "image": {
                    "M": {"a": {"NS": ["10", "9"]}, "b": {"B": "TGFw"}, "c": {"NULL": True}, "d": {"N": "1E+400"}}
                },
                "note": {"S": "two\nlines “and” \u2028"},
            }
        )
    )
    assert row.decode() == (
        '{"order_id":12,"gift":false,"class":null,"count":null,"order id":null,"price":0.10,"gift-wrap":null,'
        '"discount":null,"shipping":null,"image":"{\\"a\\":[9,10],\\"b\\":\\"TGFw\\",\\"c\\":null,\\"d\\":1E+400}",'
        '"event_id":"9f1c6ab2d5e84c0f8f3d1b7a2c4e6d80","event_name":"INSERT","event_time":null,"sequence_number":"111",'
        '"other_attributes":"{\\"note\\":\\"two\\\\nlines “and” \u2028\\"}"}\n'
    )
    assert json.loads(row, parse_float=Decimal)["price"] == Decimal("0.10")
