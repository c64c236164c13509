"""The custom resource that empties the bucket when, and only when, the stack is deleted.

Requests and responses: AWS CloudFormation User Guide, "Custom resource request and response reference".
"""

import json
import logging
import urllib.request
from typing import Any

import boto3

# If a stack's first deploy fails, CloudFormation deletes the new bucket, even with OnStackDeletion RETAIN.
_ROLLBACK_OF_CREATION = "ROLLBACK_IN_PROGRESS"
_DELETION = "DELETE_IN_PROGRESS"
_RESERVE_MS = 30_000  # left for the answer to CloudFormation

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)
cloudformation = boto3.client("cloudformation")
s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - the runtime's own type isn't importable
    """Answer a request of CloudFormation for the custom resource.

    A Delete request empties the bucket first, unless the stack is not being deleted or retains its data. Every request
    gets an answer, because CloudFormation would wait for its ServiceTimeout otherwise.
    """
    try:
        reason = _delete(event, context) if event["RequestType"] == "Delete" else "Nothing to do."
        status = "SUCCESS"
    except Exception as error:
        logger.exception("bucket not emptied")
        reason = f"{error} See the log group {context.log_group_name}. Then delete the stack again."
        status = "FAILED"
    _answer(event, status, reason)


def _delete(event: dict[str, Any], context: Any) -> str:  # noqa: ANN401
    # CloudFormation also sends a Delete when an update removes or replaces this resource. The data must stay then.
    stack_status = cloudformation.describe_stacks(StackName=event["StackId"])["Stacks"][0]["StackStatus"]
    retained = event["ResourceProperties"]["OnStackDeletion"] == "RETAIN"
    if stack_status == _ROLLBACK_OF_CREATION or (stack_status == _DELETION and not retained):
        return f"{_empty(event['ResourceProperties']['BucketName'], context)} objects deleted."
    return f"Nothing deleted: the stack is {stack_status}, with OnStackDeletion {'RETAIN' if retained else 'DELETE'}."


def _empty(bucket: str, context: Any) -> int:  # noqa: ANN401
    """Delete every version and delete marker, and return their number."""
    deleted = 0
    while objects := _first_objects(bucket):
        if context.get_remaining_time_in_millis() < _RESERVE_MS:
            raise TimeoutError(f"{deleted} objects deleted in the time there is, but more are left.")
        errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
        if errors:
            raise RuntimeError(f"S3 refused to delete {len(errors)} objects, the first with {errors[0].get('Code')}.")
        deleted += len(objects)
        logger.info("objects deleted", extra={"bucket": bucket, "deleted": deleted})
    return deleted


def _first_objects(bucket: str) -> list[Any]:
    try:
        page = s3.list_object_versions(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return []
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def _answer(event: dict[str, Any], status: str, reason: str) -> None:
    logger.info("answer", extra={"request": event["RequestType"], "status": status, "reason": reason})
    answer = {
        "Status": status,
        "Reason": reason,
        # Always the same: if an update changed it, CloudFormation would delete "the old resource".
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")  # noqa: S310
    request.add_header("Content-Type", "")  # the URL is signed for a request without a type
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - only CloudFormation may invoke
        pass
