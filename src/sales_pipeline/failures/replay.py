"""`sales replay`: sends failed changes to the Kinesis stream again.

It can be stopped anywhere and run again. It sends nothing before the bucket has taken a checkpoint. After each call to
Kinesis, of at most 500 records, it writes to the bucket which changes Kinesis took. Only then does it move them out of
`errors/`. So a stop loses nothing, and at most one call is sent twice. Two replays at the same time may send everything
twice.
"""

import base64
import hashlib
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.clock import now_ms
from sales_pipeline import defaults
from sales_pipeline.aws import stream as kinesis
from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS, Table
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import SENT, SUPERSEDED, ReplayHistory
from sales_pipeline.failures.dead_letters import RangeState
from sales_pipeline.failures.outcomes import ReplayOutcome, ReplayTally
from sales_pipeline.failures.records import Failure, Selection, read_error_object
from sales_pipeline.failures.replay_rules import is_superseded
from sales_pipeline.failures.replayed import replayed_lately
from sales_pipeline.orders.change import Change, change_of
from sales_pipeline.terminal.table import print_table

_LEFT = {
    RangeState.UNREADABLE: ReplayOutcome.UNREADABLE,
    RangeState.UNFINISHED: ReplayOutcome.UNFINISHED,
}


def run(stack: Stack, selection: Selection, *, send: bool, replays_max: int, discard_trimmed: bool = False) -> int:
    """Replay the selected failures, or only show it if `send` is off. Print the outcomes, and return the exit code.

    A change that was replayed `replays_max` times already stays where it is. `discard_trimmed` deletes dead letters
    whose changes the table's stream no longer has. Exit codes: 0 done, or only shown; 1 something is left. Raises
    RetryError.
    """
    replay = Replay(stack, selection, send, replays_max, discard_trimmed)
    try:
        tally = replay.run()
    except KeyboardInterrupt:
        if replay.tally.changes:
            print_table(replay.tally.table(done=send), headings=1)
        if send:
            sys.stderr.write(
                "Stopped. The changes above are done. Run the same command again to go on: at most 500 changes are "
                "sent twice.\n"
            )
        raise
    if not tally.changes:
        now = now_ms()
        replayed = replayed_lately(stack, now)
        note = replayed.text(now) if replayed else None
        sys.stdout.write(f"{selection.nothing(delivery_seconds(stack), note)}\n")
        return 0
    print_table(tally.table(done=send), headings=1)
    if not send:
        sys.stdout.write("\nNothing was done: add --yes to do it.\n")
    elif tally.is_replayed():
        sys.stdout.write(
            f"\nReplayed changes take up to {delivery_seconds(stack):.0f} s to the lake. After that, `sales failures` "
            "shows which failed again.\n"
        )
    return 1 if send and tally.is_left() else 0


@dataclass
class Replay:
    """One replay of a stack's failures. If `send` is off, it only counts what it would do."""

    stack: Stack
    selection: Selection
    send: bool
    replays_max: int = defaults.REPLAYS_MAX
    discard_trimmed: bool = False

    def __post_init__(self) -> None:
        self._kinesis: Any = self.stack.session.client("kinesis")
        self._table = Table(self.stack, math.inf)
        self._keys = Keys(self.stack.key)
        self._bucket = Bucket.of(self.stack)
        self._history = ReplayHistory.read(self._bucket)
        self.tally = ReplayTally()

    def run(self) -> ReplayTally:
        """Replay the error objects and dead letters that are there now. What fails from now on is for the next run."""
        for key in self._bucket.list(Location.parse(self.stack["ErrorLocation"]).prefix):
            self._replay_object(key)
        self._replay_letters()
        return self.tally

    def _replay_object(self, key: str) -> None:
        records = read_error_object(self._bucket.read(key) or b"")
        changes = [
            change_of(each.data, self._keys) if each.data is not None and self.selection.includes(each) else None
            for each in records
        ]
        outcomes = self._replay(key, [change for change in changes if change])
        lines: dict[ReplayOutcome, list[bytes]] = {ReplayOutcome.REPLAYED: [], ReplayOutcome.SET_ASIDE: []}
        kept: list[bytes] = []
        for record, change in zip(records, changes, strict=True):
            outcome = outcomes[change.digest] if change else ReplayOutcome.UNREADABLE
            if self.selection.includes(record):
                self.tally.add(outcome, record)
            lines.get(outcome, kept).append(record.line)
        if self.send and any(lines.values()):
            self._move_aside(SENT + key, lines[ReplayOutcome.REPLAYED])
            self._move_aside(SUPERSEDED + key, lines[ReplayOutcome.SET_ASIDE])
            if kept:
                self._bucket.write(key, _joined(kept))
            else:
                self._bucket.delete(key)

    def _move_aside(self, key: str, lines: Sequence[bytes]) -> None:
        if lines:
            body = _joined(lines)
            # Each run may move another part of an object. A part that is moved a second time gets the same name.
            self._bucket.write(f"{key}-{hashlib.sha256(body).hexdigest()[:16]}", body)

    def _replay_letters(self) -> None:
        listing = dead_letters.list_all(self.stack)
        if listing.unseen:
            unseen = Failure(reason="dead letters that cannot be read now", changes=listing.unseen)
            self.tally.add(ReplayOutcome.UNSEEN, unseen, listing.unseen)
        letters = [each for each in listing.letters if self.selection.includes(each)]
        if not letters:
            return
        streams = self.stack.session.client("dynamodbstreams")
        matches = dead_letters.pipe_filter(self.stack)
        for letter in letters:
            if letter.range is None:
                self.tally.add(ReplayOutcome.UNREADABLE, letter)
                continue
            part = dead_letters.read_range(streams, letter.range, matches)
            if part.state in _LEFT:
                self.tally.add(_LEFT[part.state], letter, letter.changes)
                continue
            changes = [change_of(each, self._keys) for each in part.changes]
            name = f"dead-letters/{letter.message_id}"
            outcomes = self._replay(name, changes)
            for change in changes:
                self.tally.add(outcomes[change.digest], letter)
            trimmed = letter.changes - len(changes) if part.state is RangeState.TRIMMED else 0
            if trimmed > 0:
                outcome = ReplayOutcome.DELETED if self.discard_trimmed else ReplayOutcome.TRIMMED
                self.tally.add(outcome, letter, trimmed)
            is_done = set(outcomes.values()) <= {ReplayOutcome.REPLAYED, ReplayOutcome.SET_ASIDE}
            if self.send and is_done and (trimmed <= 0 or self.discard_trimmed):
                self._keep(name, changes, outcomes)
                dead_letters.delete(self.stack, letter)

    def _keep(self, name: str, changes: Iterable[Change], outcomes: Mapping[str, ReplayOutcome]) -> None:
        """Write the changes of a dead letter to the place and in the form of the lines of error objects."""
        lines: dict[ReplayOutcome, list[bytes]] = {ReplayOutcome.REPLAYED: [], ReplayOutcome.SET_ASIDE: []}
        for change in changes:
            line = json.dumps({"rawData": base64.b64encode(change.data).decode()}).encode()
            lines[outcomes[change.digest]].append(line)
        self._move_aside(SENT + name, lines[ReplayOutcome.REPLAYED])
        self._move_aside(SUPERSEDED + name, lines[ReplayOutcome.SET_ASIDE])

    def _replay(self, name: str, changes: Iterable[Change]) -> dict[str, ReplayOutcome]:
        """Decide on the changes of an error object or dead letter, and send them; return the outcomes by digest."""
        unique = {change.digest: change for change in changes}
        outcomes = {each: ReplayOutcome.REPLAYED for each in unique if self._history.is_taken(name, each)}
        for call in kinesis.batches(change for digest, change in unique.items() if digest not in outcomes):
            # Read just before the call, so that hardly any order changes in between.
            items = self._read_items({change.order_id for change in call if change.order_id})
            to_send = []
            for change in call:
                outcomes[change.digest] = self._decide(change, items)
                if outcomes[change.digest] is ReplayOutcome.REPLAYED:
                    to_send.append(change)
            if self.send and to_send:
                outcomes.update(dict.fromkeys(self._send(name, to_send), ReplayOutcome.REFUSED))
        return outcomes

    def _decide(self, change: Change, items: Mapping[str, Any]) -> ReplayOutcome:
        if is_superseded(change, items.get(change.order_id or "")):
            return ReplayOutcome.SET_ASIDE
        if self._history.counts[change.digest] >= self.replays_max:
            return ReplayOutcome.REPLAYED_TOO_OFTEN
        return ReplayOutcome.REPLAYED

    def _read_items(self, order_ids: Iterable[str]) -> dict[str, Any]:
        """Return these orders as the table holds them now, by id."""
        ids = sorted(order_ids)
        items = {}
        for start in range(0, len(ids), GET_KEYS):
            items.update(self._table.items(ids[start : start + GET_KEYS]))
        return items

    def _send(self, name: str, changes: Sequence[Change]) -> set[str]:
        """Send changes, and write down which Kinesis took; return the digests of those that it will never take."""
        self._history.ensure_writable(name)
        return kinesis.put(
            self._kinesis, self.stack["StreamName"], changes, lambda digests: self._history.save(name, digests)
        )


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
