"""The Firehose transformation function: change events of the order table in, newline-delimited JSON rows out.

Event and response: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
"""

import json
import os
import sys
import time
from contextlib import suppress
from operator import itemgetter
from typing import Any

import msgspec
from aws_lambda_powertools import Logger
from pybase64 import b64decode, b64encode_as_string

from transform.record import to_row, to_row_with_change
from transform.values import RecordError

# The guide says 6 MB, and Lambda takes 6 MiB. This is the smaller of the two.
RESPONSE_BYTES_MAX = 6_000_000
_RESULT_BYTES = 64  # the runtime's JSON adds a little less than this to each recordId and data
_ESCAPED_BYTES_MAX = 12  # JSON writes a character as two escapes at most

_data_of = itemgetter("data")

_to_row = to_row_with_change if os.environ.get("CHANGE_COLUMNS") == "APPEND" else to_row

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
    results: list[dict[str, str]] = []
    failures: list[tuple[str, str]] = []
    unknown_attributes: list[str] = []
    dropped = escaped_characters = 0
    record_ids, records = _records(event)
    for record_id, record in zip(record_ids, records, strict=True):
        try:
            row = _to_row(b64decode(record["data"], None, True), unknown_attributes)  # noqa: FBT003 - is its faster form
        except Exception as error:  # noqa: BLE001 - one record must not fail the others, even by a mistake in this code
            failures.append((record_id, str(error) if isinstance(error, RecordError) else _fault(record, error)))
            data = record["data"] if isinstance(record.get("data"), str) else ""
            escaped_characters += len(data)
            results.append({"recordId": record_id, "result": "ProcessingFailed", "data": data})
            continue
        if row is None:
            dropped += 1
            results.append({"recordId": record_id, "result": "Dropped", "data": ""})
        else:
            results.append({"recordId": record_id, "result": "Ok", "data": b64encode_as_string(row)})

    escaped_characters += sum(map(len, record_ids))
    response_bytes = sum(map(len, map(_data_of, results))) + _RESULT_BYTES * len(results)
    if response_bytes + _ESCAPED_BYTES_MAX * escaped_characters > RESPONSE_BYTES_MAX:
        _fit_response(results, failures)
    _report(event, len(results), dropped, len(unknown_attributes), failures)
    return {"records": results}


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


def _report(
    event: dict[str, Any], records: int, dropped: int, unknown_attributes: int, failures: list[tuple[str, str]]
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
        "UnknownAttributes": unknown_attributes,
    }
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
