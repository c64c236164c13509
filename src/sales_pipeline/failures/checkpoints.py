"""What failed and what of it was replayed, as the pipeline's bucket holds it. boto3's errors pass through."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sales_pipeline.aws.bucket import Bucket

CHECKPOINTS = "replay/checkpoints/"
SENT = "replay/sent/"
SUPERSEDED = "replay/superseded/"
_CALLS_AT_ONCE = 16


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
