import json
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.events import change_event, image, load
from tests.unit.transform.sales import COLUMNS, to_row, to_row_with_change
from transform.record import RowWriter
from transform.values import RecordError

# What every reader in test_readers.py takes: at most 18 digits before the point, or an exponent.
SAFE_PRICE = re.compile(rb'"price":-?([0-9]{1,18}\.[0-9]{1,9}|[1-9](\.[0-9]{1,27})?E(-[1-9]|[+]1?[0-9]))}\n$')

DECLARED = "at most 19 digits before the point and 9 behind it"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
signs = st.sampled_from(["", "-"])
int32s = st.integers(-(2**31), 2**31 - 1)


@st.composite
def dynamodb_numbers(draw):
    """Every number that DynamoDB can hold: up to 38 digits, 1E-130 to 9.9E+125, plain or with an exponent."""
    digits = str(draw(st.integers(1, 10**38 - 1)))
    exponent = draw(st.integers(-130, 126 - len(digits)))
    return draw(written(Decimal(f"{draw(signs)}{digits}E{exponent}")))


@st.composite
def declared_numbers(draw):
    """Every number that `decimal(28,9)` can hold, except for zero."""
    digits, zeros = str(draw(st.integers(1, 10**28 - 1))), "0" * draw(st.integers(0, 3))
    return draw(written(Decimal(f"{draw(signs)}{digits}{zeros}E{-9 - len(zeros)}")))


def written(number):
    return st.sampled_from([f"{number:f}", f"{number:E}"])


def is_declared(price):
    """Say whether the declared table holds a price: at most 19 digits before the point, and 9 behind it."""
    number = Decimal(price)
    return -(10**19) < number < 10**19 and (Fraction(number) * 10**9).denominator == 1


@given(texts, texts, int32s, declared_numbers() | st.sampled_from(["0", "-0", "0.0"]))
def test_any_order_that_the_table_can_hold_goes_through_without_a_digit_lost(orderid, product_name, quantity, price):
    line = to_row(change_event(image(orderid, product_name, str(quantity), price)))

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    found = json.loads(line, parse_float=Decimal)
    assert list(found.items()) == [
        ("orderid", orderid),
        ("product_name", product_name),
        ("quantity", quantity),
        ("price", Decimal(price)),
    ]
    assert isinstance(found["price"], Decimal), "a price without fraction or exponent"
    assert SAFE_PRICE.search(line)


@given(dynamodb_numbers())
@example("9999999999999999999.9999999990")
@example("9999999999999999999.9999999995")
@example("10000000000000000000")
@example("0.0000000001")
def test_any_price_that_dynamodb_can_hold_goes_through_or_is_refused_if_the_table_cant_hold_it(price):
    event = change_event(image(price=price))
    if is_declared(price):
        assert json.loads(to_row(event), parse_float=Decimal)["price"] == Decimal(price)
    else:
        with pytest.raises(RecordError, match=f"price: expected a number with {DECLARED}, found one with more$"):
            to_row(event)


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("349", "349.0"),
        ("-5", "-5.0"),
        ("0.10", "0.10"),
        ("-0.05", "-0.05"),
        ("1E+2", "1E+2"),
        ("100e-2", "1E+0"),
        ("1e-9", "1E-9"),
        ("10E-10", "1E-9"),
        ("0.1E+19", "1E+18"),
        ("0.000000001", "0.000000001"),
        ("999999999999999999.999999999", "999999999999999999.999999999"),
        ("9999999999999999999.999999999", "9.999999999999999999999999999E+18"),
        ("1000000000000000000", "1E+18"),
        ("-9223372036854775809", "-9.223372036854775809E+18"),
        ("9223372036854775808.50", "9.2233720368547758085E+18"),
        ("9223372036854775808e0", "9.223372036854775808E+18"),
        ("1.12345678900", "1.123456789E+0"),
        ("1." + "0" * 198, "1E+0"),
    ],
)
def test_a_price_is_written_exactly_with_a_fraction_or_if_it_has_many_digits_with_an_exponent(price, written):
    assert Decimal(price) == Decimal(written)
    assert to_row(change_event(image(price=price))).endswith(b'"price":' + written.encode() + b"}\n")


@pytest.mark.parametrize(
    ("price", "written"),
    [
        *(("0", "0.0"), ("0.0", "0.0"), ("0.00", "0.00"), ("-0", "0.0"), ("-0.0", "0.0"), ("-0.00", "0.0")),
        *((zero, "0.0") for zero in ("0E0", "0.0e0", "-0e5", "0e125", "0E+126", "0e999", "-0e999", "0e-999")),
        ("0." + "0" * 130, "0.0"),
    ],
)
def test_a_zero_has_neither_an_exponent_nor_a_sign(price, written):
    # pyarrow refuses the whole object for 0e999.
    assert to_row(change_event(image(price=price))).endswith(b'"price":' + written.encode() + b"}\n")


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        *(("2", "2"), ("2.0", "2"), ("2E+3", "2000"), ("200e-2", "2")),
        *((zero, "0") for zero in ("0", "-0", "0.0e0", "0e999", "0e-999")),
        *(("2147483647", "2147483647"), ("-2147483648", "-2147483648"), ("2147483.647e3", "2147483647")),
    ],
)
def test_a_quantity_is_written_as_an_integer(quantity, written):
    assert b'"quantity":' + written.encode() + b"," in to_row(change_event(image(quantity=quantity)))


def test_the_keys_stand_in_the_order_of_the_contract_whatever_the_order_of_the_image():
    backwards = dict(reversed(image().items()))
    assert to_row(change_event(backwards)) == (b'{"orderid":"0","product_name":"Laptop","quantity":1,"price":349.99}\n')


def test_other_scripts_are_not_escaped():
    assert "カフェ".encode() in to_row(change_event(image(product_name="カフェ")))


def test_a_removal_leaves_no_row_whatever_else_it_holds():
    assert to_row(change_event({}, "REMOVE")) is None
    assert to_row(b'{"eventName":"REMOVE","dynamodb":{"Keys":{"orderid":{"S":"0"}}}}') is None
    assert to_row(b'{"eventName":"REMOVE"}') is None


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", None])
def test_an_image_at_the_top_level_is_read_the_same_way(name):
    event = {"eventName": name, "NewImage": image()} if name else {"NewImage": image()}
    assert to_row(json.dumps(event).encode()) == to_row(change_event(image()))


def test_an_error_names_the_top_level_path_of_a_top_level_image():
    with pytest.raises(RecordError, match=r"^\$\.NewImage\.price: expected N, found S$"):
        to_row(json.dumps({"NewImage": image() | {"price": {"S": "1"}}}).encode())


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"eventName": "OTHER"}, r"\$\.eventName: expected INSERT, MODIFY or REMOVE, found another name"),
        ({"eventName": None}, r"\$\.eventName: expected INSERT, MODIFY or REMOVE, found null"),
        ({"eventName": "INSERT", "dynamodb": {}}, r"\$\.dynamodb\.NewImage: expected an object, found nothing"),
        ({"dynamodb": {"NewImage": image()}}, r"\$\.eventName: expected INSERT, MODIFY or REMOVE, found nothing"),
    ],
    ids=["other name", "null", "empty dynamodb", "no name"],
)
def test_an_image_at_the_top_level_is_no_excuse_for_what_is_wrong_beside_it(members, reason):
    with pytest.raises(RecordError, match=f"^{reason}$"):
        to_row(json.dumps({"NewImage": image()} | members).encode())


def test_of_two_images_the_one_of_the_stream_record_is_read():
    both = {"NewImage": image(product_name="Drone")} | json.loads(change_event(image()))
    assert b"Laptop" in to_row(json.dumps(both).encode())


def test_what_no_column_takes_may_hold_numbers_that_python_does_not():
    data = change_event(image() | {"gift": {"BOOL": True}}).replace(b'"111"', b"1e999").replace(b"true", b"9" * 5000)
    assert to_row(data) == to_row(change_event(image()))


@pytest.mark.parametrize("number", [b"1e999", b"9" * 5000])
def test_a_number_that_python_does_not_have_is_an_error_of_the_record_where_a_column_keeps_it(number):
    data = change_event(image() | {"gift": {"N": 5}}).replace(b'"N":5', b'"N":%b' % number)
    with pytest.raises(
        RecordError, match=r"^\$\.dynamodb\.NewImage\.gift: expected a value of any type, found JSON that"
    ):
        RowWriter(COLUMNS, other_attributes=True).row(data)


def test_attributes_that_no_column_takes_are_never_looked_into():
    strange = image() | {"gift": {"BOOL": True}, "note": {"S": 5}, "nothing": None}
    assert to_row(change_event(strange)) == to_row(change_event(image()))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"price": {}}, "price: expected N, found no type"),
        ({"price": {"N": "1", "S": "1"}}, "price: expected N, found N and S"),
        ({"price": {"N": "1", "SECRET": "1"}}, "price: expected N, found N and an unknown type"),
        ({"price": {"SECRET": "1"}}, "price: expected N, found an unknown type"),
        ({"price": None}, "price: expected N, found null"),
        ({"price": {"N": ""}}, "price: expected N, found an empty string"),
        *(
            ({"price": {"N": number}}, "price: expected a finite decimal number, found other text")
            for number in (
                "NaN",
                "-Infinity",
                "+5",
                "5_0",
                " 5 ",
                "5\n",
                "\N{ARABIC-INDIC DIGIT FIVE}",
                "5.",
                ".5",
                "00.5",
                "0x5",
                "1E",
                "1E+1000",
                "0E+1000",
                "-",
                "-.0",
                "--1",
                "1e5.0",
                "1e+-5",
                "1,5",
                "\N{MINUS SIGN}1",
                "1\0",
            )
        ),
        *(
            ({"price": {"N": number}}, f"price: expected a number with {DECLARED}, found one with more")
            for number in (
                *("10000000000000000000", "-10000000000000000000.5", "1E+19", "0.1e20", "1" * 38, "1E+125", "-1E+999"),
                *("0.0000000001", "-1E-10", "349.9900000001", "9999999999999999999.9999999991", "1E-130", "1e-999"),
            )
        ),
        ({"price": {"N": "1." + "0" * 1_000_000}}, "price: expected a finite decimal number, found other text"),
        ({"quantity": {"N": "2.5"}}, "quantity: expected a whole number in signed 32 bits, found a fraction"),
        (
            {"quantity": {"N": "2147483648"}},
            "quantity: expected a whole number in signed 32 bits, found a number outside",
        ),
        *(
            ({"quantity": {"N": number}}, "quantity: expected a finite decimal number, found other text")
            for number in ("007", "-01", "\N{ARABIC-INDIC DIGIT FIVE}", "\N{FULLWIDTH DIGIT FIVE}", "+5", "5_0", " 5")
        ),
        ({"quantity": {"N": "1E+999"}}, "quantity: expected a whole number in signed 32 bits, found a number outside"),
        ({"quantity": {"N": "1e-999"}}, "quantity: expected a whole number in signed 32 bits, found a fraction"),
        ({"orderid": {"S": ""}}, "orderid: expected S, found an empty string"),
        ({"product_name": {"S": ["Laptop"]}}, "product_name: expected the value of S as a string, found an array"),
        ({"product_name": {"B": "TGFwdG9w"}}, "product_name: expected S, found B"),
    ],
)
def test_an_error_names_the_path_and_what_was_found(wrong, reason):
    with pytest.raises(RecordError) as error:
        to_row(change_event(image() | wrong))
    assert str(error.value).startswith(f"$.dynamodb.NewImage.{reason}")


def test_a_reason_never_holds_what_an_event_holds():
    for record in load("firehose-bad-records.reasons"):
        assert "Webcam" not in record["reason"]
        assert "59.99" not in record["reason"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b"[" * 1_000_000,
        b'{"eventName":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        change_event(image() | {"note": 5}).replace(b":5", b":" + b'{"L":[' * 100_000 + b"]}" * 100_000),
        change_event(image(product_name="\ud83d")),
        change_event(image()).replace(b"Laptop", rb"\ud83d"),
        change_event(image()).replace(b"9f1c6ab2", b"\xc3\x28"),
        change_event(image()).replace(b'"111"', b"NaN"),
    ],
    ids=[
        *("empty", "null", "no text", "deep array", "deep object", "deep attribute"),
        *("surrogate", "escaped surrogate", "skipped", "NaN"),
    ],
)
def test_bytes_that_are_no_change_event_are_an_error_of_the_record(data):
    with pytest.raises(RecordError):
        to_row(data)


def test_a_megabyte_of_text_goes_through():
    name = "x" * 1_000_000
    assert json.loads(to_row(change_event(image(product_name=name))))["product_name"] == name


@given(st.binary())
def test_no_bytes_raise_anything_but_an_error_of_the_record(data):
    with pytest.raises(RecordError):
        to_row(data)


WITH_CHANGE = {"ApproximateCreationDateTime": 1792540800}


def with_members(data, **members):
    """Bytes of a change event with these members in its `dynamodb`, None for none."""
    event = json.loads(data)
    event["dynamodb"] = {name: each for name, each in (event["dynamodb"] | members).items() if each is not None}
    return json.dumps(event).encode()


@pytest.mark.parametrize("extra", [{}, {"gift": {"BOOL": True}}], ids=["fast way", "complete way"])
@pytest.mark.parametrize(
    ("time", "written"),
    [
        (1792540800, '"2026-10-21T00:00:00.000Z"'),
        (1792540800.123, '"2026-10-21T00:00:00.123Z"'),
        (1792540800123, '"2026-10-21T00:00:00.123Z"'),
        (1792540800123456, '"2026-10-21T00:00:00.123Z"'),
        (0, '"1970-01-01T00:00:00.000Z"'),
        (None, "null"),
        ("1792540800", '"2026-10-21T00:00:00.000Z"'),
        ("1792540800.123", '"2026-10-21T00:00:00.123Z"'),
        ("1.792540800123E9", '"2026-10-21T00:00:00.123Z"'),
        ("1792540800123", '"2026-10-21T00:00:00.123Z"'),
        ("2026-10-21", "null"),
        *((text, "null") for text in ("", " 1792540800", "1_792_540_800", "+1", "nan", "inf", "1e999", "9" * 5000)),
        (-1e15, "null"),
        ("-1e15", "null"),
        ({}, "null"),
    ],
)
def test_change_columns_stand_at_the_end_of_a_row(time, written, extra):
    data = with_members(change_event(image() | extra, "MODIFY"), ApproximateCreationDateTime=time)
    assert to_row_with_change(data).decode() == to_row(data).decode().replace(
        "}\n",
        f',"event_id":"9f1c6ab2d5e84c0f8f3d1b7a2c4e6d80","event_name":"MODIFY","event_time":{written},'
        '"sequence_number":"111"}\n',
    )


def test_a_time_that_no_number_holds_is_none():
    data = with_members(change_event(image()), ApproximateCreationDateTime="@").replace(b'"@"', b"1e999")
    assert b'"event_time":null' in to_row_with_change(data)


def test_with_change_columns_a_removal_is_a_row_that_holds_the_id_alone():
    removal = {
        "eventID": "e1",
        "eventName": "REMOVE",
        "dynamodb": {"Keys": {"orderid": {"S": "7\u00e9"}}, "SequenceNumber": "9" * 40} | WITH_CHANGE,
    }
    assert to_row_with_change(json.dumps(removal).encode()).decode() == (
        '{"orderid":"7é","product_name":null,"quantity":null,"price":null,"event_id":"e1","event_name":"REMOVE",'
        '"event_time":"2026-10-21T00:00:00.000Z","sequence_number":"%s"}\n' % ("9" * 40)
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"SequenceNumber": None}, "$.dynamodb.SequenceNumber: expected a string, found nothing"),
        ({"SequenceNumber": 111}, "$.dynamodb.SequenceNumber: expected a string, found a number"),
        ({"SequenceNumber": ""}, "$.dynamodb.SequenceNumber: expected a string, found an empty one"),
        ({"SequenceNumber": "1e5"}, "$.dynamodb.SequenceNumber: expected up to 40 digits, found other text"),
        ({"SequenceNumber": "1" * 41}, "$.dynamodb.SequenceNumber: expected up to 40 digits, found other text"),
        ({"Keys": None}, "$.dynamodb.Keys: expected an object, found nothing"),
        ({"Keys": {"orderid": {"N": "1"}}}, "$.dynamodb.Keys.orderid: expected S, found N"),
    ],
)
def test_a_change_that_can_not_be_ordered_or_named_is_an_error(members, reason):
    data = change_event(image(), "REMOVE" if "Keys" in members else "INSERT")
    with pytest.raises(RecordError) as error:
        to_row_with_change(with_members(data, **members))
    assert str(error.value) == reason


def test_an_image_at_the_top_level_says_nothing_of_its_change():
    with pytest.raises(RecordError, match=r"^\$\.eventID: expected a string, found nothing$"):
        to_row_with_change(json.dumps({"NewImage": image()}).encode())
