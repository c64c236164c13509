"""The template after `make columns`, with a key of another type and columns of every type and odd names."""

import json
from functools import cache
from itertools import product

import pytest
from samcli.yamlhelper import yaml_parse

from tests.unit.columns.declared import EVERY_TYPE, text
from tests.unit.local_aws.athena.lake import Lake, day
from tests.unit.template.parsed import resolve
from transform.column_types import CHANGE_COLUMNS, OTHER_ATTRIBUTES, STRING, Column
from transform.record import RowWriter

FORMS = [
    {"ChangeColumns": change_columns, "OtherAttributes": other_attributes}
    for change_columns, other_attributes in product(("NONE", "APPEND"), ("DROP", "KEEP"))
]
FULL = {
    "order-no": {"N": "2"},
    "product": {"S": "Drone"},
    "image": {"S": ""},
    "class": {"N": "1"},
    "gift-wrap": {"BOOL": True},
    "order id": {"N": "9007199254740993"},
    "customerId": {"N": "12.5"},
    "shipping": {"M": {"city": {"S": "Bonn"}}},
    "newest": {"BOOL": False},
    "Größe": {"S": "M"},
    "note": {"S": "ring twice"},
}


@cache
def resources(columns=EVERY_TYPE):
    return yaml_parse(text("template.yaml", columns))["Resources"]


def properties(name, columns=EVERY_TYPE):
    return resources(columns)[name]["Properties"]


def test_the_table_and_the_pipe_have_the_key():
    table, check = properties("OrderTable"), properties("TableCheck")
    assert table["AttributeDefinitions"] == [{"AttributeName": "order-no", "AttributeType": "N"}]
    assert table["KeySchema"] == [{"AttributeName": "order-no", "KeyType": "HASH"}]
    assert (check["PartitionKey"], check["PartitionKeyType"]) == ("order-no", "N")
    parameters = properties("OrderPipe")["TargetParameters"]["KinesisStreamParameters"]
    assert parameters == {"PartitionKey": "$.dynamodb.Keys.order-no.N"}


def lake(form, columns=EVERY_TYPE):
    """A lake with the declared table, and the statement that makes the view over it."""
    made = Lake(properties("DeclaredTable", columns)["TableInput"], **form)
    return made, resolve(properties("CreateSalesCurrentViewQuery", columns)["QueryString"], **form)


def change(event_name, number, image):
    """Bytes of a change event of an order."""
    stream_record = {"Keys": {"order-no": image["order-no"]}, "SequenceNumber": str(number)}
    if event_name != "REMOVE":
        stream_record["NewImage"] = image
    return json.dumps({"eventID": f"e{number}", "eventName": event_name, "dynamodb": stream_record}).encode()


def writer(form, columns=EVERY_TYPE):
    change_columns, other_attributes = form["ChangeColumns"] == "APPEND", form["OtherAttributes"] == "KEEP"
    return RowWriter(columns, change_columns=change_columns, other_attributes=other_attributes).row


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(form.values()))
def test_the_view_shows_every_column_of_the_newest_rows(form):
    made, view = lake(form)
    short = {"order-no": {"N": "1"}, "product": {"S": "Laptop"}}
    older = FULL | {"product": {"S": "Phone"}, "class": {"NULL": True}}
    arrived = {10: [("INSERT", 3, short), ("INSERT", 4, older)], 11: [("MODIFY", 5, FULL)]}
    for hour, events in arrived.items():
        lines = (writer(form)(change(*event)).rstrip() for event in events)
        made.add(f"dt={day()}/s-1-{day()}-{hour}-00-00-x.json", *lines)
    made.ask(view)
    found = made.ask("SELECT * FROM sales_current ORDER BY 1")

    more = [*CHANGE_COLUMNS] if form["ChangeColumns"] == "APPEND" else []
    more += [OTHER_ATTRIBUTES] if form["OtherAttributes"] == "KEEP" else []
    assert found.columns == [*(column.name for column in EVERY_TYPE), *more, "dt"]
    rows = [
        {"order_no": "1", "product": "Laptop", "event_id": "e3", "event_name": "INSERT", "sequence_number": "3"},
        {
            "order_no": "2",
            "product": "Drone",
            "image": "",
            "class": "1",
            "gift-wrap": "true",
            "order id": "9007199254740993",
            "customer_id": "12.500000000",
            "shipping": '{"city":"Bonn"}',
            "newest": "false",
            "größe": "M",
            "other_attributes": '{"note":"ring twice"}',
            "event_id": "e5",
            "event_name": "MODIFY",
            "sequence_number": "5",
        },
    ]
    assert found.rows == [[(row | {"dt": day()}).get(name) for name in found.columns] for row in rows]


def columns(*, optional):
    return (EVERY_TYPE[0], *(Column(name, STRING, optional=optional) for name in ("product", "gift-wrap")))


@pytest.mark.parametrize(("optional", "shown"), [(False, [["1"]]), (True, [["1"], ["2"]])])
def test_without_change_columns_a_row_of_nulls_is_a_deletion_if_any_column_is_required(optional, shown):
    declared = columns(optional=optional)
    made, view = lake(FORMS[0], declared)
    image = {"product": {"S": "Laptop"}, "gift-wrap": {"S": "yes"}}
    to_row = writer({"ChangeColumns": "APPEND", "OtherAttributes": "DROP"}, declared)
    for hour, (event_name, number) in enumerate([("INSERT", "1"), ("INSERT", "2"), ("REMOVE", "2")], 10):
        event = change(event_name, hour, {"order-no": {"N": number}} | image)
        made.add(f"dt={day()}/s-1-{day()}-{hour}-00-00-x.json", to_row(event).rstrip())
    made.ask(view)
    assert made.ask("SELECT order_no FROM sales_current ORDER BY 1").rows == shown
