"""`sales replay`: puts what failed back through the front door, the Kinesis stream.

It can be stopped anywhere and run again. What Kinesis took is kept in the bucket, a call of at most 500 records at a
time, before it moves aside; so a stop sends one call twice at the most, and nothing is ever taken away that was not
sent. Two that run at once may send everything twice.
"""

import base64
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sales_pipeline import defaults
from sales_pipeline.aws import stream as kinesis
from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS, Table
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import SENT, SUPERSEDED, Replays
from sales_pipeline.failures.records import Failure, Selection, read_error_object
from sales_pipeline.failures.replay_rules import is_superseded
from sales_pipeline.orders.change import Change, change_of
from sales_pipeline.query import Answer, print_table


class Verdict(Enum):
    """What becomes of a failed change."""

    SEND = "put back"
    SUPERSEDED = "set aside: the table has another version of the order by now, or none"
    EXHAUSTED = "left: replayed too often, see --replays"
    REFUSED = "left: Kinesis refuses it"
    UNREADABLE = "left: unreadable"
    GONE = "left: trimmed from the table's stream after 24 hours: `sales backfill` sends what is missing"
    UNSEEN = "left: somebody else is reading the queue. Run it again in a minute"
    DISCARDED = "forgotten: trimmed from the table's stream after 24 hours"


@dataclass
class Tally:
    """Changes by verdict and reason."""

    changes: Counter[tuple[Verdict, str]] = field(default_factory=Counter)

    def add(self, verdict: Verdict, failure: Failure, changes: int = 1) -> None:
        """Count changes."""
        self.changes[verdict, failure.reason] += changes

    def is_left(self) -> bool:
        """Say whether anything is left as it was."""
        return any(verdict.value.startswith("left") for verdict, _ in self.changes)


def run(stack: Stack, selection: Selection, *, send: bool, replays_max: int, discard_trimmed: bool = False) -> int:
    """Replay what is selected, or with `send` off only look; print what becomes of it, and return the exit code.

    A record that was replayed `replays_max` times stays where it is. `discard_trimmed` deletes dead letters whose
    changes the stream no longer has. Exit codes: 0 done, or looked; 1 something selected is left. Raises ReplayError
    and RetryError.
    """
    replay = Replay(stack, selection, send, replays_max, discard_trimmed)
    try:
        tally = replay.run()
    except KeyboardInterrupt:
        _show(replay.tally)
        sys.stderr.write("Stopped. Run it again to go on: what is listed is done, and hardly more.\n")
        raise
    if not tally.changes:
        sys.stdout.write("Nothing failed that is selected.\n")
        return 0
    _show(tally)
    if not send:
        sys.stdout.write("Nothing was done: add --yes to do it.\n")
    return 1 if send and tally.is_left() else 0


def _show(tally: Tally) -> None:
    rows = [(count, reason, verdict.value) for (verdict, reason), count in tally.changes.items()]
    if rows:
        print_table(Answer(["changes", "reason", "replay"], rows))


@dataclass
class Replay:
    """One replay of a stack's failures; with `send` off it only looks."""

    stack: Stack
    selection: Selection
    send: bool
    replays_max: int = defaults.REPLAYS_MAX
    discard_trimmed: bool = False

    def __post_init__(self) -> None:
        self._kinesis: Any = self.stack.session.client("kinesis")
        self._table = Table(self.stack, math.inf)
        self._bucket = Bucket.of(self.stack)
        self._replays = Replays.read(self._bucket)
        self.tally = Tally()

    def run(self) -> Tally:
        """Replay the error objects and dead letters that are there now: what fails meanwhile is for another run."""
        for key in self._bucket.list(Location.parse(self.stack["ErrorLocation"]).prefix):
            self._replay_object(key)
        self._replay_letters()
        return self.tally

    def _replay_object(self, key: str) -> None:
        records = read_error_object(self._bucket.read(key) or b"")
        changes = [
            change_of(each.data) if each.data is not None and self.selection.takes(each) else None for each in records
        ]
        verdicts = self._put_back(key, [change for change in changes if change])
        lines: dict[Verdict, list[bytes]] = {Verdict.SEND: [], Verdict.SUPERSEDED: []}
        kept: list[bytes] = []
        for record, change in zip(records, changes, strict=True):
            verdict = verdicts[change.digest] if change else Verdict.UNREADABLE
            if self.selection.takes(record):
                self.tally.add(verdict, record)
            lines.get(verdict, kept).append(record.line)
        if self.send and any(lines.values()):
            self._move_aside(SENT + key, lines[Verdict.SEND])
            self._move_aside(SUPERSEDED + key, lines[Verdict.SUPERSEDED])
            if kept:
                self._bucket.write(key, _joined(kept))
            else:
                self._bucket.delete(key)

    def _move_aside(self, key: str, lines: Sequence[bytes]) -> None:
        if lines:
            body = _joined(lines)
            # Several runs can take several parts of one object, and a part that is moved again is the same object.
            self._bucket.write(f"{key}-{hashlib.sha256(body).hexdigest()[:16]}", body)

    def _replay_letters(self) -> None:
        listing = dead_letters.list_all(self.stack)
        if listing.unseen:
            unseen = Failure(reason="dead letters that can't be seen now", changes=listing.unseen)
            self.tally.add(Verdict.UNSEEN, unseen, listing.unseen)
        letters = [each for each in listing.letters if self.selection.takes(each)]
        if not letters:
            return
        streams = self.stack.session.client("dynamodbstreams")
        matches = dead_letters.pipe_filter(self.stack)
        for letter in letters:
            if letter.range is None:
                self.tally.add(Verdict.UNREADABLE, letter)
                continue
            read = dead_letters.read_range(streams, letter.range, matches)
            changes = [change_of(each) for each in read.changes]
            name = f"dead-letters/{letter.message_id}"
            verdicts = self._put_back(name, changes)
            for change in changes:
                self.tally.add(verdicts[change.digest], letter)
            trimmed = 0 if read.is_whole else letter.changes - len(changes)
            if trimmed > 0:
                self.tally.add(Verdict.DISCARDED if self.discard_trimmed else Verdict.GONE, letter, trimmed)
            is_done = set(verdicts.values()) <= {Verdict.SEND, Verdict.SUPERSEDED}
            if self.send and is_done and (trimmed <= 0 or self.discard_trimmed):
                self._keep(name, changes, verdicts)
                dead_letters.delete(self.stack, letter)

    def _keep(self, name: str, changes: Iterable[Change], verdicts: Mapping[str, Verdict]) -> None:
        """Write what was read for a dead letter where the lines of error objects move to, in their form."""
        lines: dict[Verdict, list[bytes]] = {Verdict.SEND: [], Verdict.SUPERSEDED: []}
        for change in changes:
            line = json.dumps({"rawData": base64.b64encode(change.data).decode()}).encode()
            lines[verdicts[change.digest]].append(line)
        self._move_aside(SENT + name, lines[Verdict.SEND])
        self._move_aside(SUPERSEDED + name, lines[Verdict.SUPERSEDED])

    def _put_back(self, name: str, changes: Iterable[Change]) -> dict[str, Verdict]:
        """Judge the changes of an error object or dead letter, and send those to send; return verdicts by digest."""
        unique = {change.digest: change for change in changes}
        verdicts = {each: Verdict.SEND for each in unique if self._replays.is_taken(name, each)}
        for call in kinesis.batches(change for digest, change in unique.items() if digest not in verdicts):
            # Just before they are sent, so that hardly a change comes between.
            items = self._read_items({change.order_id for change in call if change.order_id})
            to_send = []
            for change in call:
                verdicts[change.digest] = self._judge(change, items)
                if verdicts[change.digest] is Verdict.SEND:
                    to_send.append(change)
            if self.send and to_send:
                verdicts.update(dict.fromkeys(self._send(name, to_send), Verdict.REFUSED))
        return verdicts

    def _judge(self, change: Change, items: Mapping[str, Any]) -> Verdict:
        if is_superseded(change, items.get(change.order_id or "")):
            return Verdict.SUPERSEDED
        return Verdict.SEND if self._replays.counts[change.digest] < self.replays_max else Verdict.EXHAUSTED

    def _read_items(self, order_ids: Iterable[str]) -> dict[str, Any]:
        """Return what the table holds of these orders, by id."""
        ids = sorted(order_ids)
        items = {}
        for start in range(0, len(ids), GET_KEYS):
            items.update(self._table.items(ids[start : start + GET_KEYS]))
        return items

    def _send(self, name: str, changes: Sequence[Change]) -> set[str]:
        """Put changes to Kinesis and keep what it took; return the digests of those that it will never take."""
        return kinesis.put(
            self._kinesis, self.stack["StreamName"], changes, lambda digests: self._replays.save(name, digests)
        )


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
