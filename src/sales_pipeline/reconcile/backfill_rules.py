"""Decides which orders a backfill sends, and makes their change events. Pure: no AWS, environment or clock.

An event looks as the pipe would send it, so the transform treats it as any other.

With change columns the row with the greatest sequence number is the newest of an order. A backfilled row gets the next
number after the lake's. A change that the lake missed has this number or a greater one, and a later change a greater
one still. If two rows ever share a number, the later object counts. Without change columns, the backfilled row is the
newest because it arrives last.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.pipe_event import change_event, encode
from sales_pipeline.orders.change import Change, change_of
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.version import BACKFILLED, DELETED, Versions, created_ms
from sales_pipeline.reconcile.ledger import Difference, Kind

# Smaller than every sequence number of a stream.
NO_SEQUENCE_NUMBER = "0"


class BackfillOutcome(Enum):
    """What a backfill does with an order."""

    SEND = "send"
    CHANGED = "not sent: it changed since the comparison, and that change is in progress"
    EARLIER = "not sent: older than --since"
    UNDATED = "left: its id holds no time. Without --since it is sent too"
    NEEDS_COLUMNS = "left: it needs change columns. Deploy with ChangeColumns=APPEND"
    REFUSED = "left: Kinesis refuses it"

    @property
    def is_left(self) -> bool:
        """Whether the lake still lacks the order, and no other way leads it there."""
        return self in (BackfillOutcome.UNDATED, BackfillOutcome.NEEDS_COLUMNS, BackfillOutcome.REFUSED)


@dataclass
class BackfillTally:
    """Orders by outcome and by how the lake lacks them, and the ids of the first that are sent."""

    samples_max: int
    orders: Counter[tuple[BackfillOutcome, str]] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def add(self, outcome: BackfillOutcome, lack: str, orderid: str) -> None:
        """Count an order."""
        self.orders[outcome, lack] += 1
        if outcome is BackfillOutcome.SEND and len(self.samples) < self.samples_max:
            self.samples.append(orderid)

    def sends_any(self) -> bool:
        """Say whether any order is sent."""
        return any(outcome is BackfillOutcome.SEND for outcome, _ in self.orders)

    def leaves_any(self) -> bool:
        """Say whether any order is left."""
        return any(outcome.is_left for outcome, _ in self.orders)


def lack(difference: Difference) -> str:
    """Return how the lake lacks an order."""
    if difference.kind is Kind.undetermined:
        return "versions that are equally new"
    if difference.version == DELETED:
        return "its deletion is missing"
    return "no row" if difference.kind is Kind.missing else "only older rows"


def why_not(difference: Difference, since_ms: int | None, *, has_change_columns: bool) -> BackfillOutcome | None:
    """Return why a backfill does not send an order that the lake lacks; None where it does."""
    outcome = outside(difference.orderid, since_ms)
    # Only a row with change columns can say that an order was deleted.
    if outcome is None and difference.version == DELETED and not has_change_columns:
        return BackfillOutcome.NEEDS_COLUMNS
    return outcome


def outside(orderid: str, since_ms: int | None) -> BackfillOutcome | None:
    """Return why an order is not from `since_ms` on, by the time in its id; None where it is."""
    if since_ms is None:
        return None
    from_ms = created_ms(orderid)
    if from_ms is None:
        return BackfillOutcome.UNDATED
    return BackfillOutcome.EARLIER if from_ms < since_ms else None


def next_sequence_number(newest: str | None) -> str:
    """Return the sequence number after the lake's newest; None stands for no row with one.

    Two are compared by length, and then by text: leading zeros stay.
    """
    return NO_SEQUENCE_NUMBER if newest is None else f"{int(newest) + 1:0{len(newest)}}"


def never_sent(*, change_columns: bool) -> str:
    """Return what no backfill can send."""
    missed = "versions" if change_columns else "versions and deletions"
    return f"Orders are sent as the table holds them now. Earlier {missed} that the lake missed are lost."


class BackfillEvents:
    """Makes the change events that a backfill sends to the Kinesis stream of a stack with rows of this form.

    The table's stream has the ARN `stream_arn`. `newest` is as for `next_sequence_number`.
    """

    def __init__(self, form: RowForm, stream_arn: str) -> None:
        self._keys, self._versions, self._stream_arn = Keys(form.key), Versions(form), stream_arn

    def insertion(self, item: Mapping[str, Any], newest: str | None, now_ms: int) -> Change:
        """Return the event that sends an order as the table holds it.

        Its eventID is the same for the same version, whenever it is sent. Raises VersionError.
        """
        version = self._versions.of_item(item)
        dynamodb = {"Keys": {self._keys.attribute: item[self._keys.attribute]}, "NewImage": item}
        return self._event("INSERT", version.digest.hex(), dynamodb, newest, now_ms)

    def removal(self, orderid: str, newest: str | None, now_ms: int) -> Change:
        """Return the event that says that an order was deleted."""
        # An order can be deleted more than once.
        digest = hashlib.blake2b(f"{newest} {orderid}".encode(), digest_size=16).hexdigest()
        return self._event("REMOVE", digest, {"Keys": self._keys.of(orderid)}, newest, now_ms)

    def _event(self, name: str, digest: str, dynamodb: Mapping[str, Any], newest: str | None, now_ms: int) -> Change:
        record = {
            "eventID": f"{BACKFILLED}{digest}",
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._stream_arn.split(":")[3],
            "dynamodb": {
                "ApproximateCreationDateTime": datetime.fromtimestamp(now_ms // 1000, UTC),
                **dynamodb,
                "SequenceNumber": next_sequence_number(newest),
                "StreamViewType": "NEW_IMAGE",
            },
        }
        return change_of(encode(change_event(record, self._stream_arn)), self._keys)
