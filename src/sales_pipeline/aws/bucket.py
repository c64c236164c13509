"""Reads and writes the pipeline's bucket: its objects, and the lines in them."""

import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, NamedTuple, TypeVar, cast

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
# Endings of the other codecs that Athena reads in text files (Amazon Athena User Guide, "Use compression in Athena"),
# as Hadoop and Trino name them.
_OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".lzo", ".lzo_deflate", ".snappy", ".zst")
_SPOOLED_BYTES = 4 * 1024 * 1024  # of a compressed object, in memory; the rest is in a temporary file
_DAMAGED = b"damaged"

Read = TypeVar("Read")
Split = Callable[[str, io.BufferedReader], Iterator[bytes]]
"""Gives the lines of an object from its key and its body."""


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
    storage_class: str = "STANDARD"


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
    object_is_unreadable: bool = False
    """Whether the object has no lines: its content is not of the form that `split` expects, or S3 has archived it."""


class UnreadableObjectError(ValueError):
    """An object's content does not have the form that is expected of it."""


class Folder:
    """The objects at a location."""

    def __init__(self, stack: Stack, location: Location) -> None:
        self._s3: S3Client = stack.session.client("s3", config=PATIENT_CLIENT)
        self._location = location

    def objects(self, below: str = "") -> Iterator[Object]:
        """List every object whose key goes on so, but empty ones, which stand for folders in the console."""
        bucket, prefix = self._location
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix + below):
            for each in page.get("Contents", []):
                if each["Size"]:
                    modified_ms = int(each["LastModified"].timestamp() * 1000)
                    yield Object(each["Key"], modified_ms, each.get("StorageClass", "STANDARD"))

    def folders(self, below: str = "") -> Iterator[str]:
        """List the names of the folders directly below the location, or below a folder in it: `dt=2026-11-22`."""
        bucket, prefix = self._location.bucket, self._location.prefix + below
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            for each in page.get("CommonPrefixes", []):
                yield each["Prefix"].removeprefix(prefix).removesuffix("/")

    def lines(
        self, read_line: Callable[[bytes], Read], objects: Iterable[Object], split: Split | None = None
    ) -> Iterator[Lines[Read]]:
        """Read the lines of these objects; READERS threads call `read_line`.

        `read_line` raises ValueError for a line that it can't read. An object that was deleted since it was listed has
        no lines. `split` gives an object's lines, or raises UnreadableObjectError before the first; by default, it is
        `split_by_content`.
        """
        split = split or split_by_content
        # The caller's thread lists the objects, a thousand at a time: `objects` need not be thread-safe.
        listed = iter(objects)
        while some := list(islice(listed, LISTED_OBJECTS)):
            yield from parallel.batches(lambda each: self._lines(read_line, split, each), some, READERS)

    def _lines(self, read_line: Callable[[bytes], Read], split: Split, each: Object) -> Iterator[Lines[Read]]:
        try:
            body = self._s3.get_object(Bucket=self._location.bucket, Key=each.key)["Body"]
        except self._s3.exceptions.NoSuchKey:
            return
        except self._s3.exceptions.InvalidObjectState:  # archived, also by Intelligent-Tiering: the list does not tell
            yield Lines(each, [], [], object_is_unreadable=True)
            return
        with body:
            numbered = enumerate(split(each.key, io.BufferedReader(cast("io.RawIOBase", body), CHUNK_BYTES)), 1)
            try:
                while some := list(islice(numbered, BATCH_LINES)):
                    read, unreadable = [], []
                    for number, line in some:
                        try:
                            read.append(read_line(line))
                        except ValueError:
                            unreadable.append(number)
                    yield Lines(each, read, unreadable)
            except UnreadableObjectError:
                yield Lines(each, [], [], object_is_unreadable=True)


def split_by_content(_key: str, body: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines that are not blank, decompressed if they are compressed.

    What follows a damaged part of a compressed object is one line that can't be read.
    """
    file = gzip.GzipFile(fileobj=body) if _is_gzip(body) else body
    try:
        while line := file.readline(LINE_BYTES_MAX):
            if not line.isspace():
                yield line
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield _DAMAGED


def split_by_name(key: str, body: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines of an object as Athena reads it: its name says whether it is compressed.

    Amazon Athena User Guide, "Use compression in Athena"; Trino, `CompressionKind.java`. A line ends with a newline, a
    carriage return, or both. Raises UnreadableObjectError where the content is not what the name says, or the name
    asks for a codec that is not read here.
    """
    ending = key[key.rfind(".") :] if "." in key.rpartition("/")[2] else ""
    if ending in _OTHER_CODECS:
        raise UnreadableObjectError(f"{ending} is not read")
    if ending != ".gz":
        if _is_gzip(body):
            raise UnreadableObjectError("it is compressed, and its name does not say so")
        yield from _lines(body)
        return
    # One error anywhere in it fails every query, so no row counts before the whole object is known to be right.
    with tempfile.SpooledTemporaryFile(_SPOOLED_BYTES) as plain:
        try:
            shutil.copyfileobj(gzip.GzipFile(fileobj=body), plain)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise UnreadableObjectError("it is not what its name says") from error
        plain.seek(0)
        yield from _lines(cast("BinaryIO", plain))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LINE_BYTES_MAX):
        if b"\r" in line:
            yield from line.splitlines()
        else:
            yield line


def _is_gzip(body: io.BufferedReader) -> bool:
    """Say whether what follows is compressed with gzip (RFC 1952, 2.3.1)."""
    return body.peek(2)[:2] == _GZIP
