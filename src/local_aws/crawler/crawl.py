"""One crawl: reads S3 and the catalog, and writes the changes that the other modules decide."""

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from common.answers import error_code, error_message
from local_aws import roles
from local_aws.crawler.changes import CatalogChanges, changes
from local_aws.crawler.crawl_log import CrawlLog
from local_aws.crawler.schema import SAMPLE_BYTES, read
from local_aws.crawler.settings import CrawlerSettings
from local_aws.crawler.tables import Json, Sampled, find
from local_aws.errors import CrawlError, one_line

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SESSION_NAME = "AWS-Crawler"  # as CreatedBy of real tables shows
PARTITIONS_PER_CALL = 100  # AWS Glue API, BatchCreatePartition and BatchUpdatePartition


def crawl(crawler: Json) -> None:
    """Crawl once, with the crawler's own role, as GetCrawler describes it.

    Raises SettingsError for settings that are not the template's, and CrawlError when the crawl fails. The error names
    the role, and the action if the role lacks a permission.
    """
    settings = CrawlerSettings.of(crawler)
    try:
        _Crawl(settings).run()
    except ClientError as error:
        raise CrawlError(_reason(settings, error)) from error
    except BotoCoreError as error:
        raise CrawlError(f"Crawler {settings.name} failed: {error}") from error


def _reason(settings: CrawlerSettings, error: ClientError) -> str:
    if error_code(error).startswith("AccessDenied"):
        return (
            f"Crawler {settings.name} failed, because role {settings.role_arn} lacks a permission: "
            f"{error_message(error)}. Add it to the role in template.yaml, deploy, and crawl again."
        )
    return f"Crawler {settings.name} failed in {error.operation_name}: {one_line(error)}"


def sample_of_each_folder(keys: Iterable[str], size: int) -> list[str]:
    """Return at most `size` random keys of each folder, in order.

    Source: AWS Glue Developer Guide, "Crawler source type", Sample size: the crawler randomly selects some files in
    each leaf folder.
    """
    by_folder: dict[str, list[str]] = {}
    for key in keys:
        by_folder.setdefault(key.rpartition("/")[0], []).append(key)
    random = secrets.SystemRandom()
    return sorted(key for each in by_folder.values() for key in random.sample(each, min(size, len(each))))


class _Crawl:
    def __init__(self, settings: CrawlerSettings) -> None:
        session = roles.assume(settings.role_arn, SESSION_NAME)
        self._settings = settings
        self._s3: S3Client = session.client("s3")
        self._glue: Any = session.client("glue")  # there are no stubs for it
        self._log = CrawlLog(session, settings.name)

    def run(self) -> None:
        # A crawler that may not write its log fails, on AWS too. So the log comes first.
        self._log.line("BENCHMARK", f"Running Start Crawl for Crawler {self._settings.name}")
        self._log.flush()
        try:
            self._crawl()
        except (CrawlError, ClientError) as error:
            self._log.error(_reason(self._settings, error) if isinstance(error, ClientError) else str(error))
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
        found = find(settings, self._sample_all())
        self._log.line("BENCHMARK", f"Classification complete, writing results to database {settings.database}")
        if found:
            table = tables.get(found.name)
            self._write(found.name, changes(settings, found, table, self._partitions(found.name) if table else []))
        else:
            self._log.line("INFO", f"No table made or changed: nothing to read in {settings.location}")
        self._log.line("BENCHMARK", "Finished writing to Catalog")

    def _partitions(self, table_name: str) -> list[Json]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._settings.database, TableName=table_name
        )
        return [partition for page in pages for partition in page["Partitions"]]

    def _sample_all(self) -> list[Sampled]:
        bucket, prefix = self._settings.bucket, f"{self._settings.folder}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        sizes = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", []) if item["Size"]}
        sampled = [self._sample(key, sizes[key]) for key in sample_of_each_folder(sizes, self._settings.sample_size)]
        return [each for each in sampled if each]

    def _sample(self, key: str, size_bytes: int) -> Sampled | None:
        """Return the object with the schema of its beginning; None if there is no row in it."""
        bucket = self._settings.bucket
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{SAMPLE_BYTES - 1}")
        except self._s3.exceptions.NoSuchKey:
            return None  # deleted since it was listed
        schema = read(answer["Body"].read(), whole=size_bytes <= SAMPLE_BYTES)
        if schema.unreadable or not schema.rows:
            self._log.line("WARN", f"s3://{bucket}/{key} has {schema.rows} rows and {schema.unreadable} other lines")
        path = key.removeprefix(f"{self._settings.folder}/").rpartition("/")
        return Sampled(path[0] + path[1], size_bytes, schema) if schema.rows else None

    def _write(self, name: str, change: CatalogChanges) -> None:
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
        for batch in _batches(change.create_partitions):
            self._check(self._glue.batch_create_partition(**table, PartitionInputList=batch))
            self._log.line("INFO", f"Created partitions {[each['Values'] for each in batch]} of table {name}")
        for batch in _batches(change.update_partitions):
            self._check(self._glue.batch_update_partition(**table, Entries=batch))
            values = [each["PartitionValueList"] for each in batch]
            self._log.line("INFO", f"Updated partitions {values} of table {name}")

    def _check(self, answer: Json) -> None:
        details = [error["ErrorDetail"] for error in answer.get("Errors", [])]
        # A crawl that was killed, or one of another process, may have made it already.
        failed = [each for each in details if each["ErrorCode"] != "AlreadyExistsException"]
        if failed:
            raise CrawlError(f"{len(failed)} partitions failed, the first with {failed[0]}: crawl again.")


def _batches(items: list[Json]) -> list[list[Json]]:
    return [items[start : start + PARTITIONS_PER_CALL] for start in range(0, len(items), PARTITIONS_PER_CALL)]
