"""A lake and the table that it should show, as data: what a random lake is made of, and what a failing test prints."""

import bz2
import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.unit.sales_pipeline.reconcile.lakes.schema import FOUR, Schema

DATA = "sales_data/"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
IN_PROGRESS_SECONDS = 10.0


@dataclass
class Object:
    """An object below DATA. `ends` is what each line ends with, `last_ends` whether the last one does too."""

    key: str
    lines: list[bytes] = field(default_factory=list)
    encoding: str = "plain"
    ends: bytes = b"\n"
    last_ends: bool = True
    storage_class: str = "STANDARD"

    def body(self):
        text = b"".join(line + self.ends for line in self.lines)
        if self.lines and not self.last_ends:
            text = text[: -len(self.ends)]
        return ENCODINGS[self.encoding](text)


def _members(text):
    middle = len(text) // 2
    return gzip.compress(text[:middle], mtime=0) + gzip.compress(text[middle:], mtime=0)


def _damaged(text):
    packed = bytearray(gzip.compress(text, mtime=0))
    packed[-6] ^= 1  # in the checksum: every line can be read before the error shows
    return bytes(packed)


ENCODINGS = {
    "plain": bytes,
    "gzip": lambda text: gzip.compress(text, mtime=0),
    "gzip in two members": _members,
    "gzip cut short": lambda text: gzip.compress(text, mtime=0)[:-9],
    "gzip with a wrong checksum": _damaged,
    "gzip with text behind it": lambda text: gzip.compress(text, mtime=0) + b'{"orderid":"behind"}\n',
    "gzip in gzip": lambda text: gzip.compress(gzip.compress(text, mtime=0), mtime=0),
    "bzip2": bz2.compress,
}


@dataclass
class Lake:
    """A lake, the table, and the change events that failed, were replayed a moment ago or are in the queue."""

    schema: Schema = FOUR
    change_columns: str = "NONE"
    other_attributes: str = "DROP"
    first_day: str = "2026-01-01"
    items: list[dict] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    errors: list[dict] = field(default_factory=list)
    dead_letters: list[dict] = field(default_factory=list)
    sent: list[dict] = field(default_factory=list)

    @property
    def keeps(self):
        """Whether the table shows other attributes."""
        return self.other_attributes == "KEEP"

    def event_of(self, item):
        return self.schema.event(self.schema.id_of(item), item)
