"""The Firehose transformation function: change events of the order table in, newline-delimited JSON rows out.

Event and response: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
"""

import json
import os
import sys
import time
from contextlib import suppress
from typing import Any

import msgspec
from aws_lambda_powertools import Logger
from pybase64 import b64decode, b64encode_as_string

from transform.columns import COLUMNS
from transform.complete import other_names
from transform.record import RowWriter
from transform.values import RecordError

# The guide says 6 MB, and Lambda takes 6 MiB. This is the smaller of the two.
RESPONSE_BYTES_MAX = 6_000_000
_RESULT_BYTES = 68  # the runtime's JSON adds up to 64 to each recordId and data, and base64 up to 4 to a third of a row
_ESCAPED_BYTES_MAX = 12  # JSON writes a character as two escapes at most

# Records whose rows are made at once. A record that fails makes those beside it slower, so there are not too many.
_AT_ONCE = 50
_LOOKED_AT = 4  # records of a batch, for the names of their attributes
_NAMES_MAX, _NAME_CHARS_MAX = 20, 64

_writer = RowWriter(
    change_columns=os.environ.get("CHANGE_COLUMNS") == "APPEND",
    other_attributes=os.environ.get("OTHER_ATTRIBUTES") == "KEEP",
)

logger = Logger()

# CloudWatch makes metrics from the batch's log line. Amazon CloudWatch User Guide, "Specification: Embedded metric
# format".
_METRICS = ("RecordsOk", "RecordsDropped", "RecordsFailed", "UnknownAttributes")
_DECLARED_METRICS = [
    {
        "Namespace": "SalesDataProjection",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in _METRICS],
    }
]


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Answer every record of a Firehose transformation event, in order, each under its own recordId.

    `Ok` has a row. `Dropped` is a removal, which has a row only with change columns. `ProcessingFailed` has the data as
    it came, and the reason is in the log. A record that fails does not affect the others. Raises ValueError for an
    event of another kind.
    """
    record_ids, records = _records(event)
    failures: list[tuple[str, str]] = []
    rows: list[bytes | None] = []
    for start in range(0, len(records), _AT_ONCE):
        rows += _rows(records[start : start + _AT_ONCE], failures)
    results = [
        {"recordId": record_id, "result": "Ok", "data": b64encode_as_string(row)}
        if row
        else {"recordId": record_id, "result": "Dropped" if row is None else "ProcessingFailed", "data": ""}
        for record_id, row in zip(record_ids, rows, strict=True)
    ]

    escaped_characters = len("".join(record_ids))
    if failures:
        for record, row, result in zip(records, rows, results, strict=True):
            if row == b"":
                result["data"] = _text(record)
                escaped_characters += len(result["data"])
    response_bytes = sum(map(len, filter(None, rows))) * 4 // 3 + _RESULT_BYTES * len(results)
    if response_bytes + _ESCAPED_BYTES_MAX * escaped_characters > RESPONSE_BYTES_MAX:
        _fit_response(results, failures)
    _report(event, len(results), rows.count(None), _unknown_attributes(records), failures)
    return {"records": results}


def _rows(records: list[dict[str, Any]], failures: list[tuple[str, str]]) -> list[bytes | None]:
    """Return the row of each record: None for a removal without one, and no bytes for a record that fails.

    The ids of records that fail, and the reasons, are added to `failures`.
    """
    try:
        rows = _writer.rows([b64decode(record["data"], None, True) for record in records])  # noqa: FBT003 - is faster
    except Exception:  # noqa: BLE001 - the record that has it fails below
        rows = None
    return [_row(record, failures) for record in records] if rows is None else rows


def _row(record: dict[str, Any], failures: list[tuple[str, str]]) -> bytes | None:
    try:
        return _writer.row(b64decode(record["data"], None, True))  # noqa: FBT003
    except Exception as error:  # noqa: BLE001 - one record must not fail the others, even by a mistake in this code
        reason = str(error) if isinstance(error, RecordError) else _fault(record, error)
        failures.append((record["recordId"], reason))
        return b""


def _text(record: dict[str, Any]) -> str:
    """Return a record's data, or no text if it has none."""
    data = record.get("data")
    return data if isinstance(data, str) else ""


def _records(event: object) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of an event's records, and the records. Raises ValueError if Firehose did not make the event."""
    records = event.get("records") if isinstance(event, dict) else None
    if isinstance(records, list):
        with suppress(TypeError, LookupError):
            record_ids = [record["recordId"] for record in records]
            "".join(record_ids)  # raises TypeError if one is not text
            return record_ids, records
    raise ValueError(
        "Not an event of Firehose's data transformation: it has no list of records, or one without a recordId."
    )


def _fault(record: dict[str, Any], error: Exception) -> str:
    data = record.get("data")
    if not isinstance(data, str):
        return "data: expected base64, found no text"
    try:
        b64decode(data, None, True)  # noqa: FBT003
    except ValueError:
        return "data: expected base64, found other text"
    return f"the transform made a mistake, please report it: {type(error).__name__}"


def _fit_response(results: list[dict[str, str]], failures: list[tuple[str, str]]) -> None:
    """Fail the records for which the response has no room, and leave out their data: Firehose still has it.

    Events that Firehose itself sends always fit: with its metadata, a record is larger there than in the response.
    """
    without_data = [{**result, "result": "ProcessingFailed", "data": ""} for result in results]
    room_bytes = RESPONSE_BYTES_MAX - _escaped_bytes({"records": without_data})
    if room_bytes < 0:
        raise ValueError("The response can't hold every recordId in 6 MB: lower BufferSizeInMBs of the processor.")
    for result in results:
        data_bytes = _escaped_bytes(result["data"])
        if data_bytes <= room_bytes:
            room_bytes -= data_bytes
            continue
        if result["result"] == "Ok":
            failures.append((result["recordId"], "response: no room in 6 MB, lower BufferSizeInMBs of the processor"))
        result.update(result="ProcessingFailed", data="")


def _escaped_bytes(value: object) -> int:
    """Return the bytes of a value's JSON in ASCII. Runtimes escape different characters; ASCII is the longest form."""
    return len(json.dumps(value))


def _unknown_attributes(records: list[dict[str, Any]]) -> list[str]:
    """Return the names of attributes that no column takes, sorted, from a few records spread over the batch."""
    names: set[str] = set()
    for record in records[:: max(1, len(records) // _LOOKED_AT)]:
        with suppress(Exception):  # such a record has failed, and its reason is in the log
            names |= other_names(b64decode(record["data"], None, True), COLUMNS)  # noqa: FBT003
    return sorted(names)


def _printable(name: str) -> str:
    """Return a name so that it can be read in a log: short, and with escapes for invisible characters."""
    shown = name if name.isprintable() else json.dumps(name)[1:-1]
    return shown if len(shown) <= _NAME_CHARS_MAX else f"{shown[: _NAME_CHARS_MAX - 1]}…"


def _report(
    event: dict[str, Any], records: int, dropped: int, unknown_attributes: list[str], failures: list[tuple[str, str]]
) -> None:
    for record_id, reason in failures:
        logger.warning("record failed", extra={"recordId": record_id, "reason": reason})
    line = {
        "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": _DECLARED_METRICS},
        "service": logger.service,
        "message": "batch transformed",
        "invocationId": event.get("invocationId"),
        "RecordsOk": records - dropped - len(failures),
        "RecordsDropped": dropped,
        "RecordsFailed": len(failures),
        "UnknownAttributes": len(unknown_attributes),
        "unknownAttributes": [_printable(name) for name in unknown_attributes[:_NAMES_MAX]],
    }
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
