"""Reads what a reconciliation compares, in batches: the table, the lake's objects and the error objects."""

import gzip
import io
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config

from sales_pipeline import parallel, versions
from sales_pipeline.failed import read_error_object
from sales_pipeline.stack import Stack
from sales_pipeline.versions import Version, VersionError
from transform.record import FIELDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

SEGMENTS = 4
READERS = 8
LISTED_OBJECTS = 1_000
BATCH_VERSIONS = 5_000
GET_KEYS = 100  # DynamoDB API reference, BatchGetItem
CHUNK_BYTES = 256 * 1024
LINE_BYTES_MAX = 16 * 1024 * 1024  # no line of either kind comes near: an order has 400 KB, a record of Kinesis 10 MiB
BACKOFF_SECONDS = 0.2
_GZIP = b"\x1f\x8b"
# Many small reads in a row meet a throttle or a reset sooner or later. Each keeps its connection.
_CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=READERS + 2)

_NAMES = {f"#{number}": column.name for number, column in enumerate(FIELDS)}


@dataclass
class Pace:
    """Keeps a reader of the table under so many read capacity units a second, on average."""

    units_per_second: float
    _free_at: float = field(default_factory=time.monotonic)

    def pay(self, consumed: Any) -> None:  # noqa: ANN401 - ConsumedCapacity of one table
        """Wait until the units that a call has consumed are earned."""
        now = time.monotonic()
        units = consumed["CapacityUnits"] if consumed else 0.0
        self._free_at = max(self._free_at, now) + units / self.units_per_second
        if self._free_at > now:
            time.sleep(self._free_at - now)


class Table:
    """The order table. Numbers of the class are read capacity units a second that its reads may consume."""

    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self._dynamodb: DynamoDBClient = stack.session.client("dynamodb", config=_CLIENT)
        self._name = stack["TableName"]
        self._units_per_second = units_per_second

    def versions(self) -> Iterator[list[Version]]:
        """Scan the table, each segment at its share of the pace. Reads may be a second old: doubts are read again."""
        return parallel.batches(self._segment, range(SEGMENTS), SEGMENTS)

    def _segment(self, segment: int) -> Iterator[list[Version]]:
        pace = Pace(self._units_per_second / SEGMENTS)
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._name,
            Segment=segment,
            TotalSegments=SEGMENTS,
            ProjectionExpression=", ".join(_NAMES),
            ExpressionAttributeNames=_NAMES,
            ReturnConsumedCapacity="TOTAL",
        )
        for page in pages:
            yield [versions.of_item(item) for item in page["Items"]]
            pace.pay(page.get("ConsumedCapacity"))

    def now(self, orderids: Iterable[list[str]]) -> Iterator[tuple[list[str], list[Version]]]:
        """Read orders as they are now, up to GET_KEYS at a time; yield the ids with the versions of those there are."""
        pace = Pace(self._units_per_second)
        for ids in orderids:
            found: list[Version] = []
            keys: list[Any] = [{"orderid": {"S": orderid}} for orderid in ids if _can_be_key(orderid)]
            while keys:
                answer = self._dynamodb.batch_get_item(
                    RequestItems={
                        self._name: {
                            "Keys": keys,
                            "ConsistentRead": True,
                            "ProjectionExpression": ", ".join(_NAMES),
                            "ExpressionAttributeNames": _NAMES,
                        }
                    },
                    ReturnConsumedCapacity="TOTAL",
                )
                found += [versions.of_item(item) for item in answer["Responses"].get(self._name, [])]
                keys = list(answer["UnprocessedKeys"][self._name]["Keys"]) if answer.get("UnprocessedKeys") else []
                pace.pay(next(iter(answer.get("ConsumedCapacity", [])), None))
                if keys:
                    time.sleep(BACKOFF_SECONDS)
            yield ids, found


def _can_be_key(orderid: str) -> bool:
    # Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB": partition key values.
    return len(orderid.encode()) <= 2048  # noqa: PLR2004


@dataclass(frozen=True)
class Object:
    """An object and when S3 took it, in milliseconds since 1970."""

    key: str
    last_modified_ms: int


@dataclass(frozen=True)
class Lines:
    """Versions read of an object's lines, and the lines that hold none, by their number from 1."""

    object: Object
    versions: list[Version]
    unread: list[int]


class Folder:
    """What lies under an s3:// location, which ends in a slash."""

    def __init__(self, stack: Stack, location: str) -> None:
        self._s3: S3Client = stack.session.client("s3", config=_CLIENT)
        self._bucket, _, self._prefix = location.removeprefix("s3://").partition("/")

    def objects(self) -> Iterator[Object]:
        """List every object but empty ones, which make folders in the console."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
            for each in page.get("Contents", []):
                if each["Size"]:
                    yield Object(each["Key"], int(each["LastModified"].timestamp() * 1000))

    def rows(self, objects: Iterable[Object]) -> Iterator[Lines]:
        """Read objects of the lake, many at a time."""
        return self._batches(versions.of_row, objects)

    def failures(self, objects: Iterable[Object]) -> Iterator[Lines]:
        """Read error objects, many at a time."""
        return self._batches(_of_error, objects)

    def _batches(self, read_line: Callable[[bytes], Version], objects: Iterable[Object]) -> Iterator[Lines]:
        # By the thousand, so that they are listed by whoever takes the batches and not by the readers.
        listed = iter(objects)
        while some := list(islice(listed, LISTED_OBJECTS)):
            yield from parallel.batches(lambda each: self._read(read_line, each), some, READERS)

    def _read(self, read_line: Callable[[bytes], Version], each: Object) -> Iterator[Lines]:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=each.key)["Body"]
        except self._s3.exceptions.NoSuchKey:  # since it was listed
            return
        with body:
            numbered = enumerate(_lines(io.BufferedReader(cast("io.RawIOBase", body), CHUNK_BYTES)), 1)
            while some := list(islice(numbered, BATCH_VERSIONS)):
                found, unread = [], []
                for number, line in some:
                    try:
                        found.append(read_line(line))
                    except VersionError:
                        unread.append(number)
                yield Lines(each, found, unread)


def _lines(body: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines that hold something, whether the object is compressed or not."""
    file = gzip.GzipFile(fileobj=body) if body.peek(2)[:2] == _GZIP else body
    while line := file.readline(LINE_BYTES_MAX):
        if not line.isspace():
            yield line


def _of_error(line: bytes) -> Version:
    for record in read_error_object(line):
        if record.data is not None:
            return versions.of_change(record.data)
    raise VersionError("no error record")
