"""Compares the answers of handlers."""

import base64
import json
from decimal import Decimal
from typing import Any

OTHER_ATTRIBUTES = "other_attributes"


def rows(answer: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return recordId, result and content of every record. The content is a row with exact numbers, or the raw data."""
    return [
        (record["recordId"], record["result"], _row(record["data"]) if record["result"] == "Ok" else record["data"])
        for record in answer["records"]
    ]


def _row(data: str) -> dict[str, Any]:
    row: dict[str, Any] = _exact(base64.b64decode(data))
    if row.get(OTHER_ATTRIBUTES):
        row[OTHER_ATTRIBUTES] = _exact(row[OTHER_ATTRIBUTES])
    return row


def _exact(text: bytes | str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(text, parse_float=Decimal)


def require_equal_rows(answers: dict[str, dict[str, Any]]) -> None:
    """Raise ValueError if a peer's answer differs from the first peer's; the text names the first such record."""
    said = {peer: rows(answer) for peer, answer in answers.items()}
    for peer, found in said.items():
        first, expected = next(iter(said.items()))
        if len(found) != len(expected):
            raise ValueError(f"{peer} answers {len(found)} records, {first} {len(expected)}: nothing was measured.")
        for ours, theirs in zip(expected, found, strict=True):
            if ours != theirs:
                raise ValueError(f"{peer} and {first} answer record {ours[0]} differently: nothing was measured.")
