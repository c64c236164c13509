"""`sales replay`: puts what failed back through the front door, the Kinesis stream.

It can be stopped anywhere and run again. What Kinesis took is kept in the bucket, a call of at most 500 records at a
time, before it moves aside; so a stop sends one call twice at the most, and nothing is ever taken away that was not
sent. Two that run at once may send a record twice.
"""

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError

from sales_pipeline import dead_letters
from sales_pipeline.dead_letters import ReplayError
from sales_pipeline.failed import Failure, Selection, read_error_object
from sales_pipeline.failure_bucket import Bucket, Replays
from sales_pipeline.query import Answer, print_table
from sales_pipeline.resend import REPLAYS_MAX, Change, calls, change_of, is_superseded
from sales_pipeline.stack import Stack

SENT = "replay/sent/"
SUPERSEDED = "replay/superseded/"

# A throttled shard takes more within a second; a stream that refuses for longer than these together is to be repaired.
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_CALL_KEYS = 100  # DynamoDB API reference, BatchGetItem
_REFUSALS = {"ValidationException", "InvalidArgumentException"}


class Verdict(Enum):
    """What becomes of a failed change."""

    SEND = "put back"
    SUPERSEDED = "set aside: the table has another version of the order by now, or none"
    EXHAUSTED = "left: replayed too often, see --replays"
    REFUSED = "left: Kinesis refuses it"
    UNREADABLE = "left: unreadable"
    GONE = "left: trimmed from the table's stream after 24 hours. Find out with `sales reconcile` what is missing"
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
    changes the stream no longer has. Exit codes: 0 done, or looked; 1 something selected is left. Raises ReplayError.
    """
    tally = Replay(stack, selection, send, replays_max, discard_trimmed).run()
    if not tally.changes:
        sys.stdout.write("Nothing failed that is selected.\n")
        return 0
    rows = [(count, reason, verdict.value) for (verdict, reason), count in tally.changes.items()]
    print_table(Answer(["changes", "reason", "replay"], rows))
    if not send:
        sys.stdout.write("Nothing was done: add --yes to do it.\n")
    return 1 if send and tally.is_left() else 0


@dataclass
class Replay:
    """One replay of a stack's failures; with `send` off it only looks."""

    stack: Stack
    selection: Selection
    send: bool
    replays_max: int = REPLAYS_MAX
    discard_trimmed: bool = False

    def __post_init__(self) -> None:
        self._kinesis: Any = self.stack.session.client("kinesis")
        self._dynamodb: Any = self.stack.session.client("dynamodb")
        self._bucket = Bucket.of(self.stack)
        self._replays = Replays.read(self._bucket)
        self._tally = Tally()

    def run(self) -> Tally:
        """Replay the error objects and dead letters that are there now: what fails meanwhile is for another run."""
        for key in self._bucket.list(self._bucket.error_prefix):
            self._replay_object(key)
        self._replay_letters()
        return self._tally

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
                self._tally.add(verdict, record)
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
        letters = [each for each in dead_letters.list_all(self.stack) if self.selection.takes(each)]
        if not letters:
            return
        streams = self.stack.session.client("dynamodbstreams")
        matches = dead_letters.pipe_filter(self.stack)
        for letter in letters:
            if letter.range is None:
                self._tally.add(Verdict.UNREADABLE, letter)
                continue
            read = dead_letters.read_range(streams, letter.range, matches)
            changes = [change_of(each) for each in read.changes]
            verdicts = self._put_back(f"dead-letters/{letter.message_id}", changes)
            for change in changes:
                self._tally.add(verdicts[change.digest], letter)
            trimmed = 0 if read.is_whole else letter.changes - len(changes)
            if trimmed > 0:
                self._tally.add(Verdict.DISCARDED if self.discard_trimmed else Verdict.GONE, letter, trimmed)
            is_done = set(verdicts.values()) <= {Verdict.SEND, Verdict.SUPERSEDED}
            if self.send and is_done and (trimmed <= 0 or self.discard_trimmed):
                dead_letters.delete(self.stack, letter)

    def _put_back(self, name: str, changes: Iterable[Change]) -> dict[str, Verdict]:
        """Judge the changes of an error object or dead letter, and send those to send; return verdicts by digest."""
        unique = {change.digest: change for change in changes}
        verdicts = {each: Verdict.SEND for each in unique if self._replays.is_taken(name, each)}
        for call in calls(change for digest, change in unique.items() if digest not in verdicts):
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

    def _read_items(self, order_ids: Collection[str]) -> dict[str, Any]:
        """Return what the table holds of these orders, by id."""
        table_name = self.stack["TableName"]
        keys = [{"orderid": {"S": each}} for each in sorted(order_ids)]
        items = {}
        for start in range(0, len(keys), _CALL_KEYS):
            asked = {table_name: {"Keys": keys[start : start + _CALL_KEYS], "ConsistentRead": True}}
            for wait_seconds in _waits(f"Table {table_name} does not answer"):
                answer = self._dynamodb.batch_get_item(RequestItems=asked)
                items.update({item["orderid"]["S"]: item for item in answer["Responses"].get(table_name, [])})
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
                time.sleep(wait_seconds)
        return items

    def _send(self, name: str, changes: Sequence[Change]) -> set[str]:
        """Put changes to Kinesis and keep what it took; return the digests of those that it will never take."""
        for wait_seconds in _waits(f"Kinesis stream {self.stack['StreamName']} does not take what is put to it"):
            entries = [{"Data": each.data, "PartitionKey": each.partition_key} for each in changes]
            try:
                answer = self._kinesis.put_records(StreamName=self.stack["StreamName"], Records=entries)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _REFUSALS:
                    raise
                # One of them is to blame, and the call doesn't say which.
                if len(changes) == 1:
                    return {changes[0].digest}
                middle = len(changes) // 2
                return self._send(name, changes[:middle]) | self._send(name, changes[middle:])
            results = list(zip(changes, answer["Records"], strict=True))
            self._replays.save(name, {each.digest for each, result in results if not result.get("ErrorCode")})
            changes = [each for each, result in results if result.get("ErrorCode")]
            if not changes:
                break
            time.sleep(wait_seconds)
        return set()


def _waits(what_fails: str) -> Iterator[float]:
    yield from RETRY_SECONDS
    raise ReplayError(f"{what_fails}: see what throttles or fails it, and run `sales replay` again. Nothing is lost.")


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
