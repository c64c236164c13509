"""Reads what a reconciliation compares, in batches: the table, the lake's objects and the error objects."""

import gzip
import io
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from botocore.config import Config

from sales_pipeline.aws import parallel
from sales_pipeline.aws.retry import waits
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.records import read_error_object
from sales_pipeline.orders import version as versions
from sales_pipeline.orders.change import ORDER_ID_BYTES
from sales_pipeline.orders.version import Row, Version, VersionError
from transform.columns import COLUMNS

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
_GZIP = b"\x1f\x8b"
# Many small reads in a row meet a throttle or a reset sooner or later. Each keeps its connection.
_CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=READERS + 2)

Read = TypeVar("Read", Row, Version)
Item = dict[str, Any]

_NAMES = {f"#{number}": column.name for number, column in enumerate(COLUMNS)}


@dataclass
class Pace:
    """Keeps something under so many units a second, on average."""

    units_per_second: float
    _free_at: float = 0.0

    def pay(self, units: float) -> None:
        """Wait until these units are earned. What was not used is not saved up."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + units / self.units_per_second
        if self._free_at > now:
            time.sleep(self._free_at - now)


def _units(consumed: Any) -> float:  # noqa: ANN401 - ConsumedCapacity of one table, None where none is said
    return float(consumed["CapacityUnits"]) if consumed else 0.0


class Table:
    """The order table. Numbers of the class are read capacity units a second that its reads may consume."""

    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self._dynamodb: DynamoDBClient = stack.session.client("dynamodb", config=_CLIENT)
        self._name = stack["TableName"]
        self._units_per_second = units_per_second
        self._pace = Pace(units_per_second)

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
            pace.pay(_units(page.get("ConsumedCapacity")))

    def now(self, orderids: Iterable[list[str]]) -> Iterator[tuple[list[str], list[Version]]]:
        """Read orders as they are now, up to GET_KEYS at a time; yield the ids with the versions of those there are."""
        shown: Item = {"ProjectionExpression": ", ".join(_NAMES), "ExpressionAttributeNames": _NAMES}
        for ids in orderids:
            yield ids, [versions.of_item(item) for item in self._items(ids, shown)]

    def items(self, orderids: Iterable[str]) -> dict[str, Item]:
        """Return up to GET_KEYS orders as they are now, by id, of those there are. Raises RetryError."""
        return {item["orderid"]["S"]: item for item in self._items(orderids, {})}

    def _items(self, orderids: Iterable[str], shown: Item) -> Iterator[Item]:
        keys: list[Any] = [{"orderid": {"S": orderid}} for orderid in orderids if _can_be_key(orderid)]
        if not keys:
            return
        for wait_seconds in waits(f"Table {self._name} does not answer"):
            asked: Any = {self._name: {"Keys": keys, "ConsistentRead": True, **shown}}
            answer = self._dynamodb.batch_get_item(RequestItems=asked, ReturnConsumedCapacity="TOTAL")
            yield from answer["Responses"].get(self._name, [])
            self._pace.pay(_units(next(iter(answer.get("ConsumedCapacity", [])), None)))
            keys = list(answer["UnprocessedKeys"][self._name]["Keys"]) if answer.get("UnprocessedKeys") else []
            if not keys:
                return
            time.sleep(wait_seconds)

    def all_items(self, page_items: int) -> Iterator[list[Item]]:
        """Yield every order as it is when its page is read, up to so many at a time."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._name,
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
            PaginationConfig={"PageSize": page_items},
        )
        for page in pages:
            yield page["Items"]
            self._pace.pay(_units(page.get("ConsumedCapacity")))


def _can_be_key(orderid: str) -> bool:
    return len(orderid.encode()) <= ORDER_ID_BYTES


@dataclass(frozen=True)
class Object:
    """An object and when S3 took it, in milliseconds since 1970."""

    key: str
    last_modified_ms: int


@dataclass(frozen=True)
class Lines(Generic[Read]):
    """What was read of an object's lines, and the lines that couldn't be, by their number from 1."""

    object: Object
    versions: list[Read]
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

    def rows(self, objects: Iterable[Object]) -> Iterator[Lines[Row]]:
        """Read objects of the lake, many at a time."""
        return self._batches(versions.of_row, objects)

    def failures(self, objects: Iterable[Object]) -> Iterator[Lines[Version]]:
        """Read error objects, many at a time."""
        return self._batches(_of_error, objects)

    def _batches(self, read_line: Callable[[bytes], Read], objects: Iterable[Object]) -> Iterator[Lines[Read]]:
        # By the thousand, so that they are listed by whoever takes the batches and not by the readers.
        listed = iter(objects)
        while some := list(islice(listed, LISTED_OBJECTS)):
            yield from parallel.batches(lambda each: self._read(read_line, each), some, READERS)

    def _read(self, read_line: Callable[[bytes], Read], each: Object) -> Iterator[Lines[Read]]:
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
    """Yield the lines that hold something, whether the object is compressed or not; what is damaged is a line too."""
    file = gzip.GzipFile(fileobj=body) if body.peek(2)[:2] == _GZIP else body
    try:
        while line := file.readline(LINE_BYTES_MAX):
            if not line.isspace():
                yield line
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield b"damaged"


def _of_error(line: bytes) -> Version:
    for record in read_error_object(line):
        if record.data is not None:
            return versions.of_change(record.data)
    raise VersionError("no error record")
