"""Runs every saved query of the template, and the view, over rows with known answers."""

import pytest

from tests.unit.local_aws.athena.lake import CRAWLED, DECLARED, TABLE, Lake, day
from tests.unit.template.parsed import TEMPLATE, resolve

ID = "01a20446-a53f-7000-a43e-83e78fdb48c4"
AT = "2026-11-22 17:21:08.415 UTC"
SAVED = {
    name: each["Properties"]
    for name, each in TEMPLATE["Resources"].items()
    if each["Type"] == "AWS::Athena::NamedQuery"
}
MORE = {
    "NONE": {},
    "APPEND": {
        "event_id": "e",
        "event_name": "INSERT",
        "event_time": "2026-11-22T11:26:00.000Z",
        "sequence_number": "1",
    },
}


def row(orderid, quantity, price, product="Laptop", **more):
    head = f'"orderid":"{orderid}","product_name":"{product}","quantity":{quantity},"price":{price}'
    return ("{" + head + "".join(f',"{name}":"{value}"' for name, value in more.items()) + "}").encode()


def lake(form):
    made = Lake(TABLE, ChangeColumns=form)
    later = MORE[form] and MORE[form] | {"sequence_number": "2"}
    today, old = day(), day(40)
    made.add(
        f"dt={today}/s-1-{today}-10-00-00-x.json",
        row(ID, 2, "349.0", **MORE[form]),
        row("A-1001", 1, "99999999999.000000001", "Phone", **MORE[form]),
    )
    made.add(f"dt={today}/s-1-{today}-11-00-00-x.json", row(ID, 3, "349.5", **later))
    made.add(f"dt={old}/s-1-{old}-10-00-00-x.json", row("old", 1, "1.0", **MORE[form]))
    storage = made.entries[DECLARED]["orders"]["StorageDescriptor"]
    columns = [{**each, "Type": each["Type"].replace("decimal(28,9)", "double")} for each in storage["Columns"]]
    made.put(
        CRAWLED,
        made.entries[DECLARED]["orders"]
        | {"Name": "sales_data", "Parameters": {}, "StorageDescriptor": storage | {"Columns": columns}},
    )
    made.registered[CRAWLED, "sales_data"] = [
        {
            "Values": [today],
            "StorageDescriptor": {"Location": f"s3://Bucket/sales_data/dt={today}/", "Columns": columns},
        }
    ]
    return made


ANSWERS = {
    "LatestOrdersOver100Query": [
        ["A-1001", "Phone", "1", "9.9999999999E10", day()],
        [ID, "Laptop", "2", "349.0", day()],
        [ID, "Laptop", "3", "349.5", day()],
    ],
    "LatestOrdersQuery": [
        ["1970-01-01 00:10:59.457 UTC", "A-1001", "Phone", "1", "99999999999.000000001"],
        [AT, ID, "Laptop", "2", "349.000000000"],
        [AT, ID, "Laptop", "3", "349.500000000"],
    ],
    "CreateSalesCurrentViewQuery": [],
    "RevenueByProductQuery": [
        ["Phone", "99999999999.000000001", "1", "1"],
        ["Laptop", "1048.500000000", "3", "1"],
    ],
    "RevenueByDayQuery": [[day(), "100000001047.500000001", "4", "2"]],
    "HighestRevenueOrdersQuery": [
        ["A-1001", "Phone", "1", "99999999999.000000001", "99999999999.000000001"],
        [ID, "Laptop", "3", "349.500000000", "1048.500000000"],
    ],
    "OrdersPerHourQuery": [["2026-11-22 17:00:00.000 UTC", "1"], ["1970-01-01 00:00:00.000 UTC", "1"]],
}


@pytest.mark.parametrize("form", ["NONE", "APPEND"])
def test_each_saved_query_gives_its_answer(form):
    made = lake(form)
    view = SAVED["CreateSalesCurrentViewQuery"]
    made.ask(resolve(view["QueryString"], ChangeColumns=form))
    found = {}
    for name, properties in SAVED.items():
        database = {"CrawledDatabase": CRAWLED, "DeclaredDatabase": DECLARED}[resolve(properties["Database"])]
        answer = made.ask(resolve(properties["QueryString"], ChangeColumns=form), database)
        rows = answer.rows
        if name == "LatestOrdersOver100Query":  # has all columns
            places = [answer.columns.index(column) for column in ("orderid", "product_name", "quantity", "price", "dt")]
            rows = [[row[place] for place in places] for row in rows]
        # Two versions of one order have one id, which orders the rows.
        found[name] = sorted(rows) if name.startswith("Latest") else rows
    assert found == {name: sorted(rows) if name.startswith("Latest") else rows for name, rows in ANSWERS.items()}


def test_the_view_can_be_queried_and_has_the_types_of_its_query():
    made = lake("APPEND")
    made.ask(resolve(SAVED["CreateSalesCurrentViewQuery"]["QueryString"], ChangeColumns="APPEND"))
    names = ["orderid", "product_name", "quantity", "price", *MORE["APPEND"], "dt"]
    answer = made.ask(f"SELECT {', '.join(names)} FROM sales_current WHERE orderid = 'A-1001'")  # noqa: S608
    assert answer.rows == [["A-1001", "Phone", "1", "99999999999.000000001", *MORE["APPEND"].values(), day()]]
    assert [kind.trino for kind in answer.kinds] == ["varchar", "varchar", "integer", "decimal(28,9)", *["varchar"] * 5]
    columns = made.entries[DECLARED]["sales_current"]["StorageDescriptor"]["Columns"]
    assert {"Name": "price", "Type": "decimal(28,9)"} in columns


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
@pytest.mark.parametrize("other_attributes", ["DROP", "KEEP"])
def test_the_view_shows_every_column_of_the_declared_table(change_columns, other_attributes):
    form = {"ChangeColumns": change_columns, "OtherAttributes": other_attributes}
    made = Lake(TABLE, **form)
    made.ask(resolve(SAVED["CreateSalesCurrentViewQuery"]["QueryString"], **form))
    table, view = (made.entries[DECLARED][name] for name in ("orders", "sales_current"))
    assert [each["Name"] for each in view["StorageDescriptor"]["Columns"]] == [
        *(each["Name"] for each in table["StorageDescriptor"]["Columns"]),
        "dt",
    ]


def test_revenue_has_the_type_that_the_contract_says():
    kinds = lake("NONE").ask("SELECT quantity * price, sum(quantity * price) FROM orders GROUP BY 1").kinds
    assert [kind.trino for kind in kinds] == ["decimal(38,9)", "decimal(38,9)"]
