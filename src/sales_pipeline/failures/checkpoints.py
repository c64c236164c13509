"""Which changes were replayed, as checkpoints in the pipeline's bucket say. boto3's errors pass through."""

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
class ReplayHistory:
    """The changes that were replayed so far, by the SHA-256 of their bytes.

    Each error object and each dead letter has a checkpoint: the changes of it that Kinesis took. A change was replayed
    as often as it is in checkpoints. So it counts once, wherever a replay is stopped, and no two things have to be
    written at the same moment.
    """

    bucket: Bucket
    taken: dict[str, set[str]] = field(default_factory=dict)
    """The checkpoints, by the name of the error object or dead letter."""
    counts: Counter[str] = field(default_factory=Counter)
    """How often each change was replayed."""
    _is_writable: bool = False

    @classmethod
    def read(cls, bucket: Bucket) -> "ReplayHistory":
        """Read all checkpoints."""
        history = cls(bucket)
        keys = bucket.list(CHECKPOINTS)
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            for key, body in zip(keys, pool.map(bucket.read, keys), strict=True):
                taken = set(json.loads(body or b"[]"))
                history.taken[key.removeprefix(CHECKPOINTS)] = taken
                history.counts.update(taken)
        return history

    def is_taken(self, name: str, digest: str) -> bool:
        """Say whether Kinesis took a change of this error object or dead letter."""
        return digest in self.taken.get(name, ())

    def ensure_writable(self, name: str) -> None:
        """Write the checkpoint of this error object or dead letter as it is, unless another was written before.

        If the bucket takes none, each replay would send the same changes again.
        """
        if not self._is_writable:
            self.save(name, set())

    def save(self, name: str, digests: set[str]) -> None:
        """Write down that Kinesis took these changes of an error object or dead letter."""
        known = self.taken.setdefault(name, set())
        self.counts.update(digests - known)
        known |= digests
        self.bucket.write(CHECKPOINTS + name, json.dumps(sorted(known)).encode())
        self._is_writable = True
