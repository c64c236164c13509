"""The script for a request for erasure in docs/your-own-table.md, on keys that are special to something."""

import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from sales_pipeline.terminal.table import DataTable, show
from tests import ROOT
from tests.unit.events import change_event
from tests.unit.local_aws.athena.lake import DECLARED, Lake, day
from transform.column_types import DECIMAL, INT64, STRING, Column
from transform.record import RowWriter

PAGE = (ROOT / "docs" / "your-own-table.md").read_text()
(SCRIPT,) = [
    each for each in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL) if "ids" in each
]
TEXTS = [
    *("it's", 'q"uote', "back\\slash", "\\n", "[x]^$.*", "a b", "  lead", "a,b", "=1+1", "true", "Käse-☃", "😀"),
    *("new\nline", "tab\there", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "x" * 256),
]
OTHERS = ["x", "a", "its", "a.b", "axb", "slash", '","', "1"]


@pytest.mark.parametrize(
    ("column", "ids", "others"),
    [
        (Column("id", STRING), TEXTS, OTHERS),
        (Column("id", INT64), [1, -7, 2**62], [17, 71, 7, 2**62 - 1]),
        (Column("id", DECIMAL), [Decimal("1.5"), Decimal("-1E+18"), Decimal("1E-9"), Decimal(7)], [Decimal(15), 71]),
    ],
    ids=["text", "whole", "decimal"],
)
def test_each_order_is_named_exactly_in_dynamodb_in_athena_and_in_the_rows(tmp_path, capsys, column, ids, others):
    typed = column.type.attribute_type
    (tmp_path / "erase.py").write_text(SCRIPT.replace('"N"', f'"{typed}"'))
    show(DataTable(["id"], [(each,) for each in ids]), "json")  # as `sales query` does
    (tmp_path / "ids").write_text(capsys.readouterr().out)

    def run(what, given=b""):
        done = subprocess.run(
            [sys.executable, "erase.py", what], cwd=tmp_path, input=given, stdout=subprocess.PIPE, check=True
        )
        return done.stdout

    keys = [json.loads(line)["id"][typed] for line in run("keys").decode().split("\n")[:-1]]
    assert (keys if typed == "S" else [Decimal(key) for key in keys]) == ids

    write = RowWriter([column, Column("n", INT64)]).row
    orders = [{"id": {typed: str(each)}, "n": {"N": "1"}} for each in (*ids, *others)]
    rows = [write(change_event(order)) for order in orders]
    assert run("rest", b"".join(rows)) == b"".join(rows[len(ids) :])

    lake = Lake()
    lake.entries[DECLARED]["orders"]["StorageDescriptor"]["Columns"] = [
        {"Name": "id", "Type": column.type.catalog_type},
        {"Name": "n", "Type": "bigint"},
    ]
    lake.add(f"dt={day()}/rows.json", *(row.rstrip(b"\n") for row in rows))
    found = lake.ask(f"SELECT count(*) FROM orders WHERE id IN ({run('list').decode()})")  # noqa: S608
    assert found.rows == [[str(len(ids))]]
