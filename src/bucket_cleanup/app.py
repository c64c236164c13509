"""The custom resource that empties the bucket when, and only when, the stack is deleted.

Requests and responses: AWS CloudFormation User Guide, "Custom resource request and response reference".
"""

import json
import logging
import urllib.request
from itertools import accumulate
from typing import Any

import boto3

from bucket_cleanup.empty import empty, objects

# If a stack's first deploy fails, CloudFormation deletes the new bucket, even with OnStackDeletion RETAIN.
_ROLLBACK_OF_CREATION = "ROLLBACK_IN_PROGRESS"
_DELETION = "DELETE_IN_PROGRESS"
_ANSWER_BYTES_MAX = 4096  # for the whole body

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)
cloudformation = boto3.client("cloudformation")


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - the runtime's own type isn't importable
    """Answer a request of CloudFormation for the custom resource.

    A Delete request empties the bucket first, unless the stack is not being deleted or retains its data. Every request
    gets an answer, because CloudFormation would wait for its ServiceTimeout otherwise.
    """
    try:
        reason = _delete(event, context) if event["RequestType"] == "Delete" else "Nothing to do."
        status, advice = "SUCCESS", ""
    except Exception as error:
        logger.exception("bucket not emptied")
        reason = str(error) or type(error).__name__
        status, advice = "FAILED", f" See the log group {context.log_group_name}. Then delete the stack again."
    _answer(event, status, reason, advice)


def _delete(event: dict[str, Any], context: Any) -> str:  # noqa: ANN401
    # CloudFormation also sends a Delete when an update removes or replaces this resource. The data must stay then.
    stack_status = _stack_status(event["StackId"])
    retained = event["ResourceProperties"]["OnStackDeletion"] == "RETAIN"
    if stack_status == _ROLLBACK_OF_CREATION or (stack_status == _DELETION and not retained):
        return f"{objects(empty(event['ResourceProperties']['BucketName'], context))} deleted."
    return f"Nothing deleted: the stack is {stack_status}, with OnStackDeletion {'RETAIN' if retained else 'DELETE'}."


def _stack_status(stack_id: str) -> str:
    try:
        return cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    except LookupError:
        raise RuntimeError("The answer about the stack is not CloudFormation's own.") from None


def _answer(event: dict[str, Any], status: str, reason: str, advice: str) -> None:
    """Send the answer. Its reason is as much of `reason` as CloudFormation takes, and the whole advice."""
    answer = {
        "Status": status,
        "Reason": advice,
        # Always the same: if an update changed it, CloudFormation would delete "the old resource".
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    answer["Reason"] = _cut(_printable(reason), _ANSWER_BYTES_MAX - len(json.dumps(answer))) + advice
    logger.info("answer", extra={"request": event["RequestType"], "status": status, "reason": answer["Reason"]})
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")  # noqa: S310
    request.add_header("Content-Type", "")  # the URL is signed for a request without a type
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - only CloudFormation may invoke
        pass


def _printable(text: str) -> str:
    """Return the text of an error with escapes for what isn't printable: people read it in a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _cut(text: str, room_bytes: int) -> str:
    """Return as much of a text as takes at most so many bytes in JSON, with an ellipsis where it is not the whole."""
    sizes = [len(json.dumps(each)) - 2 for each in text]
    if sum(sizes) <= room_bytes:
        return text
    room_bytes -= len(json.dumps("…")) - 2
    length = sum(size <= room_bytes for size in accumulate(sizes))
    return f"{text[:length]}…"
