"""The custom resource that empties the bucket when, and only when, the stack is deleted."""

import logging
from typing import Any

from bucket_cleanup.empty import empty, objects
from custom_resource import stack
from custom_resource.answer import answer

# If a stack's first deploy fails, CloudFormation deletes the new bucket, even with OnStackDeletion RETAIN.
_ROLLBACK_OF_CREATION = "ROLLBACK_IN_PROGRESS"
_DELETION = "DELETE_IN_PROGRESS"

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


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
    answer(event, status, reason, advice)


def _delete(event: dict[str, Any], context: Any) -> str:  # noqa: ANN401
    # CloudFormation also sends a Delete when an update removes or replaces this resource. The data must stay then.
    stack_status = stack.status(event["StackId"])
    retained = event["ResourceProperties"]["OnStackDeletion"] == "RETAIN"
    if stack_status == _ROLLBACK_OF_CREATION or (stack_status == _DELETION and not retained):
        return f"{objects(empty(event['ResourceProperties']['BucketName'], context))} deleted."
    return f"Nothing deleted: the stack is {stack_status}, with OnStackDeletion {'RETAIN' if retained else 'DELETE'}."
