"""What a backfill decides: which orders it sends, as which change events. Pure: no AWS, environment or clock.

An event looks as the pipe would send it, so that the transform takes it as any other. With change columns the greatest
sequence number is the newest row of an order. A backfilled one gets the next after the lake's: what the lake lacks has
this one or a greater, and what happens later has a greater one still. Should two rows ever share a number, the lake
can't tell which is newer: a reconciliation says stale then, and the next backfill is above both.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sales_pipeline.aws.pipe_event import change_event, encode
from sales_pipeline.orders import version as versions
from sales_pipeline.orders.change import Change, change_of
from sales_pipeline.orders.version import GONE
from sales_pipeline.reconcile.ledger import Difference

# Smaller than every sequence number of a stream.
NO_SEQUENCE_NUMBER = "0"


class Outcome(Enum):
    """What becomes of an order that the lake lacks, or of every order."""

    SEND = "send"
    CHANGED = "not sent: changed since it was compared, and that change is on its way"
    EARLIER = "not sent: from before --since"
    UNDATED = "left: the id holds no time. Without --since they are sent too"
    NEEDS_COLUMNS = "left: only a row with change columns can tell. Deploy with ChangeColumns=APPEND"
    REFUSED = "left: Kinesis refuses it"


@dataclass
class Tally:
    """Orders by outcome and reason, and the first that are sent."""

    samples_max: int
    orders: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, reason: str, orderid: str) -> None:
        """Count an order."""
        self.orders[outcome, reason] += 1
        if outcome is Outcome.SEND and len(self.samples) < self.samples_max:
            self.samples.append(orderid)

    def is_left(self) -> bool:
        """Say whether anything is left that should have been sent."""
        return any(outcome.value.startswith("left") for outcome, _ in self.orders)


def reason_of(difference: Difference) -> str:
    """Return in which way the lake lacks an order."""
    if difference.digest == GONE:
        return "its deletion is missing"
    return "no row" if difference.kind == "missing" else "only older rows"


def excluded(orderid: str, since_ms: int | None) -> Outcome | None:
    """Return why an order is not of the time that is asked for; None where it is."""
    if since_ms is None:
        return None
    created_ms = versions.created_ms(orderid)
    if created_ms is None:
        return Outcome.UNDATED
    return Outcome.EARLIER if created_ms < since_ms else None


def needs_columns(difference: Difference) -> bool:
    """Say whether only a row with a sequence number can be newer than the lake's, or tell that an order is gone."""
    return difference.digest == GONE or difference.sequence_number is not None


def next_sequence_number(newest: str | None) -> str:
    """Return the sequence number after the lake's newest, None for no row with one.

    Two are compared by length, and then by text: leading zeros stay.
    """
    return NO_SEQUENCE_NUMBER if newest is None else f"{int(newest) + 1:0{len(newest)}}"


def what_is_gone(*, change_columns: bool) -> str:
    """Return what no backfill brings back."""
    missed = "Versions" if change_columns else "Versions and deletions"
    return f"An order goes as the table holds it now. {missed} that the lake missed before are gone for good."


def insertion(item: Mapping[str, Any], newest: str | None, stream_arn: str, now_ms: int) -> Change:
    """Return the event that brings an order as the table holds it; `newest` as for `next_sequence_number`.

    Its eventID is the same for the same version, whenever it is sent. Raises VersionError.
    """
    dynamodb = {"Keys": {"orderid": item["orderid"]}, "NewImage": item}
    return _event("INSERT", versions.of_item(item).digest.hex(), dynamodb, newest, stream_arn, now_ms)


def removal(orderid: str, newest: str | None, stream_arn: str, now_ms: int) -> Change:
    """Return the event that says that an order is gone; `newest` as for `next_sequence_number`."""
    # An order can be deleted more than once.
    digest = hashlib.blake2b(f"{newest} {orderid}".encode(), digest_size=16).hexdigest()
    return _event("REMOVE", digest, {"Keys": {"orderid": {"S": orderid}}}, newest, stream_arn, now_ms)


def _event(  # noqa: PLR0913, PLR0917
    name: str, digest: str, dynamodb: Mapping[str, Any], newest: str | None, stream_arn: str, now_ms: int
) -> Change:
    record = {
        "eventID": f"backfill-{digest}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream_arn.split(":")[3],
        "dynamodb": {
            "ApproximateCreationDateTime": datetime.fromtimestamp(now_ms // 1000, UTC),
            **dynamodb,
            "SequenceNumber": next_sequence_number(newest),
            "StreamViewType": "NEW_IMAGE",
        },
    }
    return change_of(encode(change_event(record, stream_arn)))
