"""The change event that EventBridge Pipes makes of a stream record. Pure: no AWS, environment or clock."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def change_event(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return the event that a pipe makes of a stream record, as boto3 reads the record.

    Its time is in seconds since 1970. Binary values stay bytes until `encode`. The emulator's records have no
    eventSourceARN.
    """
    event = {**record, "eventSourceARN": stream_arn}
    created = record["dynamodb"].get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        event["dynamodb"] = {**record["dynamodb"], "ApproximateCreationDateTime": _seconds(created)}
    if "userIdentity" in record:
        # boto3 writes the names of its members as PrincipalId and Type, and the event as principalId and type.
        event["userIdentity"] = {name[:1].lower() + name[1:]: value for name, value in record["userIdentity"].items()}
    return event


def encode(event: Mapping[str, Any]) -> bytes:
    """Return an event in the form in which it is put: UTF-8 JSON without a newline, binary values in base64."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=_base64).encode()


def _seconds(time: datetime) -> float:
    """Return seconds since 1970, whole ones as an integer."""
    seconds = time.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
