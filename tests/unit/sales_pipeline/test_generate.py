"""Mock orders are not written where the transform would refuse them all."""

import signal
import threading

import pytest

from sales_pipeline import generate
from sales_pipeline.aws.stack import Stack
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from transform.column_types import INT64, STRING, Column


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (FOUR, ""),
        (FOUR[:1], ""),
        ((FOUR[0], Column("shipping", STRING, optional=True)), ""),
        ((Column("id", INT64),), "$.dynamodb.NewImage.id: expected N, found nothing"),
        ((*FOUR, Column("who", STRING)), "$.dynamodb.NewImage.who: expected S, found nothing"),
    ],
)
def test_mock_orders_fit_columns_that_they_have_or_may_lack(columns, why):
    assert generate.why_unfit(columns) == why


def test_orders_that_would_all_be_refused_are_not_written():
    stack = Stack("sales", {"TableName": "orders"}, None, columns=EVERY_TYPE)
    with pytest.raises(generate.UnfitOrdersError, match=r"NewImage\.orderNo: .* write orders of your own"):
        generate.run(stack)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_orders_it_waits_for_the_same_signals(number):
    before = signal.getsignal(number)
    threading.Timer(0.1, signal.raise_signal, [number]).start()
    assert generate.write_none() == 0
    assert signal.getsignal(number) is before
