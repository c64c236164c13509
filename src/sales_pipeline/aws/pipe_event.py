"""The change event that EventBridge Pipes makes of a stream record. Pure: no AWS, environment or clock."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def change_event(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return the event that a pipe makes of a stream record as boto3 reads it.

    Numbers are strings, binary values base64, times seconds since the epoch. The emulator's records lack
    eventSourceARN.
    """
    event: dict[str, Any] = _plain(record)
    if "userIdentity" in event:
        event["userIdentity"] = {name[:1].lower() + name[1:]: value for name, value in event["userIdentity"].items()}
    event["eventSourceARN"] = stream_arn
    return event


def encode(event: Mapping[str, Any]) -> bytes:
    """Return an event in the form in which it is put: UTF-8 JSON without a newline."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            seconds = value.timestamp()
            return int(seconds) if seconds.is_integer() else seconds
        case _:
            return value
