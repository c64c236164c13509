"""An order's id is the text of its key. A number has one text, wherever it comes from."""

import pytest

from sales_pipeline.aws.keys import KEY_BYTES_MAX, Keys
from transform.column_types import DECIMAL, INT32, STRING, Column

TEXT, NUMBER = Keys(Column("orderId", STRING, name="id")), Keys(Column("no", INT32))


@pytest.mark.parametrize(
    ("number", "order_id"),
    [
        ("12", "12"),
        ("12.0", "12"),
        ("-12.50", "-12.5"),
        ("0.5", "0.5"),
        ("5e-1", "0.5"),
        ("100", "100"),
        ("1.2E+3", "1200"),
        ("-0.0", "0"),
        ("0E+5", "0"),
        ("9" * 38, "9" * 38),
        ("9" * 38 + ".00", "9" * 38),
        ("1E+125", "1" + "0" * 125),
        ("1E-130", "0." + "0" * 129 + "1"),
    ],
)
@pytest.mark.parametrize("type_", [INT32, DECIMAL])
def test_a_number_has_one_text(number, order_id, type_):
    keys = Keys(Column("no", type_))
    assert keys.id_of({"no": {"N": number}, "name": {"S": "a"}}) == order_id
    assert keys.id_of(keys.of(order_id)) == order_id
    assert keys.can_be(order_id)
    assert keys.can_be(number) is (number == order_id)


@pytest.mark.parametrize("order_id", ["7", "007", "1.0", "ä\0", " ", "x" * KEY_BYTES_MAX])
def test_a_text_is_its_own_id(order_id):
    assert TEXT.of(order_id) == {"orderId": {"S": order_id}}
    assert TEXT.id_of(TEXT.of(order_id)) == order_id
    assert TEXT.can_be(order_id)


@pytest.mark.parametrize(
    "number", ["", "x", "05", "00", "+1", "1_0", " 1", "\u0661", "NaN", "9" * 39, "1E+126", "1E-131", "0" * 201]
)
def test_what_dynamodb_has_no_number_for_is_no_id(number):
    assert not NUMBER.can_be(number)
    with pytest.raises(ValueError, match=r"no key|no number"):
        NUMBER.id_of({"no": {"N": number}})


@pytest.mark.parametrize("order_id", ["", "x" * (KEY_BYTES_MAX + 1), "ä" * (KEY_BYTES_MAX // 2) + "x", "\ud800"])
def test_what_no_key_can_be_is_no_id(order_id):
    assert not TEXT.can_be(order_id)


@pytest.mark.parametrize("attributes", [None, [], {}, {"no": None}, {"no": {"S": "1"}}, {"no": {"N": 1}}, {"NO": {}}])
def test_attributes_without_the_key_have_no_id(attributes):
    with pytest.raises(ValueError, match="no key"):
        NUMBER.id_of(attributes)
