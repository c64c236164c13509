"""One crawl: carries between S3, the catalog and CloudWatch Logs what the crawler's pure modules decide."""

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.clock import now_ms
from local_aws import roles
from local_aws.crawler import schema as crawler_schema
from local_aws.crawler.changes import Changes, Json, changes, gone, is_own
from local_aws.crawler.settings import NEW_FOLDERS, CrawlError, Settings
from local_aws.crawler.tables import Sampled, find

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOG_GROUP = "/aws-glue/crawlers"  # of all crawlers of an account, a stream for each
SESSION_NAME = "AWS-Crawler"  # as CreatedBy of real tables shows
PARTITIONS_PER_CREATE = 100  # AWS Glue API, BatchCreatePartition
PARTITIONS_PER_UPDATE = 100  # BatchUpdatePartition
PARTITIONS_PER_DELETE = 25  # BatchDeletePartition
MOST_SAMPLES = 10  # re:Post, "How does the AWS Glue crawler detect the schema?": up to 10 MB, a megabyte at a time
INDEX_NAME = "crawler_partition_index"  # as real tables show

log = logging.getLogger(__name__)


def crawl(crawler: Json) -> None:
    """Crawl once, with the crawler's own role, as GetCrawler describes it.

    Raises CrawlError when it fails; it then names the role and, where it lacks a permission, the action.
    """
    settings = Settings.of(crawler)
    try:
        _Crawl(settings, crawler).run()
    except ClientError as error:
        raise CrawlError(_reason(settings, error)) from error
    except BotoCoreError as error:
        raise CrawlError(f"Crawler {settings.name} failed: {error}") from error


def _reason(settings: Settings, error: ClientError) -> str:
    answer = error.response["Error"]
    if answer["Code"].startswith("AccessDenied"):
        return (
            f"Crawler {settings.name} failed, for role {settings.role_arn} lacks a permission: {answer['Message']}. "
            "Add it to the role in template.yaml, deploy, and crawl again."
        )
    return f"Crawler {settings.name} failed in {error.operation_name}: {answer['Code']}: {answer['Message']}"


class _Crawl:
    def __init__(self, settings: Settings, crawler: Json) -> None:
        session = roles.assume(settings.role_arn, SESSION_NAME)
        self._settings = settings
        self._crawler = crawler
        self._s3: S3Client = session.client("s3")
        # Clients of services without stubs in .venv.
        self._glue: Any = session.client("glue")
        self._log = _Log(session, settings.name)

    def run(self) -> None:
        settings = self._settings
        # A crawler that may not log fails, on AWS as here: so the log goes first.
        self._log.line("BENCHMARK", f"Running Start Crawl for Crawler {settings.name}")
        self._log.flush()
        try:
            self._crawl()
        except (CrawlError, ClientError) as error:
            self._log.error(_reason(settings, error) if isinstance(error, ClientError) else str(error))
            self._finish()
            raise
        self._finish()

    def _finish(self) -> None:
        self._log.line("BENCHMARK", "Crawler has finished running and is in state READY")
        self._log.flush()

    def _crawl(self) -> None:
        settings = self._settings
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=settings.database)
        tables = {table["Name"]: table for page in pages for table in page["TableList"]}
        known = self._known_locations(tables) if settings.recrawl == NEW_FOLDERS else set()
        found = [each for target in settings.targets for each in find(settings, target, self._sampled(target, known))]
        self._log.line("BENCHMARK", f"Classification complete, writing results to database {settings.database}")
        self._log.line(
            "INFO",
            f"Crawler configured with Configuration {self._crawler.get('Configuration') or '{}'} and "
            f"SchemaChangePolicy {json.dumps(self._crawler.get('SchemaChangePolicy', {}))}. Note that values in the "
            "Configuration override values in the SchemaChangePolicy for S3 Targets.",
        )
        if not found:
            nothing = "No new folder" if known else "No table made: nothing to read"
            self._log.line("INFO", f"{nothing} in {', '.join(settings.targets)}")
        for each in found:
            table = tables.get(each.name)
            self._apply(each.name, changes(settings, each, table, self._partitions(each.name) if table else []))
        if settings.recrawl != NEW_FOLDERS:
            seen = {each.name for each in found}
            for name, table in tables.items():
                if is_own(settings, table) and name not in seen:
                    self._apply(name, gone(settings, table, now_ms()))
        self._log.line("BENCHMARK", "Finished writing to Catalog")

    def _known_locations(self, tables: dict[str, Json]) -> set[str]:
        names = [name for name, table in tables.items() if is_own(self._settings, table)]
        return {each["StorageDescriptor"]["Location"] for name in names for each in self._partitions(name)}

    def _partitions(self, table_name: str) -> list[Json]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._settings.database, TableName=table_name
        )
        return [partition for page in pages for partition in page["Partitions"]]

    def _sampled(self, target: str, known: set[str]) -> list[Sampled]:
        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        sampled = []
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                folders = (bucket, *item["Key"].split("/")[:-1])
                if item["Size"] and f"s3://{'/'.join(folders)}/" not in known:
                    sampled += self._sample(bucket, item["Key"], item["Size"], folders)
        return sampled

    def _sample(self, bucket: str, key: str, size_bytes: int, folders: tuple[str, ...]) -> list[Sampled]:
        """Return what the object's beginning shows, more of it as long as no record was seen; nothing without one."""
        for megabytes in range(1, MOST_SAMPLES + 1):
            end_bytes = megabytes * crawler_schema.SAMPLE_BYTES
            try:
                answer = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{end_bytes - 1}")
            except self._s3.exceptions.NoSuchKey:
                return []  # gone since it was listed
            sample = answer["Body"].read()
            whole = size_bytes <= end_bytes
            schema = crawler_schema.read(sample, whole=whole)
            if schema.records:
                if schema.unreadable:
                    self._log.line("WARN", f"{schema.unreadable} lines of s3://{bucket}/{key} are no JSON objects")
                return [Sampled(folders, size_bytes, schema, crawler_schema.is_gzip(sample))]
            if whole:
                break
        self._log.line("WARN", f"Left out s3://{bucket}/{key}: no JSON object in its first {MOST_SAMPLES} MB")
        return []

    def _apply(self, name: str, change: Changes) -> None:
        database = {"DatabaseName": self._settings.database}
        table = database | {"TableName": name}
        for note in change.notes:
            self._log.line("INFO", note)
        if change.create_table:
            self._glue.create_table(**database, TableInput=change.create_table)
            self._log.line("INFO", f"Created table {name} in database {self._settings.database}")
        if change.update_table:
            self._glue.update_table(**database, TableInput=change.update_table)
            self._log.line("INFO", f"Updated table {name} in database {self._settings.database}")
        if change.delete_table:
            self._glue.delete_table(**database, Name=name)
            self._log.line("INFO", f"Deleted table {name} from database {self._settings.database}")
        for batch in _batches(change.create_partitions, PARTITIONS_PER_CREATE):
            self._check(self._glue.batch_create_partition(**table, PartitionInputList=batch))
            self._log.line("INFO", f"Created partitions {[each['Values'] for each in batch]} of table {name}")
        for batch in _batches(change.update_partitions, PARTITIONS_PER_UPDATE):
            self._check(self._glue.batch_update_partition(**table, Entries=batch))
            self._log.line(
                "INFO", f"Updated partitions {[each['PartitionValueList'] for each in batch]} of table {name}"
            )
        for batch in _batches(change.delete_partitions, PARTITIONS_PER_DELETE):
            self._check(self._glue.batch_delete_partition(**table, PartitionsToDelete=[{"Values": v} for v in batch]))
            self._log.line("INFO", f"Deleted partitions {batch} of table {name}")
        if change.create_table and change.create_table["PartitionKeys"] and self._settings.partition_index:
            self._index(table, [key["Name"] for key in change.create_table["PartitionKeys"]])

    def _index(self, table: Json, keys: list[str]) -> None:
        """Make the index that a crawler makes unless CreatePartitionIndex is false ("Generating partition indexes")."""
        index = {"Keys": keys, "IndexName": INDEX_NAME}
        try:
            self._glue.create_partition_index(**table, PartitionIndex=index)
        except ClientError as error:
            # What AWS does then is not documented. The table is whole without it, so this does not fail the crawl.
            reason = error.response["Error"]["Message"]
            self._log.line("WARN", f"No partition index: {reason}. Set CreatePartitionIndex to false, or allow it.")

    def _check(self, answer: Json) -> None:
        details = [error["ErrorDetail"] for error in answer.get("Errors", [])]
        # A crawl that was killed half-way, or one beside this, made it already.
        failed = [each for each in details if each["ErrorCode"] != "AlreadyExistsException"]
        if failed:
            raise CrawlError(f"{len(failed)} partitions failed, the first with {failed[0]}: crawl again.")


class _Log:
    """The crawler's log stream, which its role writes to; every line but an error goes to standard error, too."""

    def __init__(self, session: boto3.Session, name: str) -> None:
        self._client: Any = session.client("logs")
        self._stream = {"logGroupName": LOG_GROUP, "logStreamName": name}
        self._run = uuid.uuid4()
        self._events: list[Json] = []

    def line(self, level: str, text: str) -> None:
        log.log(logging.WARNING if level == "WARN" else logging.INFO, text)
        self._add(level, text)

    def error(self, text: str) -> None:
        self._add("ERROR", text)  # whoever called for the crawl reports it

    def _add(self, level: str, text: str) -> None:
        self._events.append({"timestamp": now_ms(), "message": f"[{self._run}] {level} : {text}"})

    def flush(self) -> None:
        try:
            self._put()
        except self._client.exceptions.ResourceNotFoundException:
            self._make()
            self._put()
        self._events.clear()

    def _put(self) -> None:
        self._client.put_log_events(**self._stream, logEvents=self._events)

    def _make(self) -> None:
        for make, arguments in (
            (self._client.create_log_group, {"logGroupName": LOG_GROUP}),
            (self._client.create_log_stream, self._stream),
        ):
            try:
                make(**arguments)
            except self._client.exceptions.ResourceAlreadyExistsException:
                continue


def _batches(items: list[Any], size: int) -> list[list[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
