"""Stand-ins for boto3's clients over a lake, in memory: moto would take most of the time of ten thousand lakes."""

import base64
import io
import json
import zlib
from datetime import timedelta
from functools import cache

from botocore.response import StreamingBody

from sales_pipeline.aws.stack import Stack
from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW
from tests.unit.sales_pipeline.reconcile.lakes.schema import SCHEMAS
from tests.unit.sales_pipeline.reconcile.lakes.values import CATALOG_TYPES, CHANGE_COLUMNS, OTHERS
from tests.unit.template.parsed import TEMPLATE, resolve
from transform import column_types

OUTPUTS = {
    "BucketName": "bucket",
    "TableName": "order_table",
    "TableStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/1",
    "DataLocation": f"s3://bucket/{DATA}",
    "ErrorLocation": "s3://bucket/errors/",
    "PipeDeadLetterQueueUrl": "queue",
    "DeclaredTable": "sales_data_projection_db_declared.orders",
    "DeclaredDatabaseName": "sales_data_projection_db_declared",
}
COLUMNS = {
    name: [
        column_types.Column(
            column.attribute, getattr(column_types, column.type), optional=column.optional, name=column.name
        )
        for column in schema.columns
    ]
    for name, schema in SCHEMAS.items()
}
# S3 dates objects as it likes: nothing may depend on it, but for what was replayed a moment ago.
LAST_MODIFIED = [NOW - timedelta(days=days) for days in (3, 1, 2)]


class Clock:
    """Stands still but for sleeps."""

    def __init__(self):
        self.seconds = 0.0

    def monotonic(self):
        return self.seconds

    def time_ns(self):
        return int((NOW.timestamp() + self.seconds) * 1e9)

    def sleep(self, seconds):
        self.seconds += seconds


class Session:
    """A session of boto3 whose clients read this lake."""

    region_name = "us-east-1"

    def __init__(self, lake):
        self._clients = {
            "s3": S3(lake),
            "dynamodb": DynamoDB(lake),
            "dynamodbstreams": Streams(lake.dead_letters),
            "sqs": Queue(lake.dead_letters),
            "glue": Glue(lake),
        }

    def client(self, name, **_):
        return self._clients[name]


def stack_of(lake):
    """The stack over a lake."""
    parameters = {
        "BufferIntervalSeconds": "60",
        "ChangeColumns": lake.change_columns,
        "OtherAttributes": lake.other_attributes,
    }
    return Stack("sales", OUTPUTS, Session(lake), parameters, columns=COLUMNS[lake.schema.name])


class Pages:
    def __init__(self, pages_of):
        self.paginate = pages_of


class S3:
    class exceptions:  # noqa: N801 - boto3's name
        class NoSuchKey(Exception):  # noqa: N818
            pass

        class InvalidObjectState(Exception):  # noqa: N818
            pass

    def __init__(self, lake):
        self._bodies = {each.key: each.body() for each in lake.objects}
        self._classes = {each.key: each.storage_class for each in lake.objects}
        failed = {"errors/processing-failed/1": lake.errors, "replay/sent/1": lake.sent}
        self._bodies |= {key: b"".join(map(error_line, events)) for key, events in failed.items() if events}
        keys = sorted(self._bodies, key=str.encode)
        self._modified = {key: LAST_MODIFIED[zlib.crc32(key.encode()) % len(LAST_MODIFIED)] for key in keys}
        self._modified["replay/sent/1"] = NOW + timedelta(seconds=1)

    def get_paginator(self, _name):
        return Pages(self._list)

    def _list(self, *, Prefix="", **_):  # noqa: N803 - boto3's name
        keys = sorted((key for key in self._bodies if key.startswith(Prefix)), key=str.encode)
        for start in range(0, len(keys), 3):
            page = keys[start : start + 3]
            yield {
                "Contents": [
                    {
                        "Key": key,
                        "Size": len(self._bodies[key]),
                        "LastModified": self._modified[key],
                        "StorageClass": self._classes.get(key, "STANDARD"),
                    }
                    for key in page
                ]
            }
        yield {}

    def get_object(self, *, Key, **_):  # noqa: N803
        assert self._classes.get(Key) not in {"GLACIER", "DEEP_ARCHIVE"}, "Athena does not ask for it"
        body = self._bodies[Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


def error_line(event):
    """A line about a record that failed, as Firehose writes it."""
    text = json.dumps(event, default=lambda binary: base64.b64encode(binary).decode())
    raw = base64.b64encode(text.encode()).decode()
    return json.dumps({"rawData": raw, "errorCode": "Lambda.FunctionError"}).encode() + b"\n"


class DynamoDB:
    def __init__(self, lake):
        self._id_of = lake.schema.id_of
        self._items = {self._id_of(item): item for item in lake.items}

    def get_paginator(self, _name):
        return Pages(self._scan)

    def _scan(self, *, Segment=0, TotalSegments=1, **projection):  # noqa: N803
        items = list(self._items.values())[Segment::TotalSegments]
        yield {"Items": [_projected(item, projection) for item in items]}

    def batch_get_item(self, *, RequestItems, **_):  # noqa: N803
        ((table, request),) = RequestItems.items()
        keys = map(self._id_of, request["Keys"])
        items = [_projected(self._items[key], request) for key in keys if key in self._items]
        return {"Responses": {table: items}, "UnprocessedKeys": {}}


def _projected(item, request):
    names = request.get("ExpressionAttributeNames", {})
    assert request.get("ProjectionExpression", "") == ", ".join(names)
    return {name: each for name, each in item.items() if not names or name in names.values()}


class Queue:
    """Has one message, about all events together."""

    def __init__(self, events):
        batch = {
            "streamArn": OUTPUTS["TableStreamArn"],
            "shardId": "shard",
            "startSequenceNumber": "1",
            "endSequenceNumber": str(len(events)),
            "batchSize": len(events),
        }
        body = json.dumps({"context": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": batch})
        self._messages = [{"MessageId": "1", "ReceiptHandle": "1", "Body": body}] if events else []
        self._shown = False

    def get_queue_attributes(self, **_):
        counts = {"ApproximateNumberOfMessages": len(self._messages), "ApproximateNumberOfMessagesNotVisible": 0}
        return {"Attributes": {name: str(count) for name, count in counts.items()}}

    def receive_message(self, **_):
        self._shown = not self._shown
        return {"Messages": self._messages} if self._messages and self._shown else {}

    def change_message_visibility_batch(self, **_):
        self._shown = False


class Streams:
    """One shard that holds these events."""

    def __init__(self, events):
        numbers = [{"SequenceNumber": str(number)} for number in range(1, len(events) + 1)]
        self._records = [
            {**each, "dynamodb": each["dynamodb"] | number} for each, number in zip(events, numbers, strict=True)
        ]

    def get_shard_iterator(self, **_):
        return {"ShardIterator": "1"}

    def get_records(self, **_):
        return {"Records": self._records}


class Glue:
    """Answers with the declared table of the template, whose first day is the lake's."""

    def __init__(self, lake):
        self._lake = lake

    def get_table(self, **_):
        table = declared_table(self._lake.schema, self._lake.change_columns, self._lake.other_attributes)
        parameters = table["Parameters"] | {"projection.dt.range": f"{self._lake.first_day},NOW"}
        return {"Table": {**table, "DatabaseName": OUTPUTS["DeclaredDatabaseName"], "Parameters": parameters}}


@cache
def declared_table(schema, change_columns, other_attributes):
    """The declared table as it is deployed, with the columns of a schema in the place of the template's."""
    table = resolve(
        TEMPLATE["Resources"]["DeclaredTable"]["Properties"]["TableInput"],
        ChangeColumns=change_columns,
        OtherAttributes=other_attributes,
        Bucket="bucket",
    )
    storage = table["StorageDescriptor"]
    columns = [{"Name": column.name, "Type": CATALOG_TYPES[column.type]} for column in schema.columns]
    columns += [column for column in storage["Columns"] if column["Name"] in {*CHANGE_COLUMNS, OTHERS}]
    return {**table, "StorageDescriptor": {**storage, "Columns": columns}}
