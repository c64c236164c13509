"""Which replayed changes may still fail again.

A replay moves a change out of `errors/`. If the change fails again, Firehose writes it to `errors/` only after its
buffers have passed. In between it is in neither place, and a command that looks at `errors/` alone would miss it.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sales_pipeline.aws.bucket import Folder, Location, Object
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.checkpoints import SENT
from sales_pipeline.failures.records import read_error_object
from sales_pipeline.orders.change import change_of
from sales_pipeline.terminal.amounts import counted, duration
from sales_pipeline.terminal.times import time_of_day


@dataclass(frozen=True)
class Replayed:
    """Changes that were replayed so lately that they may still fail again. Times are in milliseconds since 1970."""

    changes: int
    last_ms: int
    """When the last of them was replayed."""
    until_ms: int
    """When all of them should be in the lake, or in `errors/` again."""

    def text(self, now_ms: int) -> str:
        """Return one sentence for a person."""
        were = "was" if self.changes == 1 else "were"
        age = duration(max(0, now_ms - self.last_ms) / 1000)
        return (
            f"{counted(self.changes, 'change')} {were} replayed, the last {age} ago, and may fail again until about "
            f"{time_of_day(self.until_ms)}."
        )


def replayed_lately(stack: Stack, now_ms: int, failed_again: AbstractSet[str] = frozenset()) -> Replayed | None:
    """Return the replayed changes that may still fail again; None if there are none.

    `failed_again` are the digests of changes that `errors/` shows already: they are left out.
    """
    wait_ms = int(delivery_seconds(stack) * 1000)
    sent = Folder(stack, Location(stack["BucketName"], SENT))
    recent: list[Object] = [each for each in sent.objects() if each.last_modified_ms > now_ms - wait_ms]
    digests = {
        digest for lines in sent.lines(_digests, recent) for each in lines.read for digest in each
    } - failed_again
    if not digests:
        return None
    last_ms = max(each.last_modified_ms for each in recent)
    return Replayed(len(digests), last_ms, last_ms + wait_ms)


def _digests(line: bytes) -> Iterable[str]:
    return [change_of(record.data).digest for record in read_error_object(line) if record.data is not None]
