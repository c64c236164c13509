"""What the pages quote is there: the tests that failures.md names, the rows and reasons in contract.md."""

import base64
import json
import re

import pytest

from tests import ROOT
from tests.unit.events import change_event
from tests.unit.local_aws.athena.lake import DECLARED, Lake, day
from transform.column_types import DECIMAL, INT32, STRING, Column
from transform.record import RowWriter

COMMANDS = (ROOT / "docs/commands.md").read_text()
CONTRACT = (ROOT / "docs/contract.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
FAILURES = (ROOT / "docs/failures.md").read_text()
README = (ROOT / "README.md").read_text()


def test_the_tests_that_show_what_happens_on_failure_exist_where_the_page_says():
    named = re.findall(r"^\| ([^|]+) \| `(test_\w+)` \| `([^`]+)` \|$", FAILURES, re.MULTILINE)
    assert len(named) > 10
    for _, test, file in named:
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(), test
    shown_by = set(re.findall(r"\[([^\]]+)\]\(#the-tests\)", FAILURES)) - {"the test", "The tests"}
    assert shown_by == {name for name, _, _ in named}


def test_the_rows_that_show_the_change_columns_are_rows_of_the_samples():
    sample = json.loads((ROOT / "events/firehose-changes.change-columns.expected.json").read_text())
    rows = {base64.b64decode(record["data"]).decode() for record in sample["records"]}
    shown = [f"{line}\n" for line in CONTRACT.splitlines() if '"event_id"' in line and line.startswith("{")]
    assert len(shown) == 2
    assert set(shown) <= rows


def test_the_row_with_other_attributes_is_that_of_the_order_above_it():
    order, row = re.findall(r"^\{.*(?:gift-wrap).*\}$", CONTRACT, re.MULTILINE)
    columns = [
        Column("orderid", STRING),
        Column("product_name", STRING),
        Column("quantity", INT32),
        Column("price", DECIMAL),
    ]
    assert RowWriter(columns, other_attributes=True).row(change_event(json.loads(order))).decode() == f"{row}\n"


def test_the_query_of_other_attributes_finds_the_values_in_the_row_above_it():
    (row,) = re.findall(r'^\{"orderid":".*gift-wrap.*\}$', CONTRACT, re.MULTILINE)
    (query,) = re.findall(r"^SELECT [^;`]*json_extract_scalar[^`]*", CONTRACT, re.MULTILINE)
    lake = Lake(OtherAttributes="KEEP")
    lake.add(f"dt={day()}/rows.json", row.encode(), {"orderid": "A-1002"})
    assert lake.ask(query.replace("sales_data_projection_db_declared", DECLARED)).rows == [["A-1001", "Bonn"]]


def test_a_row_does_not_say_whether_time_to_live_deleted_the_order():
    event = json.loads(change_event({"orderid": {"S": "1"}}, "REMOVE"))
    by_ttl = event | {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    writer = RowWriter([Column("orderid", STRING), Column("price", DECIMAL)], change_columns=True)
    assert writer.row(json.dumps(by_ttl).encode()) == writer.row(json.dumps(event).encode())


def test_the_reasons_are_those_of_the_samples():
    reasons = {each["reason"] for each in json.loads((ROOT / "events/firehose-bad-records.reasons.json").read_text())}
    shown = set(re.findall(r"`(\$[^`]*: [^`]*)` \|$", CONTRACT, re.MULTILINE))
    assert len(shown) == 10
    assert shown <= reasons


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))])
def test_an_order_is_written_by_hand_only_where_the_lines_of_sales_env_are_set(page):
    """With the table's usual name, a terminal without these lines would write into the table of the stack on AWS."""
    tables = re.findall(r"^ *\$ aws dynamodb .*--table-name (\S+)", (ROOT / page).read_text(), re.MULTILINE)
    assert "order_table" not in tables


def test_the_page_of_the_commands_says_first_that_the_aws_cli_needs_sales_env():
    assert 'eval "$(sales env)"' in COMMANDS.partition("\n## ")[0]


def test_both_pages_say_the_same_of_how_long_the_tests_take():
    told = [re.findall(r"about (\w+)\s+minutes on two cores", page) for page in (README, CONTRIBUTING)]
    assert told[0]
    assert told[0] == told[1]


def test_contributing_names_each_folder_of_the_end_to_end_tests():
    folders = {each.name for each in (ROOT / "tests/e2e").iterdir() if (each / "__init__.py").is_file()}
    assert set(re.findall(r"^\| `(\w+)/` \|", CONTRIBUTING, re.MULTILINE)) == folders
