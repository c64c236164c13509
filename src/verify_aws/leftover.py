"""Finds and deletes what an earlier run left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import boto3

from sales_pipeline.aws.stack import StackError, find
from sales_pipeline.errors import SalesError
from verify_aws import messages
from verify_aws.names import Names
from verify_aws.sam import TAG, Sam


@dataclass(frozen=True)
class Leftover:
    """A stack of an earlier run."""

    status: str
    created: datetime


class NotOursError(SalesError):
    """There is a stack of this name that no run made."""


def look(session: boto3.Session, names: Names) -> Leftover | None:
    """Return the stack that an earlier run left. Raises NotOursError for a stack that is not from a run."""
    try:
        find(session, names.stack)
    except StackError:
        return None
    described = session.client("cloudformation").describe_stacks(StackName=names.stack)["Stacks"][0]
    # A run that ended before its stack was made left a stack without resources, and perhaps without tags.
    is_empty = described["StackStatus"] == "REVIEW_IN_PROGRESS"
    if not is_empty and {"Key": TAG[0], "Value": TAG[1]} not in described.get("Tags", []):
        raise NotOursError(
            f"there is a stack {names.stack} that verify-aws did not make, and that it does not touch: choose another "
            "name with NAME=…"
        )
    return Leftover(described["StackStatus"], described["CreationTime"])


def remove(session: boto3.Session, sam: Sam, names: Names, say: Callable[[str], None]) -> None:
    """Delete the stack and the queue of a run, if they are there. Raises SamError and NotOursError."""
    messages.delete(session, names)
    if look(session, names):
        say("sam delete …")
        sam.delete(names.stack)
