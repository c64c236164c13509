"""Programs that read the objects of the lake, each with rows that the transform wrote: none refuses an object.

A program that reads an object as a whole refuses all its rows for one number that it can't take.
"""

import io
import json
from decimal import Context, Decimal
from importlib import import_module

import pytest

from tests.unit.events import change_event, image
from transform.record import to_row

NINES = "9" * 38
PRICES = [
    *("0", "-0", "0.00", "0E+5", "0e-130", "0e999", "-0e999", "0e-999"),
    *("349", "-349.99", "0.10", "0.1", "1E+2", "100e-2", "1e23", "3.1415926535897932384626433832795028841"),
    *("9007199254740991", "9007199254740993", "-9007199254740993"),  # around 2^53
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),  # around 2^63
    *("18446744073709551615", "18446744073709551616", "-18446744073709551616"),  # around 2^64
    *("18446744073709551616.5", "18446744073709551616e0", "1.8446744073709551616E+19"),
    *(NINES, f"-{NINES}", f"{NINES[:29]}.{NINES[:9]}", f"0.{NINES}", "12345678901234567890123456789012345678"),
    *("1" + "0" * 125, NINES + "0" * 88, "1E+125", f"9.{NINES[1:]}E+125", f"-9.{NINES[1:]}E+125"),
    *("1e-130", "-1E-130", "0." + "0" * 129 + "1", f"0.{'0' * 92}{NINES}", "0.00000000000000000000123e22"),
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
    return b"".join(to_row(change_event(image(*order)), []) for order in orders), values


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
    expected = {orderid: price for orderid, _, _, price in values if is_in_declared_column(price)}
    assert len(expected) > COUNT / 3
    fitting = b"".join(line for line in lines.splitlines(keepends=True) if json.loads(line)["orderid"] in expected)
    schema = arrow.schema([("price", arrow.decimal128(38, 9))])  # as the declared table
    table = reader.read_json(io.BytesIO(fitting), parse_options=reader.ParseOptions(explicit_schema=schema))
    assert dict(zip(table["orderid"].to_pylist(), table["price"].to_pylist(), strict=True)) == expected


def is_in_declared_column(price):
    """Say whether decimal(38,9), the type of the declared table, holds a price exactly."""
    return abs(price) < Decimal("1E29") and price == Context(prec=60).quantize(price, Decimal("1E-9"))


def test_pandas_without_precise_float_takes_every_row_and_is_right_to_14_digits(tmp_path):
    lines, values = written()
    found = pandas_default(lines, tmp_path)
    assert [(each[0], each[2]) for each in found] == [(each[0], each[2]) for each in values]
    assert [each[3] for each in found] == [pytest.approx(float(each[3]), rel=2e-15, abs=0) for each in values]


def shortened(pair):
    return [f"{each}"[:120] for each in pair]
