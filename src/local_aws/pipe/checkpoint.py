"""Keeps how far the shard of the table's stream was carried."""

import json
from dataclasses import dataclass
from pathlib import Path

from common.files import replace_text


@dataclass
class ShardCheckpoint:
    """The last sequence number that was carried. It outlives the worker, however the worker ends."""

    path: Path
    stream_arn: str
    sequence_number: str | None = None

    def __post_init__(self) -> None:
        try:
            saved = json.loads(self.path.read_text())
        except FileNotFoundError:
            return
        # A shard of another stream may have the same id.
        if saved["stream_arn"] == self.stream_arn:
            self.sequence_number = saved["sequence_number"]

    def save(self, sequence_number: str | None) -> None:
        """Replace the file. A kill leaves the old checkpoint or the new one."""
        self.sequence_number = sequence_number
        saved = {"stream_arn": self.stream_arn, "sequence_number": sequence_number}
        replace_text(self.path, json.dumps(saved))
