"""Programs that read the objects of the lake, each with rows that the transform wrote: none refuses an object.

A program that reads an object as a whole refuses all its rows for one number that it can't take.
"""

import io
from decimal import Decimal
from importlib import import_module

import pytest

from tests.unit.events import change_event, image
from tests.unit.transform.sales import to_row
from transform.column_types import PRECISION, SCALE

NINES = "9" * 19
PRICES = [
    *("0", "-0", "0.00", "0E+5", "0e-130", "0e999", "-0e999", "0e-999"),
    *("349", "-349.99", "0.10", "0.1", "1E+2", "100e-2", "1e18", "3.141592653", "0.123456789"),
    *("9007199254740991", "9007199254740993", "-9007199254740993", "9007199254740993.000000001"),  # around 2^53
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),  # around 2^63
    *("9223372036854775808.5", "9223372036854775808e0", "-9.223372036854775809E+18"),
    *(NINES, f"-{NINES}", f"{NINES}.999999999", f"-{NINES}.999999999", f"{NINES[1:]}.999999999", "1234567890123456789"),
    *("0.000000001", "-1E-9", "0.0000000010000", "0.00000000000000000000123e14", "0." + "0" * 130),
]
QUANTITIES = ["0", "-0", "1", "2E+3", "2147483647", "-2147483648"]
NAMES = [
    *("Laptop", "4K Monitor 27″", "日本語", "👩‍👩‍👧", "e\u0301", "\u202eright to left"),
    *("\ufeffmark", "\uffff", "\U0010ffff"),
    *("line\u2028and\u2029paragraph", "next\x85line", "\x0b\x0c\x1c\x1d\x1e", "\r\n\t", "\x01\x7f"),
    *('"quoted"', "\\", "\\u0041", "{}", '{"price":1}', "a,b", "''", " ", "null", "NaN", "true", "1e999", "2026-11-22"),
    "x" * 390_000,  # an item has 400 KB at most
]
COUNT = max(len(PRICES), len(NAMES))


def written():
    """Return the lines, and the id, name, quantity and price of each."""
    orders = [
        (str(1000 + n), NAMES[n % len(NAMES)], QUANTITIES[n % len(QUANTITIES)], PRICES[n % len(PRICES)])
        for n in range(COUNT)
    ]
    values = [(orderid, name, int(Decimal(quantity)), Decimal(price)) for orderid, name, quantity, price in orders]
    return b"".join(to_row(change_event(image(*order))) for order in orders), values


# A reader is imported where it reads: each takes up to a second.
def pandas_default(lines, _path):
    frame = import_module("pandas").read_json(io.BytesIO(lines), lines=True, dtype=False)
    return [tuple(each) for each in frame.itertuples(index=False)]


def pandas_precise(lines, _path):
    frame = import_module("pandas").read_json(io.BytesIO(lines), lines=True, dtype=False, precise_float=True)
    return [tuple(each) for each in frame.itertuples(index=False)]


def pyarrow(lines, _path):
    return [tuple(each.values()) for each in import_module("pyarrow.json").read_json(io.BytesIO(lines)).to_pylist()]


def polars(lines, _path):
    return import_module("polars").read_ndjson(io.BytesIO(lines)).rows()


def duckdb(lines, path):
    path.write_bytes(lines)
    query = "SELECT * FROM read_json(?, format = 'newline_delimited')"
    with import_module("duckdb").connect() as connection:
        return connection.execute(query, [str(path)]).fetchall()


@pytest.mark.parametrize("read", [pandas_precise, pyarrow, polars, duckdb])
def test_a_reader_takes_every_row_and_gets_the_nearest_price_that_a_float_has(read, tmp_path):
    lines, values = written()
    expected = [(*others, float(price)) for *others, price in values]
    found = read(lines, tmp_path / "rows.json")
    assert len(found) == COUNT
    assert [shortened(pair) for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []


def test_with_a_schema_pyarrow_reads_a_decimal_to_the_last_digit():
    arrow, reader = import_module("pyarrow"), import_module("pyarrow.json")
    lines, values = written()
    schema = arrow.schema([("price", arrow.decimal128(PRECISION, SCALE))])  # as the declared table
    table = reader.read_json(io.BytesIO(lines), parse_options=reader.ParseOptions(explicit_schema=schema))
    assert table["price"].to_pylist() == [price for *_, price in values]


def test_pandas_without_precise_float_takes_every_row_and_is_right_to_14_digits(tmp_path):
    lines, values = written()
    found = pandas_default(lines, tmp_path)
    assert [(each[0], each[2]) for each in found] == [(each[0], each[2]) for each in values]
    assert [each[3] for each in found] == [pytest.approx(float(each[3]), rel=2e-15, abs=0) for each in values]


def shortened(pair):
    return [f"{each}"[:120] for each in pair]
