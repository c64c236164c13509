"""Calls the transformation function as Firehose does: with its role, batch by batch, and again when a call fails."""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from common.answers import error_code
from common.backoff import backoff_seconds
from common.clock import now_ms
from local_aws.errors import one_line
from local_aws.firehose.buffers import DeliveryBuffer
from local_aws.firehose.error_log import ErrorLog
from local_aws.firehose.invocation import (
    FUNCTION_ERROR,
    PROCESSING_FAILED_STATUS,
    RESPONSE_BYTES_MAX,
    Record,
    RecordFailure,
    error_line,
    event,
    function_failed,
    outcomes,
    refused,
)
from local_aws.firehose.settings import FirehoseSettings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FUNCTION_SECONDS_MAX = 300  # Firehose waits no longer for a function
FIRST_RETRY_SECONDS = 0.25  # AWS does not publish its waits; error objects that others captured suggest seconds
LONGEST_RETRY_SECONDS = 5.0

log = logging.getLogger(__name__)


class Function:
    """The function that a Firehose stream is set to call."""

    def __init__(self, settings: FirehoseSettings, client: "LambdaClient", error_log: ErrorLog) -> None:
        self._settings = settings
        self._processor = settings.processor
        self._log = error_log
        self._lambda = client

    def run(self, records: Sequence[Record], delivery: DeliveryBuffer) -> None:
        """Add the function's results for a batch to `delivery`: its rows, and an error line per failed record."""
        payload = event(records, str(uuid.uuid4()), self._settings.source_arn, self._settings.stream_arn)
        attempts = 0
        while True:
            attempts += 1
            answer = self._invoke(payload, len(records), attempts)
            if isinstance(answer, bytes):
                results = outcomes(records, answer)
                break
            if attempts > self._processor.retries:
                results = [answer] * len(records)
                break
            time.sleep(backoff_seconds(attempts, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))
        ended_ms = now_ms()
        for record, result in zip(records, results, strict=True):
            if isinstance(result, RecordFailure):
                line = error_line(record, result, attempts, ended_ms, self._processor.lambda_arn)
                delivery.failures.add(line, record.arrival_ms)
            elif result is not None:
                delivery.rows.add(result, record.arrival_ms)
        if isinstance(answer, bytes):
            self._report([result for result in results if isinstance(result, RecordFailure)], len(records))

    def _invoke(self, payload: bytes, count: int, attempt: int) -> bytes | RecordFailure:
        """Call the function once; return its answer, or the failure of the call."""
        try:
            answer = self._lambda.invoke(FunctionName=self._processor.lambda_arn, Payload=payload)
            body: bytes = answer["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            failure, cause = refused(error_code(error)), one_line(error)
        else:
            if "FunctionError" in answer:
                failure, cause = function_failed(body), "the function failed, see its log"
            elif len(body) > RESPONSE_BYTES_MAX:
                failure, cause = FUNCTION_ERROR, f"it answered {len(body):,} bytes, and Lambda takes 6 MB"
            else:
                return body
        attempts = self._processor.retries + 1
        self._log.write(
            failure,
            f"Attempt {attempt} of {attempts} to transform {count} records with {self._processor.lambda_arn} failed "
            f"as {failure.code}: {cause}",
            self._processor.lambda_arn,
        )
        return failure

    def _report(self, failures: list[RecordFailure], count: int) -> None:
        """Log the failures in an answer. The function itself logs each ProcessingFailed, so Firehose does not."""
        for failure, times in Counter(failures).items():
            detail = f"{times} of {count} records failed as {failure.code}: {failure.message}"
            if failure == PROCESSING_FAILED_STATUS:
                log.warning(detail)
            else:
                self._log.write(failure, detail, self._processor.lambda_arn)
