"""Reads the changes of one order from the table's stream and from the Kinesis stream, within a budget.

Both streams have other readers, the pipe and Firehose. AWS bounds what all readers of a shard get together, so this
reads slowly: at most CALLS_PER_SECOND calls per second and shard.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.answers import error_code
from sales_pipeline.aws import parallel
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.pipe_event import change_event, encode
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.stream import PARTITION_KEY_CHARACTERS
from sales_pipeline.terminal.amounts import counted, duration
from sales_pipeline.terminal.times import moment, to_ms
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import ChangeReader, Gap, Place, Sighting
from sales_pipeline.trace.reasons import reason_of

SHARDS_AT_ONCE = 4
CALLS_PER_SECOND = 4
"""A shard of Kinesis answers five calls per second, and Firehose makes one of them (Kinesis API reference, GetRecords).
DynamoDB allows two readers of a shard, and the pipe is one (DynamoDB Developer Guide, "Change data capture")."""
BYTES_PER_SECOND = 1_000_000
"""Half of what a shard of Kinesis gives to all its readers."""
PAGE_RECORDS = 1_000
EMPTY_PAGES = 3
"""An open shard of the table's stream never says that it has no more. So many empty answers in a row stand for that."""
_PLAIN_DIGITS = 19
_CALL_SECONDS = 1.0 / CALLS_PER_SECOND


@dataclass(frozen=True)
class Order:
    """The order that is looked for, and how it is read in change events."""

    order_id: str
    keys: Keys
    changes: ChangeReader

    def is_key(self, text: str) -> bool:
        """Say whether a partition key is the order's; the key of a change that has none is the digest of its bytes."""
        if text == self.order_id:
            return True
        with suppress(ValueError):
            return self.keys.id_of({self.keys.attribute: {self.keys.type: text}}) == self.order_id
        return False

    @property
    def hash(self) -> int | None:
        """The number by which Kinesis picks the shard; None where the record's key can have several forms.

        Kinesis API reference, PutRecord: the MD5 of the partition key. AWS does not say how DynamoDB writes a number,
        but everybody sees it write whole ones as their digits.
        """
        is_one_text = self.keys.is_text or (self.order_id.isdigit() and len(self.order_id) <= _PLAIN_DIGITS)
        if not is_one_text or len(self.order_id) > PARTITION_KEY_CHARACTERS:
            return None
        return int.from_bytes(hashlib.md5(self.order_id.encode(), usedforsecurity=False).digest())


class TableStream:
    """The stream of the table. It has no times to start at, so each shard is read from its beginning."""

    def __init__(self, stack: Stack, order: Order) -> None:
        self._streams: Any = stack.session.client("dynamodbstreams")
        self._arn, self._order = stack["TableStreamArn"], order

    def read(self, budget: Budget, now_ms: int) -> tuple[list[Sighting], list[Gap]]:
        """Return the order's changes, and what was not read. The newest shards come first.

        After an error, what was found until then stays. Raises boto3's error if that is nothing.
        """
        shards = sorted(self._shards(budget), key=_starting_number, reverse=True)
        found: list[Sighting] = []
        unfinished: list[int | None] = []
        left = len(shards)
        try:
            for sightings, is_end, last_ms in parallel.batches(
                lambda shard: self._read_shard(shard, budget), shards, SHARDS_AT_ONCE
            ):
                found += sightings
                if is_end:
                    left -= 1
                elif budget.is_over:
                    unfinished.append(last_ms)
        except (ClientError, BotoCoreError) as error:
            if not found:
                raise
            return found, [Gap(Place.table_stream, reason_of(error))]
        if not left:
            return found, []
        until = max((each for each in unfinished if each is not None), default=None)
        reached = f", up to {moment(until, now_ms)} UTC in the newest" if until else ""
        return found, [
            Gap(
                Place.table_stream,
                f"{counted(left, 'shard')} of {len(shards)} could not be read to the end in {budget.seconds:.0f} s"
                f"{reached}: --seconds reads longer",
            )
        ]

    def _shards(self, budget: Budget) -> Iterator[Mapping[str, Any]]:
        start: dict[str, str] = {}
        while not budget.is_over:
            described = self._streams.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            yield from described["Shards"]
            if not (last := described.get("LastEvaluatedShardId")):
                return
            start = {"ExclusiveStartShardId": last}

    def _read_shard(
        self, shard: Mapping[str, Any], budget: Budget
    ) -> Iterator[tuple[list[Sighting], bool, int | None]]:
        """Yield the changes of pages; whether that was the last; and the time of the last change that was read."""
        shard_id, last_ms, empty = shard["ShardId"], None, 0
        if budget.is_over:
            return
        try:
            iterator = self._streams.get_shard_iterator(
                StreamArn=self._arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            yield [], True, None  # DynamoDB has just deleted the shard with its last record
            return
        is_open = "EndingSequenceNumber" not in shard.get("SequenceNumberRange", {})
        while iterator and not budget.is_over:
            page = self._streams.get_records(ShardIterator=iterator, Limit=PAGE_RECORDS)
            records, iterator = page["Records"], page.get("NextShardIterator")
            if records:
                last_ms = to_ms(records[-1]["dynamodb"].get("ApproximateCreationDateTime"))
            empty = 0 if records else empty + 1
            is_end = not iterator or (is_open and empty >= EMPTY_PAGES)
            yield [*self._sightings(records, shard_id)], is_end, last_ms
            if is_end:
                return
            budget.wait(_CALL_SECONDS)

    def _sightings(self, records: Sequence[Mapping[str, Any]], shard_id: str) -> Iterator[Sighting]:
        for record in records:
            with suppress(ValueError):
                if self._order.keys.id_of(record["dynamodb"].get("Keys")) != self._order.order_id:
                    continue
                change = self._order.changes.read(encode(change_event(record, self._arn)))
                if change:
                    yield Sighting(Place.table_stream, change, change.created_ms, shard_id)


class KinesisStream:
    """The Kinesis stream, read in parts: around the time in the order's id, then from now back in time."""

    def __init__(self, stack: Stack, order: Order) -> None:
        self._kinesis: Any = stack.session.client("kinesis")
        self._name, self._order = stack["StreamName"], order

    def read(self, budget: Budget, windows: Sequence[tuple[int, int]], now_ms: int) -> tuple[list[Sighting], list[Gap]]:
        """Return the order's changes in these parts, each from a time to a time, and what was not read.

        After an error, what was found until then stays. Raises boto3's error if that is nothing.
        """
        found: dict[str, Sighting] = {}
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self._name)
        shards = [shard["ShardId"] for page in pages for shard in page["Shards"] if self._may_hold(shard)]
        for from_ms, until_ms in windows:
            ends = 0
            try:
                for sightings, is_end in parallel.batches(
                    partial(self._read_shard, from_ms, until_ms, budget), shards, SHARDS_AT_ONCE
                ):
                    found |= sightings
                    ends += is_end
            except (ClientError, BotoCoreError) as error:
                if not found:
                    raise
                return [*found.values()], [Gap(Place.kinesis, reason_of(error))]
            if ends < len(shards):
                back = duration(max(0, now_ms - until_ms) / 1000)
                return [*found.values()], [
                    Gap(
                        Place.kinesis,
                        f"not all records older than {back} could be read in {budget.seconds:.0f} s: --seconds reads "
                        "longer",
                    )
                ]
            if (from_ms, until_ms) != windows[-1]:
                budget.wait(_CALL_SECONDS)
        return [*found.values()], []

    def _may_hold(self, shard: Mapping[str, Any]) -> bool:
        hashed, keys = self._order.hash, shard["HashKeyRange"]
        return hashed is None or int(keys["StartingHashKey"]) <= hashed <= int(keys["EndingHashKey"])

    def _read_shard(
        self, from_ms: int, until_ms: int, budget: Budget, shard_id: str
    ) -> Iterator[tuple[dict[str, Sighting], bool]]:
        """Yield the changes of pages by their place in the shard, and whether the part ends there."""
        iterator = self._kinesis.get_shard_iterator(
            StreamName=self._name,
            ShardId=shard_id,
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=datetime.fromtimestamp(from_ms / 1000, UTC),
        )["ShardIterator"]
        while iterator and not budget.is_over:
            page = self._kinesis.get_records(ShardIterator=iterator, Limit=PAGE_RECORDS)
            records, iterator = page["Records"], page.get("NextShardIterator")
            last_ms = to_ms(records[-1]["ApproximateArrivalTimestamp"]) if records else None
            is_end = not iterator or not page.get("MillisBehindLatest") or (last_ms or 0) > until_ms
            yield dict(self._sightings(records, shard_id)), is_end
            if is_end:
                return
            budget.wait(max(_CALL_SECONDS, sum(len(each["Data"]) for each in records) / BYTES_PER_SECOND))

    def _sightings(self, records: Sequence[Mapping[str, Any]], shard_id: str) -> Iterator[tuple[str, Sighting]]:
        is_long = len(self._order.order_id) > PARTITION_KEY_CHARACTERS
        for record in records:
            if not is_long and not self._order.is_key(record["PartitionKey"]):
                continue
            change = self._order.changes.read(record["Data"])
            if change and change.order_id == self._order.order_id:
                time_ms = to_ms(record["ApproximateArrivalTimestamp"])
                where = f"{shard_id}, {record['SequenceNumber']}"
                yield where, Sighting(Place.kinesis, change, time_ms, shard_id)


def _starting_number(shard: Mapping[str, Any]) -> int:
    return int(shard.get("SequenceNumberRange", {}).get("StartingSequenceNumber", 0))
