"""The table's items are read whole or in part, and keys that DynamoDB leaves out are asked for again."""

from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from sales_pipeline.aws import retry
from sales_pipeline.aws.keys import KEY_BYTES_MAX
from sales_pipeline.aws.retry import RetryError
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import Table
from transform.column_types import INT64, STRING, Column

NAME = "orders"
NAMES = [f"{number:03}" for number in range(5)]


def order(orderid):
    return {"orderid": {"S": orderid}, "year": {"N": "2026"}, "note": {"S": "a"}}


@pytest.fixture
def make_table(monkeypatch):
    """Make a table with this key that holds these items."""
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0, 0.0, 0.0))

    def make(key, items):
        session = boto3.Session(region_name="us-east-1")
        dynamodb = session.client("dynamodb")
        dynamodb.create_table(
            TableName=NAME,
            KeySchema=[{"AttributeName": key.attribute, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key.attribute, "AttributeType": key.type.attribute_type}],
            BillingMode="PAY_PER_REQUEST",
        )
        for item in items:
            dynamodb.put_item(TableName=NAME, Item=item)
        return Table(Stack("sales", {"TableName": NAME}, session, columns=[key]), 1_000)

    with mock_aws():
        yield make


@pytest.fixture
def table(make_table):
    return make_table(Column("orderid", STRING), map(order, NAMES))


def test_a_scan_reads_each_item_once_with_the_attributes_that_are_asked_for(table):
    read = [each for page in table.scan(dict, ["orderid", "year"]) for each in page]
    assert sorted(each["orderid"]["S"] for each in read) == NAMES
    assert read[0].keys() == {"orderid", "year"}  # a word that DynamoDB reserves


def test_a_scan_without_attributes_reads_whole_items(table):
    read = [each for page in table.scan(dict, []) for each in page]
    assert sorted(read, key=lambda item: item["orderid"]["S"]) == [order(name) for name in NAMES]


def test_pages_hold_whole_items(table):
    pages = list(table.pages(2))
    assert max(map(len, pages)) == 2
    assert sorted((item for page in pages for item in page), key=lambda item: item["orderid"]["S"]) == [
        order(name) for name in NAMES
    ]


def test_items_are_those_that_the_table_holds_by_key(table):
    assert table.items(["001", "gone", "x" * (KEY_BYTES_MAX + 1)]) == {"001": order("001")}
    assert table.items(["001"], ["orderid"]) == {"001": {"orderid": {"S": "001"}}}
    assert table.items([]) == {}


def test_items_of_a_table_whose_key_is_a_number_are_found_by_its_one_text(make_table):
    table = make_table(Column("Order-No", INT64), [{"Order-No": {"N": each}} for each in ("12.0", "-7", "1E+2")])
    assert sorted(table.items(["12", "100", "-7", "8", "x", "1" * 39])) == ["-7", "100", "12"]


@pytest.fixture
def limited(table, monkeypatch):
    """Let DynamoDB answer for so many keys of each call; the keys that each call asked for."""
    whole, asked = table._dynamodb.batch_get_item, []

    def limit(keys_max):
        def batch_get_item(RequestItems, **more):  # noqa: N803 - boto3's names
            keys = RequestItems[NAME]["Keys"]
            asked.append(len(keys))
            if not keys_max:
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            answer = whole(RequestItems={NAME: RequestItems[NAME] | {"Keys": keys[:keys_max]}}, **more)
            return answer | {"UnprocessedKeys": {NAME: {"Keys": keys[keys_max:]}} if keys[keys_max:] else {}}

        monkeypatch.setattr(table, "_dynamodb", SimpleNamespace(batch_get_item=batch_get_item))
        return asked

    return limit


def test_keys_that_dynamodb_leaves_unprocessed_are_asked_for_again(table, limited):
    asked = limited(2)
    assert sorted(table.items([*NAMES, "gone"])) == NAMES
    assert asked == [6, 4, 2]


def test_a_table_that_does_not_answer_is_an_error(table, limited):
    asked = limited(0)
    with pytest.raises(RetryError, match="Table orders does not answer"):
        table.items(NAMES)
    assert asked == [5, 5, 5]
