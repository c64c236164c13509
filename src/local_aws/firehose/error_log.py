"""Where Firehose says what failed: the stream's log in CloudWatch, and standard error.

Amazon Data Firehose Developer Guide, "Monitor Amazon Data Firehose Using CloudWatch Logs".
"""

import json
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.clock import now_ms
from local_aws.errors import one_line
from local_aws.firehose.invocation import RecordFailure
from local_aws.firehose.settings import FirehoseSettings

log = logging.getLogger(__name__)

_S3_FAILURES = {
    "AccessDenied": RecordFailure(
        "S3.AccessDenied",
        "Access was denied. Ensure that the trust policy for the provided IAM role allows Amazon Data Firehose to "
        "assume the role, and the access policy allows access to the S3 bucket.",
    ),
    "NoSuchBucket": RecordFailure(
        "S3.NoSuchBucket",
        "The specified bucket does not exist. Create the bucket or use a different bucket that does exist.",
    ),
}
_INTERNAL_ERROR = RecordFailure(
    "InternalError",
    "An internal error occurred while attempting to deliver data. Delivery will be retried; if the error persists, "
    "then it will be reported to AWS for resolution.",
)


def s3_failure(code: str) -> RecordFailure:
    """Return the failure that Firehose logs when S3 answers with this error code."""
    return _S3_FAILURES.get(code, _INTERNAL_ERROR)


class ErrorLog:
    """The log stream of a Firehose stream, written with its role."""

    def __init__(self, settings: FirehoseSettings, logs: Any) -> None:  # noqa: ANN401 - there are no stubs for it
        self._settings = settings
        self._logs = logs
        self._refused = False

    def write(self, failure: RecordFailure, detail: str, lambda_arn: str = "") -> None:
        """Write one failed attempt: AWS' code and message to CloudWatch, the detail to standard error."""
        log.error(detail)
        settings = self._settings
        message = {
            "deliveryStreamARN": settings.stream_arn,
            "destination": f"arn:aws:s3:::{settings.bucket}",
            "deliveryStreamVersionId": settings.version,
            "message": failure.message,
            "errorCode": failure.code,
        }
        if lambda_arn:
            message["processor"] = lambda_arn
        try:
            self._logs.put_log_events(
                logGroupName=settings.log_group_name,
                logStreamName=settings.log_stream_name,
                logEvents=[{"timestamp": now_ms(), "message": json.dumps(message)}],
            )
            self._refused = False
        except (ClientError, BotoCoreError) as error:
            if not self._refused:
                log.warning("Can't write to log group %s: %s", settings.log_group_name, one_line(error))
            self._refused = True
