"""A stack of moto's with a table and a lake, and a clock that stands still."""

import boto3

from sales_pipeline.aws.stack import Stack
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.column_types import CHANGE_COLUMNS, OTHER_ATTRIBUTES

BUCKET, TABLE = "lake", "orders"
START_SECONDS = 1_795_348_800  # 2026-11-22T12:00:00Z; S3 dates objects by the real clock
FOLDER = "sales_data/dt=2026-11-22/"


class Clock:
    """Stands still but for sleeps; `during` is called in each, with its number from 1."""

    def __init__(self):
        self.seconds = 0.0
        self.sleeps = []
        self.during = lambda _: None

    def monotonic(self):
        return self.seconds

    def time_ns(self):
        return int((START_SECONDS + self.seconds) * 1e9)

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.seconds += seconds
        self.during(len(self.sleeps))


class Session(boto3.Session):
    """A session whose client of Glue answers with the declared table as the template has it: moto's takes a parser."""

    def __init__(self, change_columns="NONE", other_attributes="DROP", columns=FOUR):
        super().__init__(region_name="us-east-1")
        self.glue = Glue(change_columns, other_attributes, columns)

    def client(self, name, *arguments, **options):
        return self.glue if name == "glue" else super().client(name, *arguments, **options)


class Glue:
    """Knows the declared table alone, with columns of its own; `table` can be changed."""

    class exceptions:  # noqa: N801 - boto3's name
        class EntityNotFoundException(Exception):  # noqa: N818
            pass

    def __init__(self, change_columns, other_attributes="DROP", columns=FOUR):
        declared = TEMPLATE["Resources"]["DeclaredTable"]["Properties"]["TableInput"]
        table = resolve(declared, ChangeColumns=change_columns, OtherAttributes=other_attributes, Bucket=BUCKET)
        storage = table["StorageDescriptor"]
        of_order = [{"Name": each.name, "Type": each.type.catalog_type} for each in columns]
        others = [each for each in storage["Columns"] if each["Name"] in {*CHANGE_COLUMNS, OTHER_ATTRIBUTES}]
        self.table = {**table, "StorageDescriptor": {**storage, "Columns": of_order + others}}

    def get_table(self, *, DatabaseName, Name):  # noqa: N803 - boto3's names
        if not self.table:
            raise self.exceptions.EntityNotFoundException
        assert (DatabaseName, Name) == ("declared", self.table["Name"])
        return {"Table": self.table}


def new_stack(change_columns="NONE"):
    """A stack with an empty table and an empty lake."""
    session = Session(change_columns)
    session.client("s3").create_bucket(Bucket=BUCKET)
    session.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    outputs = {
        "TableName": TABLE,
        "DataLocation": f"s3://{BUCKET}/sales_data/",
        "ErrorLocation": f"s3://{BUCKET}/errors/",
        "BucketName": BUCKET,
        "DeclaredTable": "declared.orders",
    }
    parameters = {"BufferIntervalSeconds": "1", "ChangeColumns": change_columns}
    return Stack("sales", outputs, session, parameters, columns=FOUR)


def order(orderid, price="349"):
    return {"orderid": {"S": orderid}, "product_name": {"S": "PC"}, "quantity": {"N": "2"}, "price": {"N": price}}


def row(orderid, price="349.0", change=""):
    return f'{{"orderid":"{orderid}","product_name":"PC","quantity":2,"price":{price}{change}}}\n'.encode()


def change(number, event_id=None, name="MODIFY"):
    """The change columns of a row, as `row` takes them."""
    return (
        f',"event_id":"{event_id or f"event {number}"}","event_name":"{name}","event_time":null,'
        f'"sequence_number":"{number}"'
    )


def put_orders(stack, *items):
    for item in items:
        stack.session.client("dynamodb").put_item(TableName=TABLE, Item=item)


def put_object(stack, key, body, storage_class="STANDARD"):
    stack.session.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, StorageClass=storage_class)


def object_key(time="11-00-00", tail=".json", day="2026-11-22"):
    """Key of an object as Firehose names it."""
    return f"sales_data/dt={day}/stream-1-{day}-{time}-9f1c6ab2-d5e8-4c0f-8f3d-1b7a2c4e6d80{tail}"
