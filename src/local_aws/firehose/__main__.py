"""Stands in for Amazon Data Firehose: from a Kinesis data stream through the transformation function to S3.

`python -m local_aws.firehose --stack-name NAME --state-dir DIR`, which runs until SIGTERM or SIGINT. It may
end at any point: what is not in S3 by then is read again by the next one.
"""

import argparse
import gzip
import itertools
import logging
import math
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.answers import FAILURES
from local_aws.firehose.buffers import DeliveryBuffer, ObjectBuffer, ProcessorBuffer
from local_aws.firehose.log import ErrorLog, error_code, one_line, s3_failure
from local_aws.firehose.names import PROCESSING_FAILED, evaluate, object_name
from local_aws.firehose.processor import FUNCTION_SECONDS_MAX, Function
from local_aws.firehose.settings import MIB, Hints, Settings, SettingsError
from local_aws.firehose.source import Source
from local_aws.firehose.stream import Stream, read_json, write_json
from local_aws.firehose.transform import Failure, Record
from local_aws.roles import assume
from sales_pipeline.aws.stack import StackError, find

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

POLL_SECONDS = 0.25  # AWS reads a shard once a second
SETTINGS_SECONDS = 1.0  # until then the emulator delivers by itself what a deploy switched on again
SHARDS_SECONDS = 5.0
RETRY_SECONDS_FIRST = 0.5
RETRY_SECONDS_MAX = 5.0
CONTENT_TYPE = "application/octet-stream"

logger = logging.getLogger("firehose")


def retry_seconds(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(RETRY_SECONDS_MAX, RETRY_SECONDS_FIRST * 2.0 ** (failures - 1))


class Worker:
    """Moves records from shards to S3, one step after the other.

    While S3 refuses, nothing more is read. A checkpoint is written only when everything before it lies in S3.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._positions: dict[str, str] = read_json(stream.checkpoint_path)
        self._arrived: dict[str, list[Record]] = {}
        self._waiting: dict[str, ProcessorBuffer] = {}
        self._delivery = DeliveryBuffer()
        self._read_failures = 0
        self._read_at = self._shards_at = -math.inf
        self._settings_at = time.monotonic() + SETTINGS_SECONDS
        settings = stream.read()
        self._connect(settings)
        self._source = Source(self._kinesis, settings.source_arn, settings.start, self._positions)
        logger.info("%s delivers to s3://%s", stream.name, settings.bucket)

    def _connect(self, settings: Settings) -> None:
        self._settings = settings
        processor = settings.processor
        role_arns = {
            settings.role_arn,
            settings.source_role_arn,
            processor.role_arn if processor else settings.role_arn,
        }
        sessions = {each: assume(each, "firehose") for each in role_arns}
        # Every attempt is the worker's own, so that each failure is seen.
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
        self._kinesis: KinesisClient = sessions[settings.source_role_arn].client("kinesis", config=once)
        self._s3: S3Client = sessions[settings.role_arn].client("s3", config=once)
        self._log = ErrorLog(settings, sessions[settings.role_arn].client("logs", config=once))
        self._function = None
        if processor:
            patient = once.merge(Config(read_timeout=FUNCTION_SECONDS_MAX))
            client = sessions[processor.role_arn].client("lambda", config=patient)
            self._function = Function(processor, settings, client, self._log)

    def run(self) -> None:
        """Work until the process ends. Raises StackError once the stream is gone."""
        while True:
            if time.monotonic() >= self._settings_at:
                self._follow_settings()
                self._settings_at = time.monotonic() + SETTINGS_SECONDS
            behind = self._read()
            self._process()
            self._deliver_due()
            if not behind:
                time.sleep(min(POLL_SECONDS, max(0.0, self._due_in())))

    def _follow_settings(self) -> None:
        try:
            settings = self._stream.read()
        except (ClientError, BotoCoreError, SettingsError) as error:
            logger.error("%s goes on with its old settings: %s", self._stream.name, one_line(error))  # noqa: TRY400
            return
        if settings != self._settings:
            logger.info("%s changes to version %d of its settings", self._stream.name, settings.version)
            self._connect(settings)
            self._source.kinesis = self._kinesis

    def _read(self) -> bool:
        """Read every shard once; return whether one has more."""
        now = time.monotonic()
        if now < self._read_at:
            return False
        try:
            if now >= self._shards_at:
                self._source.find_shards()
                self._shards_at = now + SHARDS_SECONDS
            for shard in self._source.shards.values():
                self._arrived.setdefault(shard.shard_id, []).extend(self._source.read(shard))
        except FAILURES as error:
            self._read_failures += 1
            wait_seconds = retry_seconds(self._read_failures)
            self._read_at = now + wait_seconds
            cause = one_line(error)
            self._log.write(
                Failure(f"Kinesis.{error_code(error)}", cause),
                f"Can't read {self._settings.source_arn}, trying again in {wait_seconds:.1f} s: {cause}",
            )
            return False
        self._read_failures = 0
        return any(shard.behind for shard in self._source.shards.values())

    def _process(self) -> None:
        """Transform what is due, and all that came before it."""
        hints = self._processor_hints()
        for shard_id, records in self._arrived.items():
            for record in records:
                waiting = self._waiting.setdefault(shard_id, ProcessorBuffer())
                if waiting.is_full(hints) or not waiting.has_room(record):
                    self._transform(shard_id)
                self._waiting[shard_id].add(record, time.monotonic())
        self._arrived.clear()
        for shard_id, waiting in self._waiting.items():
            if waiting.due_in(hints, time.monotonic()) <= 0:
                self._transform(shard_id)

    def _transform(self, shard_id: str) -> None:
        records = self._waiting[shard_id].records
        self._waiting[shard_id] = ProcessorBuffer()
        if not self._delivery.positions:
            self._delivery.since = time.monotonic()
        if self._function:
            self._function.run(records, self._delivery)
        else:
            for record in records:
                self._delivery.rows.add(record.data, record.arrival_ms)
        self._delivery.positions[shard_id] = records[-1].sequence_number
        self._deliver_due()

    def _processor_hints(self) -> Hints:
        return self._settings.processor.hints if self._settings.processor else Hints(MIB, 0)

    def _due_in(self) -> float:
        now = time.monotonic()
        hints = self._processor_hints()
        waiting = [each.due_in(hints, now) for each in self._waiting.values()]
        return min([*waiting, self._delivery.due_in(self._settings.hints, now)])

    def _deliver_due(self) -> None:
        if self._delivery.due_in(self._settings.hints, time.monotonic()) > 0:
            return
        delivered = self._delivery
        self._put(delivered.rows, self._settings.prefix)
        self._put(delivered.failures, self._settings.error_output_prefix)
        self._positions |= delivered.positions
        write_json(self._stream.checkpoint_path, self._positions)
        self._delivery = DeliveryBuffer()

    def _put(self, content: ObjectBuffer, prefix: str) -> None:
        """Write an object, for as long as it takes: its key stays the same, so that no attempt doubles another."""
        if not content.size_bytes:
            return
        settings = self._settings
        folder = evaluate(prefix, content.oldest_ms, PROCESSING_FAILED, lambda: str(uuid.uuid4())[:11])
        key = folder + object_name(
            settings.stream_name, settings.version, content.oldest_ms, str(uuid.uuid4()), settings.extension
        )
        body = b"".join(content.parts)
        encoding: Any = {"ContentEncoding": "gzip"} if settings.gzip else {}
        body = gzip.compress(body) if settings.gzip else body
        for failures in itertools.count(1):
            try:
                self._s3.put_object(Bucket=settings.bucket, Key=key, Body=body, ContentType=CONTENT_TYPE, **encoding)
            except (ClientError, BotoCoreError) as error:
                wait_seconds = retry_seconds(failures)
                self._log.write(
                    s3_failure(error_code(error)),
                    f"Can't write s3://{settings.bucket}/{key}, trying again in {wait_seconds:.1f} s: "
                    f"{one_line(error)}",
                )
                time.sleep(wait_seconds)
            else:
                logger.info("Wrote %d records to s3://%s/%s", len(content.parts), settings.bucket, key)
                return


def main() -> None:
    """Deliver until a signal ends the process; end with one line where there is nothing to deliver."""
    parser = argparse.ArgumentParser(prog="python -m local_aws.firehose")
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--state-dir", required=True, type=Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    for ending in (signal.SIGTERM, signal.SIGINT):
        # At once, wherever it is: nothing here minds being killed.
        signal.signal(ending, lambda *_: sys.exit())
    try:
        stack = find(boto3.Session(), arguments.stack_name)
        Worker(Stream(stack, arguments.state_dir)).run()
    except (StackError, SettingsError, ClientError, BotoCoreError) as error:
        sys.exit(f"firehose: {one_line(error)}")


if __name__ == "__main__":
    main()
