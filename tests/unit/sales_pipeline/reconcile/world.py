"""A stack of moto's in which a backfill works, and a clock that stands still."""

import base64
import json

from common import clock as common_clock
from sales_pipeline.aws import pace, retry, table
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.reconcile import backfill, compare
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.reconcile.stacks import BUCKET, TABLE, Session
from transform.record import RowWriter
from transform.values import RecordError

NOW_MS = 1_800_000_000_000


class Killed(BaseException):
    """The backfill ends here and now."""


class Clock:
    """Stands still but for sleeps."""

    def __init__(self):
        self.seconds, self.slept_seconds = 0.0, 0.0

    def monotonic(self):
        return self.seconds

    def time_ns(self):
        return int(NOW_MS * 1e6 + self.seconds * 1e9)

    def sleep(self, seconds):
        self.seconds += seconds
        self.slept_seconds += seconds


class World:
    """A stack of moto's, and a Firehose that delivers at once."""

    def __init__(self, change_columns="NONE", other_attributes="DROP", columns=FOUR):
        session = Session()
        self.key = columns[0].attribute, columns[0].type.attribute_type
        self.s3, self.kinesis, self.dynamodb = (session.client(name) for name in ("s3", "kinesis", "dynamodb"))
        self.s3.create_bucket(Bucket=BUCKET)
        self.kinesis.create_stream(StreamName="stream", ShardCount=1)
        table = self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": self.key[0], "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": self.key[0], "AttributeType": self.key[1]}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        outputs = {
            "TableName": TABLE,
            "TableStreamArn": table["TableDescription"]["LatestStreamArn"],
            "StreamName": "stream",
            "DataLocation": f"s3://{BUCKET}/sales_data/",
            "ErrorLocation": f"s3://{BUCKET}/errors/",
            "BucketName": BUCKET,
            "DeclaredTable": "declared.orders",
        }
        self.delivered = 0
        self.objects = 0
        self.calls = 0
        self.stop_at = None  # number of the call after which the process ends: before the next one nothing happens
        self.before = {}  # by operation: what to do just before it, once
        self.outputs = outputs
        self.deploy(change_columns, other_attributes, columns)

    def deploy(self, change_columns, other_attributes, columns):
        """Let the stack have these columns and parameters from now on."""
        self.row_of = RowWriter(
            columns, change_columns=change_columns == "APPEND", other_attributes=other_attributes == "KEEP"
        ).row
        working = Session(change_columns, other_attributes, columns)
        working.events.register("before-call", self._before)
        working.events.register("after-call", self._after)
        parameters = {
            "BufferIntervalSeconds": "1",
            "ChangeColumns": change_columns,
            "OtherAttributes": other_attributes,
        }
        self.stack = Stack("sales", self.outputs, working, parameters, columns=columns)

    def _before(self, model, **_):
        self.calls += 1
        self.before.pop(model.name, lambda: None)()

    def _after(self, **_):
        if self.stop_at == self.calls:
            raise Killed

    def put(self, *orders):
        for item in orders:
            self.dynamodb.put_item(TableName=TABLE, Item=item)

    def delete(self, orderid):
        self.dynamodb.delete_item(TableName=TABLE, Key={self.key[0]: {self.key[1]: orderid}})

    def changes(self):
        """The shard of the table's stream, and the sequence numbers of its changes."""
        streams = Session().client("dynamodbstreams")
        place = {"StreamArn": self.outputs["TableStreamArn"]}
        (shard,) = streams.describe_stream(**place)["StreamDescription"]["Shards"]
        place["ShardId"] = shard["ShardId"]
        iterator = streams.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        return shard["ShardId"], [each["dynamodb"]["SequenceNumber"] for each in records]

    def write(self, prefix, *lines):
        self.objects += 1
        name = (
            f"dt=2027-01-15/stream-1-2027-01-15-07-00-{self.objects:02}-x" if prefix == "sales_data/" else self.objects
        )
        self.s3.put_object(Bucket=BUCKET, Key=f"{prefix}{name}", Body=b"".join(lines))

    def sent(self):
        """What was put to Kinesis since the last delivery, as (partition key, event)."""
        (shard,) = self.kinesis.list_shards(StreamName="stream")["Shards"]
        iterator = self.kinesis.get_shard_iterator(
            StreamName="stream", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return [(each["PartitionKey"], json.loads(each["Data"])) for each in records[self.delivered :]]

    def deliver(self):
        for _, change in self.sent():
            data = json.dumps(change).encode()
            self.delivered += 1
            try:
                row = self.row_of(data)
            except RecordError:
                self.write("errors/processing-failed/", error_line(data))
            else:
                if row:
                    self.write("sales_data/", row)

    def backfill(self, *, send=True, **more):
        return backfill.run(self.stack, send=send, in_progress_seconds=10.0, **more)


def stop_time(monkeypatch):
    """Let time stand still but for sleeps, and the queue be empty; return the clock."""
    clock = Clock()
    for module in (compare, common_clock, pace, table):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing([]))
    return clock


def verdict(world, capsys):
    """What reconcile says."""
    capsys.readouterr()
    compare.run(world.stack, "json", in_progress_seconds=0.0)
    return json.loads(capsys.readouterr().out)


def error_line(data):
    line = {"rawData": base64.b64encode(data).decode(), "errorCode": "Lambda.ProcessingFailedStatus"}
    return json.dumps(line).encode() + b"\n"
