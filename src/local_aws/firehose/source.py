"""Reads every shard of a Kinesis data stream from its checkpoint on."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from local_aws.answers import required
from local_aws.firehose.invocation import Record, read_record

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

RECORDS_MAX = 10_000  # of one GetRecords call; Kinesis takes no more, and returns 10 MiB at most


@dataclass
class Shard:
    """A shard and how far it was read: `position` is the last sequence number, None before the first."""

    shard_id: str
    position: str | None
    iterator: str | None = None
    ended: bool = False  # it was split or merged, and read to its end
    behind: bool = False  # the last call did not return all that there was


class Source:
    """The shards of a stream."""

    def __init__(self, kinesis: "KinesisClient", stream_arn: str, start: datetime, positions: dict[str, str]) -> None:
        """Read each shard from its position on; without one, read the records that arrived from `start` on."""
        self.shards: dict[str, Shard] = {}
        self.kinesis = kinesis
        self._positions = positions
        self._stream_arn = stream_arn
        self._start = start

    def find_shards(self) -> None:
        """Add new shards, and forget those that are gone."""
        pages = self.kinesis.get_paginator("list_shards").paginate(StreamARN=self._stream_arn)
        shard_ids = [each["ShardId"] for page in pages for each in required(page, "Shards")]
        self.shards = {each: self.shards.get(each) or Shard(each, self._positions.get(each)) for each in shard_ids}

    def read(self, shard: Shard) -> list[Record]:
        """Return the shard's next records, if there are any yet."""
        if shard.ended:
            return []
        iterator = shard.iterator or self._iterator(shard)
        try:
            answer = self.kinesis.get_records(ShardIterator=iterator, StreamARN=self._stream_arn, Limit=RECORDS_MAX)
        except self.kinesis.exceptions.ExpiredIteratorException:
            # An iterator lives for five minutes, and a bucket may refuse objects for longer.
            shard.iterator = None
            return []
        found = required(answer, "Records")
        shard.iterator = answer.get("NextShardIterator")
        shard.ended = shard.iterator is None
        shard.behind = not shard.ended and answer.get("MillisBehindLatest", 0) > 0
        records = [
            read_record(
                shard.shard_id,
                each["SequenceNumber"],
                each["PartitionKey"],
                round(each["ApproximateArrivalTimestamp"].timestamp() * 1000),
                each["Data"],
            )
            for each in found
        ]
        if records:
            shard.position = records[-1].sequence_number
        return records

    def _iterator(self, shard: Shard) -> str:
        if shard.position:
            return self.kinesis.get_shard_iterator(
                StreamARN=self._stream_arn,
                ShardId=shard.shard_id,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                StartingSequenceNumber=shard.position,
            )["ShardIterator"]
        # Firehose reads from its own creation on, in later shards too. TRIM_HORIZON would deliver records here that are
        # lost on AWS: those put before the Firehose stream was there.
        return self.kinesis.get_shard_iterator(
            StreamARN=self._stream_arn,
            ShardId=shard.shard_id,
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=self._start,
        )["ShardIterator"]
