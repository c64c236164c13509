"""Whether two handlers' answers say the same."""

import base64
import json
from decimal import Decimal
from typing import Any


def rows(answer: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return recordId, result and content of every record: a row's JSON with exact numbers, or the data as it is."""
    return [
        (
            record["recordId"],
            record["result"],
            json.loads(base64.b64decode(record["data"]), parse_float=Decimal)
            if record["result"] == "Ok"
            else record["data"],
        )
        for record in answer["records"]
    ]


def require_equal_rows(answers: dict[str, dict[str, Any]]) -> None:
    """Raise ValueError, naming the first record, where one peer's answer says something else than the first peer's."""
    said = {peer: rows(answer) for peer, answer in answers.items()}
    for peer, found in said.items():
        first, expected = next(iter(said.items()))
        if len(found) != len(expected):
            raise ValueError(f"{peer} answers {len(found)} records, {first} {len(expected)}: nothing was measured.")
        for ours, theirs in zip(expected, found, strict=True):
            if ours != theirs:
                raise ValueError(f"{peer} answers record {ours[0]} otherwise than {first}: nothing was measured.")
