"""Calls the transformation function as Firehose does: with its role, batch by batch, again where a call fails."""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from common.clock import now_ms
from local_aws.firehose.buffers import DeliveryBuffer
from local_aws.firehose.log import ErrorLog, error_code, one_line
from local_aws.firehose.settings import Processor, Settings
from local_aws.firehose.transform import (
    FUNCTION_ERROR,
    PROCESSING_FAILED_STATUS,
    RESPONSE_BYTES_MAX,
    Failure,
    Record,
    error_line,
    event,
    function_failed,
    outcomes,
    refused,
)

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

FUNCTION_SECONDS_MAX = 300  # Firehose waits no longer for a function
RETRY_SECONDS_FIRST = 0.25  # AWS doesn't say; captured error objects suggest seconds

logger = logging.getLogger("firehose")


class Function:
    """The function that a Firehose stream is set to call."""

    def __init__(self, processor: Processor, settings: Settings, client: "LambdaClient", log: ErrorLog) -> None:
        self._processor = processor
        self._settings = settings
        self._log = log
        self._lambda = client

    def run(self, records: Sequence[Record], delivery: DeliveryBuffer) -> None:
        """Add to `delivery` what the function makes of a batch: rows, and lines for the failed."""
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
            time.sleep(RETRY_SECONDS_FIRST * 2 ** (attempts - 1))
        ended_ms = now_ms()
        for record, result in zip(records, results, strict=True):
            if isinstance(result, Failure):
                line = error_line(record, result, attempts, ended_ms, self._processor.lambda_arn)
                delivery.failures.add(line, record.arrival_ms)
            elif result is not None:
                delivery.rows.add(result, record.arrival_ms)
        if isinstance(answer, bytes):
            self._report([result for result in results if isinstance(result, Failure)], len(records))

    def _invoke(self, payload: bytes, number: int, attempt: int) -> bytes | Failure:
        """Call the function once; return its answer, or why there is none."""
        try:
            answer = self._lambda.invoke(FunctionName=self._processor.lambda_arn, Payload=payload)
            body: bytes = answer["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            failure, cause = refused(error_code(error)), one_line(error)
        else:
            if "FunctionError" in answer:
                failure, cause = function_failed(body), "it failed, and its log says why"
            elif len(body) > RESPONSE_BYTES_MAX:
                failure, cause = FUNCTION_ERROR, f"it answered {len(body):,} bytes, over Lambda's 6 MB"
            else:
                return body
        attempts = self._processor.retries + 1
        self._log.write(
            failure,
            f"Attempt {attempt} of {attempts} to transform {number} records with {self._processor.lambda_arn} failed "
            f"as {failure.code}: {cause}",
            self._processor.lambda_arn,
        )
        return failure

    def _report(self, failures: list[Failure], number: int) -> None:
        """Say what is wrong with an answer. ProcessingFailed isn't for Firehose to log: the function does."""
        for failure, count in Counter(failures).items():
            detail = f"{count} of {number} records failed as {failure.code}: {failure.message}"
            if failure == PROCESSING_FAILED_STATUS:
                logger.warning(detail)
            else:
                self._log.write(failure, detail, self._processor.lambda_arn)
