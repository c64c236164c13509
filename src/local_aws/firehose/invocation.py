"""The event that Firehose sends to the transformation function, and how it reads the answer.

Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose" and its subpages. The messages are
from the guide ("Monitor Amazon Data Firehose Using CloudWatch Logs"), or from error objects that others captured.
"""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from local_aws.firehose.settings import MIB

RESPONSE_BYTES_MAX = 6 * MIB  # what Lambda takes; the guide says 6 MB


@dataclass(frozen=True)
class Record:
    """A record of the source; `entry` is its JSON in the function's event."""

    sequence_number: str
    arrival_ms: int
    data: bytes
    entry: str

    @property
    def record_id(self) -> str:
        # With the subsequence number, as captured events have it.
        return f"{self.sequence_number}000000"


@dataclass(frozen=True)
class RecordFailure:
    """Why a record was not transformed."""

    code: str
    message: str


# The function's result for a record: the data to deliver, None for a dropped record, or a failure.
Outcome = bytes | RecordFailure | None

PROCESSING_FAILED_STATUS = RecordFailure("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
MISSING_RECORD_ID = RecordFailure(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
DUPLICATED_RECORD_ID = RecordFailure(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record "
    "Id for each record.",
)
UNREADABLE_ANSWER = RecordFailure(
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the "
    "status model required by Amazon Data Firehose.",
)
FUNCTION_ERROR = RecordFailure(
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
FUNCTION_TIMED_OUT = RecordFailure(
    "Lambda.FunctionTimedOut",
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
)
_INVALID_DATA = RecordFailure(
    "Lambda.InvalidReturnFormat",
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is "
    "Ok, and must be base64.",
)
_REFUSALS = {
    "AccessDenied": RecordFailure(  # of STS, when the role is assumed
        "Lambda.AssumeRoleAccessDenied",
        "Access was denied. Ensure that the trust policy for the provided IAM role allows Amazon Data Firehose to "
        "assume the role.",
    ),
    "AccessDeniedException": RecordFailure(
        "Lambda.InvokeAccessDenied",
        "Access was denied. Ensure that the access policy allows access to the Lambda function.",
    ),
    "TooManyRequestsException": RecordFailure(
        "Lambda.InvokeLimitExceeded",
        "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
    ),
    "ResourceNotFoundException": RecordFailure(
        "Lambda.ResourceNotFound",
        "The specified Lambda function does not exist. Use a different function that does exist.",
    ),
    "ReadTimeoutError": FUNCTION_TIMED_OUT,
}


def read_record(shard_id: str, sequence_number: str, partition_key: str, arrival_ms: int, data: bytes) -> Record:
    """Return a record of Kinesis' GetRecords in the form in which it goes to the function."""
    record = Record(sequence_number, arrival_ms, data, "")
    entry = {
        "recordId": record.record_id,
        "approximateArrivalTimestamp": arrival_ms,
        "data": base64.b64encode(data).decode(),
        "kinesisRecordMetadata": {
            "sequenceNumber": sequence_number,
            "subsequenceNumber": 0,
            "partitionKey": partition_key,
            "shardId": shard_id,
            "approximateArrivalTimestamp": arrival_ms,
        },
    }
    return replace(record, entry=json.dumps(entry))


def event(records: Iterable[Record], invocation_id: str, source_arn: str, stream_arn: str) -> bytes:
    """Return the function's event for a batch."""
    envelope = {
        "invocationId": invocation_id,
        "sourceKinesisStreamArn": source_arn,
        "deliveryStreamArn": stream_arn,
        "region": stream_arn.split(":")[3],
    }
    entries = ",".join(record.entry for record in records)
    return f'{json.dumps(envelope)[:-1]},"records":[{entries}]}}'.encode()


def refused(code: str) -> RecordFailure:
    """Return the failure of an invocation that Lambda refused with this error code."""
    return _REFUSALS.get(code, RecordFailure(f"Lambda.{code}", "The Lambda function could not be invoked."))


def function_failed(payload: bytes) -> RecordFailure:
    """Return the failure of an invocation that Lambda answered with the function's error."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return FUNCTION_ERROR
    said = f"{answer.get('errorType')} {answer.get('errorMessage')}" if isinstance(answer, dict) else ""
    return FUNCTION_TIMED_OUT if "Sandbox.Timedout" in said or "Task timed out after" in said else FUNCTION_ERROR


def outcomes(records: Sequence[Record], payload: bytes) -> list[Outcome]:
    """Check a function's answer; return the outcome of each record, in order.

    An answer that is not JSON fails the whole batch, and so does a result that the status model does not know. In an
    answer without a list of records, every record is missing.
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        return [UNREADABLE_ANSWER] * len(records)
    results = answer.get("records") if isinstance(answer, dict) else None
    results = [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []
    if any(each.get("result") not in ("Ok", "Dropped", "ProcessingFailed") for each in results):
        return [UNREADABLE_ANSWER] * len(records)
    times = Counter(str(each.get("recordId")) for each in results)
    by_id = {str(each.get("recordId")): each for each in results}
    found: list[Outcome] = []
    for record in records:
        if times[record.record_id] > 1:
            found.append(DUPLICATED_RECORD_ID)
        elif record.record_id not in by_id:
            found.append(MISSING_RECORD_ID)
        else:
            found.append(_outcome(by_id[record.record_id]))
    return found


def _outcome(result: dict[str, object]) -> Outcome:
    if result["result"] == "Dropped":
        return None
    if result["result"] == "ProcessingFailed":
        return PROCESSING_FAILED_STATUS
    data = result.get("data")
    if not isinstance(data, str):
        return _INVALID_DATA
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        return _INVALID_DATA


def error_line(record: Record, failure: RecordFailure, attempts: int, ended_ms: int, lambda_arn: str) -> bytes:
    """Return the line of an error object for a record: its data as it came, and the failure.

    The fields are those of "Handle failure in data transformation". The guide writes lambdaArn, but the objects that
    AWS writes have lambdaARN. Times are milliseconds since 1970.
    """
    line = {
        "rawData": base64.b64encode(record.data).decode(),
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "attemptsMade": attempts,
        "arrivalTimestamp": record.arrival_ms,
        "attemptEndingTimestamp": ended_ms,
        "lambdaARN": lambda_arn,
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
