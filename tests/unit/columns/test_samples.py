"""What a change of the columns asks for beside `make columns`: a test for each says where to make it."""

import pytest

from generator.orders import planned_orders, to_item
from local_aws.athena.errors import QueryFailedError
from tests.unit.events import change_event
from tests.unit.local_aws.athena.lake import CRAWLED, DECLARED, TABLE, Lake
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.columns import COLUMNS
from transform.record import RowWriter
from transform.values import RecordError

MISSING = """\
A mock order has no row with the columns of src/transform/columns.py:
  {}
Let _orders and to_item in src/generator/orders.py make such attributes. Then change the samples: events/*.json,
tests/unit/events.py, and each test that still fails. If orders may lack the attribute, write optional=True instead.
"""
UNFIT = """\
These saved queries of template.yaml do not fit the columns of src/transform/columns.py. Change or delete each:
  {}
"""


def test_mock_orders_have_all_that_the_columns_require():
    event = change_event(to_item(next(planned_orders(1, start_ms=0, interval_seconds=1))))
    reasons = []
    for column in COLUMNS:
        try:
            RowWriter([column]).row(event)
        except RecordError as error:
            reasons.append(str(error))
    if reasons:
        pytest.fail(MISSING.format("\n  ".join(reasons)), pytrace=False)


def test_saved_queries_use_columns_that_there_are():
    lake = Lake(TABLE)
    lake.put(CRAWLED, lake.entries[DECLARED]["orders"] | {"Name": "sales_data"})
    saved = {
        name: each["Properties"]["QueryString"]
        for name, each in TEMPLATE["Resources"].items()
        if each["Type"] == "AWS::Athena::NamedQuery"
    }
    lake.ask(resolve(saved["CreateSalesCurrentViewQuery"]))
    failed = []
    for name, query in saved.items():
        try:
            lake.ask(resolve(query))
        except QueryFailedError as error:
            failed.append(f"{name}: {error}")
    if failed:
        pytest.fail(UNFIT.format("\n  ".join(failed)), pytrace=False)
