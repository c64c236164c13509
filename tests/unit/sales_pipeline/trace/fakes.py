"""A stack whose streams are lists in memory, with a clock that only waits move."""

import hashlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

from botocore.exceptions import ClientError

from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.stack import Stack
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.version import Versions
from sales_pipeline.trace.found import ChangeReader
from sales_pipeline.trace.streams import Order
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.trace.made import ms

ARN = "arn:aws:dynamodb:us-east-1:1:table/orders/stream/1"
HASHES = 2**128


def order(order_id="o", columns=FOUR):
    keys = Keys(columns[0])
    return Order(order_id, keys, ChangeReader(keys, Versions(RowForm(columns=columns))))


def stack(**clients):
    session = SimpleNamespace(client=lambda name, **_: clients[name])
    return Stack("sales", {"TableStreamArn": ARN, "StreamName": "stream"}, session)


def record(order_id, number, seconds=0, name="INSERT"):
    """A record of the table's stream, as boto3 reads it."""
    image = {
        "orderid": {"S": order_id},
        "product_name": {"S": "PC"},
        "quantity": {"N": "2"},
        "price": {"N": str(number)},
    }
    return {
        "eventID": f"event {number}",
        "eventName": name,
        "dynamodb": {
            "Keys": {"orderid": {"S": order_id}},
            "NewImage": image,
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": datetime.fromtimestamp(ms(seconds) / 1000, UTC),
        },
    }


def event(order_id, number, seconds=0, name="INSERT"):
    """The bytes of a change event."""
    of = record(order_id, number, seconds, name)
    return json.dumps(of | {"dynamodb": of["dynamodb"] | {"ApproximateCreationDateTime": ms(seconds) / 1000}}).encode()


class TableStreams:
    """DynamoDB Streams: pages of records by shard. A shard whose last page is None has ended."""

    def __init__(self, shards):
        self.shards, self.calls = shards, []
        self.gone = set()

    def describe_stream(self, *, StreamArn, ExclusiveStartShardId=None):  # noqa: N803 - boto3's names
        assert StreamArn == ARN
        names = list(self.shards)
        start = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        described = {"Shards": [self._described(name) for name in names[start : start + 2]]}
        if start + 2 < len(names):
            described["LastEvaluatedShardId"] = names[start + 1]
        return {"StreamDescription": described}

    def _described(self, name):
        numbers = {"StartingSequenceNumber": str(100 + list(self.shards).index(name))}
        if self.shards[name] and self.shards[name][-1] is None:
            numbers["EndingSequenceNumber"] = "999"
        return {"ShardId": name, "SequenceNumberRange": numbers}

    def get_shard_iterator(self, *, ShardId, ShardIteratorType, **_):  # noqa: N803
        assert ShardIteratorType == "TRIM_HORIZON"
        if ShardId in self.gone:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetShardIterator")
        return {"ShardIterator": f"{ShardId}/0"}

    def get_records(self, *, ShardIterator, **_):  # noqa: N803
        self.calls.append(ShardIterator)
        name, _, number = ShardIterator.partition("/")
        pages = self.shards[name]
        page = pages[int(number)] if int(number) < len(pages) else []
        if page is None:
            return {"Records": []}
        return {"Records": page, "NextShardIterator": f"{name}/{int(number) + 1}"}


class Kinesis:
    """Kinesis: records by shard, each with its second of arrival, partition key and bytes; shards share the hashes."""

    def __init__(self, *shards, page_records=2):
        self.shards, self.page_records, self.calls = shards, page_records, []

    @classmethod
    def with_keys(cls, count, *records):
        """Put records into the shards that their keys lead to."""
        shards = [[] for _ in range(count)]
        for each in records:
            hashed = int(hashlib.md5(each[1].encode(), usedforsecurity=False).hexdigest(), 16)
            shards[hashed * count // HASHES].append(each)
        return cls(*shards)

    def get_paginator(self, name):
        assert name == "list_shards"
        step = HASHES // len(self.shards)
        shards = [
            {
                "ShardId": str(number),
                "HashKeyRange": {"StartingHashKey": str(number * step), "EndingHashKey": str((number + 1) * step - 1)},
            }
            for number in range(len(self.shards))
        ]
        return SimpleNamespace(paginate=lambda **_: [{"Shards": shards[:1]}, {"Shards": shards[1:]}])

    def get_shard_iterator(self, *, ShardId, ShardIteratorType, Timestamp, **_):  # noqa: N803
        assert ShardIteratorType == "AT_TIMESTAMP"
        from_ms = round(Timestamp.timestamp() * 1000)
        shard = self.shards[int(ShardId)]
        start = next((number for number, each in enumerate(shard) if ms(each[0]) >= from_ms), len(shard))
        return {"ShardIterator": f"{ShardId}/{start}"}

    def get_records(self, *, ShardIterator, **_):  # noqa: N803
        self.calls.append(ShardIterator)
        shard_id, _, number = ShardIterator.partition("/")
        shard, start = self.shards[int(shard_id)], int(number)
        page = shard[start : start + self.page_records]
        end = start + len(page)
        return {
            "Records": [
                {
                    "SequenceNumber": str(start + offset),
                    "PartitionKey": key,
                    "Data": data,
                    "ApproximateArrivalTimestamp": datetime.fromtimestamp(ms(seconds) / 1000, UTC),
                }
                for offset, (seconds, key, data) in enumerate(page)
            ],
            "NextShardIterator": f"{shard_id}/{end}",
            "MillisBehindLatest": 0 if end >= len(shard) else 1,
        }


class Queue:
    """SQS: messages of the pipe's form, each about a part of a shard of the table's stream."""

    def __init__(self, *letters, unseen=0):
        self.letters, self.unseen, self.is_shown = letters, unseen, True

    def get_queue_attributes(self, **_):
        counts = {
            "ApproximateNumberOfMessages": len(self.letters),
            "ApproximateNumberOfMessagesNotVisible": self.unseen,
        }
        return {"Attributes": {name: str(count) for name, count in counts.items()}}

    def receive_message(self, **_):
        shown, self.is_shown = self.is_shown, False
        if not shown or not self.letters:
            return {}
        return {
            "Messages": [
                {"MessageId": str(number), "ReceiptHandle": "r", "Body": body}
                for number, body in enumerate(self.letters)
            ]
        }

    def change_message_visibility_batch(self, **_):
        self.is_shown = True


class Denied:
    """A client of a service for which there is no permission."""

    class exceptions:  # noqa: N801 - boto3's name
        EntityNotFoundException = NoSuchKey = InvalidObjectState = KeyError

    def __getattr__(self, operation):
        def refuse(**_):
            denied = {"Code": "AccessDeniedException", "Message": f"not authorized to perform: x:{operation}"}
            raise ClientError({"Error": denied}, operation)

        return refuse if operation != "get_paginator" else lambda name: SimpleNamespace(paginate=getattr(self, name))
