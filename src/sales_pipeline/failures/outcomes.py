"""What a replay did with failed changes, for people. Pure: no AWS, environment or clock."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from sales_pipeline.failures.records import Failure
from sales_pipeline.terminal.table import DataTable


class ReplayOutcome(Enum):
    """What a replay did with a failed change."""

    REPLAYED = "replayed"
    SET_ASIDE = "set aside: the table now holds another version of the order, or none"
    DELETED = "deleted: dead letters whose changes are no longer in the table's stream"
    REPLAYED_TOO_OFTEN = "left: replayed as often as --replays allows"
    REFUSED = "left: Kinesis refuses it"
    UNREADABLE = "left: unreadable"
    UNFINISHED = "left: the table's stream did not reach the end of the batch in a minute. Run this again"
    TRIMMED = "left: no longer in the table's stream, which keeps changes for 24 hours. Next: sales backfill"
    UNSEEN = "left: somebody else is reading the queue. Run this again in a minute"

    @property
    def is_left(self) -> bool:
        """Whether the replay did nothing with the change."""
        return self not in {ReplayOutcome.REPLAYED, ReplayOutcome.SET_ASIDE, ReplayOutcome.DELETED}

    def text(self, *, done: bool) -> str:
        """Return the outcome for a person, of a replay that was done or only shown."""
        return self.value if done or self.is_left else f"would be {self.value}"


@dataclass
class ReplayTally:
    """Numbers of changes by outcome and reason."""

    changes: Counter[tuple[ReplayOutcome, str]] = field(default_factory=Counter)

    def add(self, outcome: ReplayOutcome, failure: Failure, changes: int = 1) -> None:
        """Count changes."""
        self.changes[outcome, failure.reason] += changes

    def is_replayed(self) -> bool:
        """Say whether anything was sent."""
        return any(outcome is ReplayOutcome.REPLAYED for outcome, _ in self.changes)

    def is_left(self) -> bool:
        """Say whether anything is left where it was."""
        return any(outcome.is_left for outcome, _ in self.changes)

    def table(self, *, done: bool) -> DataTable:
        """Return the numbers for a person, the outcomes in their order and the largest numbers first."""
        rows = [
            (outcome.text(done=done), reason, changes)
            for each in ReplayOutcome
            for (outcome, reason), changes in self.changes.most_common()
            if outcome is each
        ]
        return DataTable(["replay", "reason", "changes"], rows)
