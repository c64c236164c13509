"""Moves records from the shards of a Kinesis stream through the function to S3, one step after the other."""

import itertools
import logging
import math
import time
import uuid
from typing import TYPE_CHECKING, NoReturn

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common.answers import error_code
from common.backoff import backoff_seconds
from local_aws.answers import FAILURES
from local_aws.errors import SettingsError, one_line
from local_aws.firehose.buffers import DeliveryBuffer, ObjectBuffer, ProcessorBuffer
from local_aws.firehose.error_log import ErrorLog, s3_failure
from local_aws.firehose.function import FUNCTION_SECONDS_MAX, Function
from local_aws.firehose.invocation import Record, RecordFailure
from local_aws.firehose.names import evaluate, object_name
from local_aws.firehose.settings import FirehoseSettings
from local_aws.firehose.source import Source
from local_aws.firehose.stream import Stream, read_json, write_json
from local_aws.roles import assume
from local_aws.saving import Report, until_saved

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

POLL_SECONDS = 0.5  # AWS reads a shard once per second
SETTINGS_SECONDS = 1.0  # after a deploy, the emulator delivers by itself until the settings are read again
SHARDS_SECONDS = 5.0
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
CONTENT_TYPE = "application/octet-stream"

log = logging.getLogger(__name__)


class Worker:
    """Delivers the records of a Firehose stream.

    While S3 refuses an object, the worker reads no more. It saves a checkpoint once everything before it is in S3, and
    goes on once that is saved.
    """

    def __init__(self, stream: Stream, report: Report) -> None:
        self._stream = stream
        self._report = report
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
        log.info("%s delivers to s3://%s", stream.name, settings.bucket)

    def _connect(self, settings: FirehoseSettings) -> None:
        self._settings = settings
        role = assume(settings.role_arn, "firehose")
        # The worker makes each attempt itself, so that it can log each failure.
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
        self._kinesis: KinesisClient = role.client("kinesis", config=once)
        self._s3: S3Client = role.client("s3", config=once)
        self._log = ErrorLog(settings, role.client("logs", config=once))
        patient = once.merge(Config(read_timeout=FUNCTION_SECONDS_MAX))
        self._function = Function(settings, role.client("lambda", config=patient), self._log)

    def run(self) -> NoReturn:
        """Work until the process ends. Raises StackError once the stream is gone."""
        self._save()
        self._report("")
        while True:
            if time.monotonic() >= self._settings_at:
                self._follow_settings()
                self._settings_at = time.monotonic() + SETTINGS_SECONDS
            behind = self._read()
            self._process()
            self._deliver_if_due()
            if not behind:
                time.sleep(min(POLL_SECONDS, max(0.0, self._due_in())))

    def _follow_settings(self) -> None:
        try:
            settings = self._stream.read()
        except (ClientError, BotoCoreError, SettingsError, OSError) as error:
            log.error("%s keeps its old settings: %s", self._stream.name, one_line(error))  # noqa: TRY400
            return
        if settings != self._settings:
            log.info("%s changes to version %d of its settings", self._stream.name, settings.version)
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
            wait_seconds = _retry_seconds(self._read_failures)
            self._read_at = now + wait_seconds
            cause = one_line(error)
            self._log.write(
                RecordFailure(f"Kinesis.{error_code(error)}", cause),
                f"Can't read {self._settings.source_arn}, trying again in {wait_seconds:.1f} s: {cause}",
            )
            return False
        self._read_failures = 0
        return any(shard.behind for shard in self._source.shards.values())

    def _process(self) -> None:
        """Put the arrived records into buffers, and transform the buffers that are due."""
        hints = self._settings.processor.hints
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
        self._function.run(records, self._delivery)
        self._delivery.positions[shard_id] = records[-1].sequence_number
        self._deliver_if_due()

    def _due_in(self) -> float:
        now = time.monotonic()
        waiting = [each.due_in(self._settings.processor.hints, now) for each in self._waiting.values()]
        return min([*waiting, self._delivery.due_in(self._settings.hints, now)])

    def _deliver_if_due(self) -> None:
        if self._delivery.due_in(self._settings.hints, time.monotonic()) > 0:
            return
        delivered = self._delivery
        self._put(delivered.rows, self._settings.prefix)
        self._put(delivered.failures, self._settings.error_output_prefix)
        self._positions |= delivered.positions
        self._save()
        self._delivery = DeliveryBuffer()

    def _save(self) -> None:
        until_saved(lambda: write_json(self._stream.checkpoint_path, self._positions), self._report, time.sleep)

    def _put(self, content: ObjectBuffer, prefix: str) -> None:
        """Write an object, however long that takes. Its key stays the same, so that no attempt makes a second one."""
        if not content.size_bytes:
            return
        settings, oldest_ms = self._settings, content.oldest_ms
        name = object_name(settings.stream_name, settings.version, oldest_ms, str(uuid.uuid4()), settings.extension)
        key, body = evaluate(prefix, oldest_ms) + name, b"".join(content.parts)
        for failures in itertools.count(1):
            try:
                self._s3.put_object(Bucket=settings.bucket, Key=key, Body=body, ContentType=CONTENT_TYPE)
            except (ClientError, BotoCoreError) as error:
                wait_seconds = _retry_seconds(failures)
                self._log.write(
                    s3_failure(error_code(error)),
                    f"Can't write s3://{settings.bucket}/{key}, trying again in {wait_seconds:.1f} s: "
                    f"{one_line(error)}",
                )
                time.sleep(wait_seconds)
            else:
                log.info("Wrote %d records to s3://%s/%s", len(content.parts), settings.bucket, key)
                return


def _retry_seconds(failures: int) -> float:
    return backoff_seconds(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
