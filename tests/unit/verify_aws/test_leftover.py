"""What a run deletes, and what it leaves alone. Services of AWS are played by dictionaries."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from verify_aws import leftover, messages
from verify_aws.names import Names, NotOursError
from verify_aws.sam import SamError

NAMES = Names("sales-verify", "run-1")
OURS = {"made-by": "verify-aws", "verify-aws-run": "run-1"}
OTHERS = {"made-by": "somebody"}
WHEN = datetime(2026, 11, 22, tzinfo=UTC)


def listed(tags):
    return [{"Key": name, "Value": value} for name, value in tags.items()]


class Account:
    """A session of an account with a stack, whose statuses follow each other, and a queue."""

    region_name = "eu-west-1"

    def __init__(self, tags=None, *statuses, queue=None, change_sets=()):
        self.tags, self.statuses, self.queue, self.change_sets = tags, list(statuses), queue, change_sets
        self.done = []
        self.events = SimpleNamespace(register=lambda *_, **__: None)

    def client(self, service):
        return getattr(self, service)

    @property
    def cloudformation(self):
        return SimpleNamespace(
            describe_stacks=self.describe_stacks,
            list_change_sets=lambda **_: {
                "Summaries": [{"ChangeSetId": each} for each in range(len(self.change_sets))]
            },
            describe_change_set=lambda ChangeSetName: {"Tags": listed(self.change_sets[ChangeSetName])},  # noqa: N803
            delete_stack=lambda **_: self.delete("stack without resources"),
            get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"StackEvents": self.failures}]),
        )

    failures = (
        {"LogicalResourceId": "Bucket", "ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "it is locked"},
        {"LogicalResourceId": "Pipe", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "earlier"},
    )

    def describe_stacks(self, **_):
        if not self.statuses:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"Stacks": [{"StackStatus": status, "CreationTime": WHEN, "Tags": listed(self.tags)}]}

    def delete(self, what):
        self.statuses.clear()
        self.done.append(what)

    @property
    def sqs(self):
        def url(**_):
            if self.queue is None:
                raise ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueUrl")
            return {"QueueUrl": "url"}

        return SimpleNamespace(
            get_queue_url=url,
            list_queue_tags=lambda **_: {"Tags": self.queue},
            delete_queue=lambda **_: self.done.append("queue"),
        )


def remove(account, **options):
    sam = SimpleNamespace(delete=lambda _: account.delete("stack"))
    leftover.remove(account, sam, NAMES, account.done.append, **options)
    return account.done


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(leftover.time, "sleep", lambda _: None)


def test_what_a_run_made_is_deleted():
    assert remove(Account(OURS, "CREATE_COMPLETE", queue=OURS)) == ["queue", "sam delete …", "stack"]
    assert remove(Account()) == []


@pytest.mark.parametrize(
    "account",
    [
        Account(OTHERS, "CREATE_COMPLETE"),
        Account({}, "CREATE_COMPLETE", queue=OURS),
        Account({}, "REVIEW_IN_PROGRESS", change_sets=[OTHERS]),
        Account({}, "REVIEW_IN_PROGRESS", change_sets=[{}]),
        Account(OURS, "CREATE_COMPLETE", queue=OTHERS),
        Account(queue={}),
    ],
)
def test_what_somebody_else_made_is_named_and_stays(account):
    with pytest.raises(NotOursError, match="does not touch: choose another name with NAME="):
        leftover.look(account, NAMES)
    with pytest.raises(NotOursError):
        remove(account)
    assert account.done == []


@pytest.mark.parametrize("change_sets", [[OURS], []])
def test_a_stack_that_has_no_resource_yet_is_deleted_without_sam(change_sets):
    account = Account({}, "REVIEW_IN_PROGRESS", change_sets=change_sets)
    assert remove(account, own=True) == ["deleting a stack without resources …", "stack without resources"]


def test_at_its_end_a_run_leaves_the_stack_of_another_run():
    another = OURS | {"verify-aws-run": "run-2"}
    account = Account(another, "CREATE_IN_PROGRESS", queue=OURS)
    with pytest.raises(NotOursError, match="another run"):
        remove(account, own=True)
    assert account.done == []
    assert remove(account)[-1] == "stack"


def test_a_stack_is_deleted_when_its_update_has_ended():
    account = Account(OURS, *["UPDATE_IN_PROGRESS"] * 4, "UPDATE_COMPLETE")
    assert remove(account) == ["waiting: the stack is UPDATE_IN_PROGRESS …", "sam delete …", "stack"]


def test_a_removal_that_fails_names_what_is_left():
    def refuse(_):
        raise SamError("sam delete failed.")

    with pytest.raises(SamError, match=r"^sam delete failed\. Bucket: DELETE_FAILED, it is locked\.$"):
        leftover.remove(Account(OURS, "CREATE_COMPLETE"), SimpleNamespace(delete=refuse), NAMES, lambda _: None)


def test_a_queue_that_somebody_else_made_is_not_used():
    with pytest.raises(NotOursError, match="queue sales-verify-messages"):
        messages.subscribe(Account(queue=OTHERS), NAMES, "arn")


def test_only_a_stack_that_can_be_updated_is_usable():
    statuses = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "CREATE_IN_PROGRESS")
    usable = [each for each in statuses if leftover.look(Account(OURS, each), NAMES).is_usable]
    assert usable == ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
