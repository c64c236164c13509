"""Reads and writes the pipeline's bucket: its objects, and the lines in them."""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from sales_pipeline.aws import parallel
from sales_pipeline.aws.retry import PATIENT_CLIENT
from sales_pipeline.aws.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 8  # botocore keeps 10 connections open
LISTED_OBJECTS = 1_000
BATCH_LINES = 5_000
CHUNK_BYTES = 256 * 1024
LINE_BYTES_MAX = 16 * 1024 * 1024  # an order has up to 400 KB, a record of Kinesis up to 10 MiB
_GZIP = b"\x1f\x8b"
_DAMAGED = b"damaged"
_ARRIVAL = re.compile(r"-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-")

Read = TypeVar("Read")


class Location(NamedTuple):
    """A folder in S3. `prefix` ends in a slash, or is empty for a whole bucket."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "Location":
        """Return the location that a text such as `s3://bucket/prefix/` names."""
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        return cls(bucket, prefix)


@dataclass(frozen=True)
class Object:
    """An object, and when S3 took it, in milliseconds since 1970."""

    key: str
    last_modified_ms: int

    @property
    def arrived_ms(self) -> int:
        """Moment at which Firehose got the object's oldest record, in milliseconds since 1970.

        Firehose writes it in the name, to the second (Amazon Data Firehose Developer Guide, "Configure Amazon S3 object
        name format"). Where the name has none, it is the moment at which S3 took the object.
        """
        for found in reversed(_ARRIVAL.findall(self.key.rpartition("/")[2])):
            try:
                return int(datetime.strptime(found, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC).timestamp() * 1000)
            except ValueError:
                continue
        return self.last_modified_ms


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name. boto3's errors pass through."""

    s3: Any
    name: str

    @classmethod
    def of(cls, stack: Stack) -> "Bucket":
        """Return the bucket of a stack."""
        return cls(stack.session.client("s3"), stack["BucketName"])

    def list(self, prefix: str) -> list[str]:
        """Return all keys under a prefix, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes | None:
        """Return an object's body; None where there is no such object."""
        try:
            body: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return body

    def write(self, key: str, body: bytes) -> None:
        """Write an object."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="application/json")

    def delete(self, key: str) -> None:
        """Delete an object, if there is one."""
        self.s3.delete_object(Bucket=self.name, Key=key)


@dataclass(frozen=True)
class Lines(Generic[Read]):
    """A part of an object's lines: what was read of them, and the numbers from 1 of those that could not be read."""

    object: Object
    read: list[Read]
    unreadable: list[int]


class Folder:
    """The objects at a location."""

    def __init__(self, stack: Stack, location: Location) -> None:
        self._s3: S3Client = stack.session.client("s3", config=PATIENT_CLIENT)
        self._location = location

    def objects(self) -> Iterator[Object]:
        """List every object but empty ones, which stand for folders in the console."""
        bucket, prefix = self._location
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                if each["Size"]:
                    yield Object(each["Key"], int(each["LastModified"].timestamp() * 1000))

    def lines(self, read_line: Callable[[bytes], Read], objects: Iterable[Object]) -> Iterator[Lines[Read]]:
        """Read the lines of these objects, compressed or not; READERS threads call `read_line`.

        `read_line` raises ValueError for a line that it can't read. An object that was deleted since it was listed has
        no lines. What follows a damaged part of a compressed object counts as one line that can't be read.
        """
        # The caller's thread lists the objects, a thousand at a time: `objects` need not be thread-safe.
        listed = iter(objects)
        while some := list(islice(listed, LISTED_OBJECTS)):
            yield from parallel.batches(lambda each: self._lines(read_line, each), some, READERS)

    def _lines(self, read_line: Callable[[bytes], Read], each: Object) -> Iterator[Lines[Read]]:
        try:
            body = self._s3.get_object(Bucket=self._location.bucket, Key=each.key)["Body"]
        except self._s3.exceptions.NoSuchKey:
            return
        with body:
            numbered = enumerate(_split(io.BufferedReader(cast("io.RawIOBase", body), CHUNK_BYTES)), 1)
            while some := list(islice(numbered, BATCH_LINES)):
                read, unreadable = [], []
                for number, line in some:
                    try:
                        read.append(read_line(line))
                    except ValueError:
                        unreadable.append(number)
                yield Lines(each, read, unreadable)


def _split(body: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines that are not blank, and _DAMAGED where decompressing ends in an error."""
    file = gzip.GzipFile(fileobj=body) if body.peek(2)[:2] == _GZIP else body
    try:
        while line := file.readline(LINE_BYTES_MAX):
            if not line.isspace():
                yield line
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield _DAMAGED
