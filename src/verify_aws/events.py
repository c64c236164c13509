"""What CloudFormation says of the resources that failed."""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def events(session: boto3.Session, stack_name: str) -> list[dict[str, Any]]:
    """Return all events of a stack, the newest first."""
    pages = session.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_name)
    return [dict(each) for page in pages for each in page["StackEvents"]]


def failures(found: list[dict[str, Any]], status: str = "FAILED") -> list[str]:
    """Return a line for each resource that failed, the first failure first. `status` is the end of their status.

    Where one resource fails, CloudFormation cancels the others: these are left out.
    """
    return [
        f"{each['LogicalResourceId']}: {each['ResourceStatus']}, {each.get('ResourceStatusReason', 'no reason given')}"
        for each in reversed(found)
        if each["ResourceStatus"].endswith(status) and "cancelled" not in each.get("ResourceStatusReason", "")
    ]


def reasons(session: boto3.Session, stack_name: str, status: str = "FAILED") -> str:
    """Return the failures as the rest of an error's text; nothing where CloudFormation does not tell."""
    try:
        found = failures(events(session, stack_name), status)
    except (ClientError, BotoCoreError):
        return ""
    return "".join(f" {each.removesuffix('.')}." for each in found)
