"""The table of docs/contract.md after `make columns`."""

import re

import pytest

from columns.contract import sections
from tests.unit.columns.declared import EVERY_TYPE
from transform.column_types import DECIMAL, JSON, STRING, Column

KEY = EVERY_TYPE[0]


def rows(*columns):
    """The cells of each row, as Markdown reads them: a bar ends a cell unless a backslash is before it."""
    return [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in sections(columns, columns[0])["fields"][3:-1]]


def test_a_row_says_all_that_the_column_declares():
    assert rows(KEY, Column("customerId", DECIMAL, optional=True, name="customer_id"), Column("gift", JSON)) == [
        ["`order_no`", "`order-no`", "`INT64`", "`N` (number)", "integer", "`bigint`", "no"],
        [
            *("`customer_id`", "`customerId`", "`DECIMAL`", "`N` (number)"),
            *("number with a fraction or an exponent", "`decimal(28,9)`", "yes"),
        ],
        ["`gift`", "`gift`", "`JSON`", "any", "string that holds JSON", "`string`", "no"],
    ]


@pytest.mark.parametrize(
    ("attribute", "cell"),
    [
        ("a b", "`a b`"),
        ("a|b", r"`a\|b`"),
        ("a`b", "`` a`b ``"),
        ("`", "`` ` ``"),
        ("```a`", "```` ```a` ````"),
        ("<b>", "`<b>`"),
    ],
)
def test_any_name_of_an_attribute_is_code_in_one_cell(attribute, cell):
    ((name, found, *others),) = rows(Column(attribute, STRING, name="given"))
    assert (name, found, len(others)) == ("`given`", cell, 5)
