"""What Firehose tells the transformation function, and what it makes of the answer.

Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose" and its subpages. Messages are
the guide's ("Monitor Amazon Data Firehose Using CloudWatch Logs"), or those of objects that others captured.
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
    """A record of the source, and what it is in an event of the function."""

    sequence_number: str
    arrival_ms: int
    data: bytes
    entry: str

    @property
    def record_id(self) -> str:
        # With the subsequence number, as captured events have it.
        return f"{self.sequence_number}000000"


@dataclass(frozen=True)
class Failure:
    """Why a record was not transformed."""

    code: str
    message: str


# What the function made of a record: the data to deliver, nothing, or a failure.
Outcome = bytes | Failure | None

PROCESSING_FAILED_STATUS = Failure("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
MISSING_RECORD_ID = Failure(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
DUPLICATED_RECORD_ID = Failure(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record "
    "Id for each record.",
)
UNREADABLE_ANSWER = Failure(
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the "
    "status model required by Amazon Data Firehose.",
)
FUNCTION_ERROR = Failure(
    "Lambda.FunctionError",
    "The Lambda function was successfully invoked but it returned an error result.",
)
FUNCTION_TIMED_OUT = Failure(
    "Lambda.FunctionTimedOut",
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
)
_INVALID_DATA = Failure(
    "Lambda.InvalidReturnFormat",
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is "
    "Ok, and must be base64.",
)
_REFUSALS = {
    "AccessDenied": Failure(  # of STS, when the role is assumed
        "Lambda.AssumeRoleAccessDenied",
        "Access was denied. Ensure that the trust policy for the provided IAM role allows Amazon Data Firehose to "
        "assume the role.",
    ),
    "AccessDeniedException": Failure(
        "Lambda.InvokeAccessDenied",
        "Access was denied. Ensure that the access policy allows access to the Lambda function.",
    ),
    "TooManyRequestsException": Failure(
        "Lambda.InvokeLimitExceeded",
        "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
    ),
    "ResourceNotFoundException": Failure(
        "Lambda.ResourceNotFound",
        "The specified Lambda function does not exist. Use a different function that does exist.",
    ),
    "ReadTimeoutError": FUNCTION_TIMED_OUT,
}


def read_record(shard_id: str, sequence_number: str, partition_key: str, arrival_ms: int, data: bytes) -> Record:
    """Make a record of what Kinesis' GetRecords returns."""
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


def refused(code: str) -> Failure:
    """Return the failure of an invocation that Lambda refused with this error code."""
    return _REFUSALS.get(code, Failure(f"Lambda.{code}", "The Lambda function could not be invoked."))


def function_failed(payload: bytes) -> Failure:
    """Return the failure of an invocation that ended in the function's error, by what Lambda answered."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return FUNCTION_ERROR
    said = f"{answer.get('errorType')} {answer.get('errorMessage')}" if isinstance(answer, dict) else ""
    return FUNCTION_TIMED_OUT if "Sandbox.Timedout" in said or "Task timed out after" in said else FUNCTION_ERROR


def outcomes(records: Sequence[Record], payload: bytes) -> list[Outcome]:
    """Check a function's answer; return what becomes of each record, in order.

    An answer that isn't JSON, or has a result that the status model doesn't know, fails the whole batch. An answer that
    has no list of records leaves them all out.
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


def error_line(record: Record, failure: Failure, attempts: int, ended_ms: int, lambda_arn: str) -> bytes:
    """Return the line of an error object for a record: its data as it came, and why it is here.

    Fields: "Handle failure in data transformation", but lambdaARN, which the guide writes lambdaArn: the objects that
    AWS writes have it so. Times are milliseconds since 1970.
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
