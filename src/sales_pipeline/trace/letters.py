"""Finds the dead letters about one order. A message holds no change, only its place in the table's stream."""

from collections.abc import Iterable
from typing import Any

from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.dead_letters import Listing, RangeState
from sales_pipeline.failures.messages import DeadLetter
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Gap, Place, Sighting
from sales_pipeline.trace.streams import Order
from sales_pipeline.trace.where import SLACK_MS

LISTING_SECONDS = 5.0


class Letters:
    """The pipe's dead-letter queue."""

    def __init__(self, stack: Stack, order: Order) -> None:
        self._stack, self._order = stack, order
        self._sqs: Any = stack.session.client("sqs")
        self._streams: Any = stack.session.client("dynamodbstreams")
        self._matches = dead_letters.pipe_filter(stack)

    def listed(self, budget: Budget) -> Listing:
        """List the messages. All stay in the queue."""
        return dead_letters.list_all(self._stack, min(LISTING_SECONDS, budget.left_seconds), self._sqs)

    def changes(
        self, listing: Listing, in_stream: Iterable[Sighting], created_ms: int | None, budget: Budget
    ) -> tuple[list[Sighting], list[Gap]]:
        """Return the order's changes that the pipe gave up on, and what could not be read.

        `in_stream` are the changes of the order that were found in the table's stream. For a letter with none of them,
        its part of the stream is read.
        """
        gaps = []
        if listing.unseen:
            gaps.append(
                Gap(
                    Place.dead_letters, f"{counted(listing.unseen, 'message')} could not be listed: somebody reads them"
                )
            )
        found, unread, trimmed = [], 0, 0
        known = list(in_stream)
        for letter in listing.letters:
            if not letter.range or _is_older(letter, created_ms):
                continue
            own = [each for each in known if _covers(letter, each)]
            found += [_sighting(letter, each) for each in own]
            if own:
                continue
            if budget.is_over:
                unread += 1
                continue
            part = dead_letters.read_range(self._streams, letter.range, self._matches, budget.left_seconds)
            changes = [self._order.changes.read(each) for each in part.changes]
            found += [
                Sighting(Place.dead_letters, each, letter.attempted_ms, f"message {letter.message_id}", letter.reason)
                for each in changes
                if each and each.order_id == self._order.order_id
            ]
            unread += part.state is RangeState.UNFINISHED
            trimmed += part.state is RangeState.TRIMMED
        if unread:
            gaps.append(
                Gap(Place.dead_letters, f"the changes of {counted(unread, 'message')} could not be read in time")
            )
        if trimmed:
            what = f"DynamoDB no longer has the changes of {counted(trimmed, 'message')}"
            gaps.append(Gap(Place.dead_letters, f"{what}: they may be about this order"))
        return found, gaps


def _is_older(letter: DeadLetter, created_ms: int | None) -> bool:
    """Say whether all changes of a letter happened before the order was new."""
    return None not in (created_ms, letter.newest_ms) and (letter.newest_ms or 0) + SLACK_MS < (created_ms or 0)


def _covers(letter: DeadLetter, each: Sighting) -> bool:
    batch, number = letter.range, each.change.sequence_number
    if not batch or not number or not number.isdigit() or each.where != batch.shard_id:
        return False
    return int(batch.start_sequence_number) <= int(number) <= int(batch.end_sequence_number)


def _sighting(letter: DeadLetter, each: Sighting) -> Sighting:
    where = f"message {letter.message_id}"
    return Sighting(Place.dead_letters, each.change, letter.attempted_ms, where, letter.reason)
