"""Finds and deletes the stack and the queue of a run: at its end, or what an earlier one left."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3

from sales_pipeline.aws.stack import StackError, find
from sales_pipeline.errors import SalesError
from verify_aws import messages
from verify_aws.events import reasons
from verify_aws.names import RUN_TAG, Names, NotOursError, is_ours
from verify_aws.sam import Sam, SamError

EMPTY = "REVIEW_IN_PROGRESS"
"""Status of a stack that has a change set, but no resource yet."""
USABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
UPDATE_SECONDS = 1800.0
POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Leftover:
    """A stack of a run."""

    status: str
    created: datetime
    run: str = ""

    @property
    def is_usable(self) -> bool:
        """Say whether a deploy can update it."""
        return self.status in USABLE


def look(session: boto3.Session, names: Names) -> Leftover | None:
    """Return the stack that a run made. Raises NotOursError for a stack or a queue that is not from a run."""
    messages.find(session, names)
    try:
        find(session, names.stack)
    except StackError:
        return None
    client = _cloudformation(session)
    described = client.describe_stacks(StackName=names.stack)["Stacks"][0]
    tags, sets = _tags(described), []
    is_empty = described["StackStatus"] == EMPTY
    if is_empty:
        # It gets the tags of its change set when that is executed. A run that was killed may have left it without one.
        sets = client.list_change_sets(StackName=names.stack).get("Summaries", [])
        for each in sets:
            tags |= _tags(client.describe_change_set(ChangeSetName=each["ChangeSetId"]))
    if not is_ours(tags) and (sets or not is_empty):
        raise NotOursError(
            f"there is a stack {names.stack} that verify-aws did not make, and that it does not touch: choose another "
            "name with NAME=…"
        )
    return Leftover(described["StackStatus"], described["CreationTime"], tags.get(RUN_TAG, ""))


def remove(session: boto3.Session, sam: Sam, names: Names, say: Callable[[str], None], *, own: bool = False) -> None:
    """Delete the stack and the queue, if they are there; with `own`, only those of the run that `names` names.

    Raises SamError, which names the resources that were not deleted, and NotOursError.
    """
    found = look(session, names)
    if own and found and found.run not in {names.run, ""}:
        raise NotOursError(f"another run has made the stack {names.stack} at the same time: it stays")
    messages.delete(session, names)
    if not found:
        return
    # CloudFormation deletes a stack while it creates it, but not while it updates it.
    _wait(session, names, lambda status: status.startswith("UPDATE_") and status.endswith("_IN_PROGRESS"), say)
    if found.status == EMPTY:
        say("deleting a stack without resources …")
        _cloudformation(session).delete_stack(StackName=names.stack)  # SAM needs a template to delete a stack
        _wait(session, names, lambda status: status != "DELETE_FAILED", say)
        return
    say("sam delete …")
    try:
        sam.delete(names.stack)
    except SamError as error:
        raise SamError(f"{error}{reasons(session, names.stack, 'DELETE_FAILED')}") from None


def _wait(session: boto3.Session, names: Names, is_busy: Callable[[str], bool], say: Callable[[str], None]) -> None:
    """Wait as long as the stack is there and busy."""
    deadline = time.monotonic() + UPDATE_SECONDS
    said = ""
    while True:
        found = look(session, names)
        if not found or not is_busy(found.status):
            return
        if time.monotonic() > deadline:
            raise SalesError(f"the stack {names.stack} is still {found.status} after {UPDATE_SECONDS / 60:.0f} minutes")
        if found.status != said:
            said = found.status
            say(f"waiting: the stack is {said} …")
        time.sleep(POLL_SECONDS)


def _tags(described: Any) -> dict[str, str]:  # noqa: ANN401 - an answer of CloudFormation
    return {each["Key"]: each["Value"] for each in described.get("Tags", [])}


def _cloudformation(session: boto3.Session) -> Any:  # noqa: ANN401 - without stubs of the answers
    return session.client("cloudformation")
