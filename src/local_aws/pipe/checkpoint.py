"""Keeps how far each shard of a stream was carried."""

import json
from dataclasses import dataclass
from pathlib import Path

from common.files import replace_text


@dataclass
class Checkpoint:
    """How far a shard was carried. It outlives the worker, however that ends."""

    path: Path
    stream_arn: str
    sequence_number: str | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        try:
            saved = json.loads(self.path.read_text())
        except FileNotFoundError:
            return
        # Another stream's shard may carry the same id.
        if saved["stream_arn"] == self.stream_arn:
            self.sequence_number, self.closed = saved["sequence_number"], saved["closed"]

    def save(self, sequence_number: str | None, *, closed: bool = False) -> None:
        """Replace the file at once, so that a kill leaves the old checkpoint or the new one."""
        self.sequence_number, self.closed = sequence_number, closed
        saved = {"stream_arn": self.stream_arn, "sequence_number": sequence_number, "closed": closed}
        replace_text(self.path, json.dumps(saved))
