"""What CloudFormation is doing with the stack: a request for a custom resource does not say it."""

import boto3

cloudformation = boto3.client("cloudformation")


def status(stack_id: str) -> str:
    """Return the stack's status, such as UPDATE_ROLLBACK_IN_PROGRESS. Raises RuntimeError and the errors of boto3."""
    try:
        return cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    except LookupError:
        raise RuntimeError("The answer about the stack is not CloudFormation's own.") from None
