"""What failed and what of it was replayed, as the pipeline's bucket holds it. boto3's errors pass through."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sales_pipeline.aws.stack import Stack

CHECKPOINTS = "replay/checkpoints/"
SENT = "replay/sent/"
SUPERSEDED = "replay/superseded/"
_CALLS_AT_ONCE = 16


@dataclass(frozen=True)
class Bucket:
    """The pipeline's bucket, and the prefix of its error objects."""

    s3: Any
    name: str
    error_prefix: str

    @classmethod
    def of(cls, stack: Stack) -> "Bucket":
        """Return the bucket of a stack."""
        location = stack["ErrorLocation"].removeprefix("s3://")
        name, _, prefix = location.partition("/")
        return cls(stack.session.client("s3"), name, prefix)

    def list(self, prefix: str) -> list[str]:
        """Return all keys under a prefix, in order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes | None:
        """Return an object's body, None where it is gone."""
        try:
            body: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        return body

    def write(self, key: str, body: bytes) -> None:
        """Write an object."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="application/json")

    def delete(self, key: str) -> None:
        """Delete an object, if it is there."""
        self.s3.delete_object(Bucket=self.name, Key=key)


@dataclass
class Replays:
    """What was replayed so far: for each error object and dead letter, by its name, the digests that Kinesis took.

    That a record comes from so many of them is how often it was replayed: nothing counts twice, wherever a replay is
    stopped, and nothing has to be written in the same moment as something else.
    """

    bucket: Bucket
    taken: dict[str, set[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, bucket: Bucket) -> "Replays":
        """Read all checkpoints."""
        replays = cls(bucket)
        keys = bucket.list(CHECKPOINTS)
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            for key, body in zip(keys, pool.map(bucket.read, keys), strict=True):
                taken = set(json.loads(body or b"[]"))
                replays.taken[key.removeprefix(CHECKPOINTS)] = taken
                replays.counts.update(taken)
        return replays

    def is_taken(self, name: str, digest: str) -> bool:
        """Say whether Kinesis took a record of this error object or dead letter."""
        return digest in self.taken.get(name, ())

    def save(self, name: str, digests: set[str]) -> None:
        """Keep that Kinesis took these records of an error object or dead letter."""
        known = self.taken.setdefault(name, set())
        self.counts.update(digests - known)
        known |= digests
        self.bucket.write(CHECKPOINTS + name, json.dumps(sorted(known)).encode())
