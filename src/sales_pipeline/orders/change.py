"""What a replay decides: under which key a change goes back, and whether it should. Pure: no AWS, environment or clock.

The rule for what is not sent again: a change whose order the table now holds in another version, or no longer holds.
The lake takes the last version to arrive for the newest, and that one has a change event of its own.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

# Kinesis API reference, PutRecords. The bytes are of data and partition keys; the API takes more of them.
CALL_RECORDS = 500
CALL_BYTES = 5 * 1024 * 1024
PARTITION_KEY_CHARACTERS = 256
# Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB": partition key values.
ORDER_ID_BYTES = 2048

REPLAYS_MAX = 3


@dataclass(frozen=True)
class Change:
    """A change event on its way back. `order_id` is None where its bytes name none that a table could hold."""

    data: bytes
    digest: str
    """SHA-256 of the bytes, in hexadecimal: what a record is known by, however often it fails."""
    order_id: str | None
    removes: bool
    image: Mapping[str, Any] | None

    @property
    def partition_key(self) -> str:
        """The order's id, as the pipe has it; the digest where there is none or Kinesis would refuse it.

        Then the order's changes may be in two shards and pass each other.
        """
        if self.order_id is None or len(self.order_id) > PARTITION_KEY_CHARACTERS:
            return self.digest
        return self.order_id

    @property
    def size_bytes(self) -> int:
        return len(self.data) + len(self.partition_key.encode())


def change_of(data: bytes) -> Change:
    """Return what can be read of a change event's bytes, whatever they are."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    image = _member(event, "dynamodb", "NewImage")
    return Change(
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        order_id=_order_id(_member(event, "dynamodb", "Keys", "orderid", "S")),
        removes=_member(event, "eventName") == "REMOVE",
        image=image if isinstance(image, dict) else None,
    )


def _member(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _order_id(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        size_bytes = len(value.encode())
    except UnicodeEncodeError:
        return None
    return value if 0 < size_bytes <= ORDER_ID_BYTES else None


def is_superseded(change: Change, item: Mapping[str, Any] | None) -> bool:
    """Say whether the table has gone on since a change; `item` is what it holds of the order now, None for nothing.

    A change that names no order, or shows no version of it, can't be compared: it goes back.
    """
    if change.order_id is None:
        return False
    if change.removes:
        return item is not None
    return change.image is not None and (item is None or _plain(change.image) != _plain(item))


def _plain(value: Any) -> Any:  # noqa: ANN401 - attribute values as JSON or as boto3 has them
    """Return attribute values so that two of one meaning are equal: numbers by value, sets in any order."""
    if isinstance(value, dict):
        return {name: _attribute(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _attribute(name: str, value: Any) -> Any:  # noqa: ANN401
    match name, value:
        case "N", str():
            return _number(value)
        case "NS", list():
            return frozenset(_number(str(each)) for each in value)
        case "SS" | "BS", list():
            return frozenset(str(_plain(each)) for each in value)
        case _:
            return _plain(value)


def _number(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def calls(changes: Iterable[Change]) -> Iterator[Sequence[Change]]:
    """Return the changes in calls that Kinesis takes, in order."""
    call: list[Change] = []
    size_bytes = 0
    for each in changes:
        if len(call) == CALL_RECORDS or (call and size_bytes + each.size_bytes > CALL_BYTES):
            yield call
            call, size_bytes = [], 0
        call.append(each)
        size_bytes += each.size_bytes
    if call:
        yield call
