from functools import partial
from types import SimpleNamespace
from unittest.mock import Mock

import boto3
import pytest
from moto import mock_aws

from bucket_cleanup import app, empty
from tests.unit.custom_resource.ends import STACK_ID, say_status, taker

BUCKET = "sales-bucket"


@pytest.fixture
def answers():
    with taker() as running:
        yield running


@pytest.fixture
def stack_status(monkeypatch):
    """Sets the status in which CloudFormation says the stack is."""
    return partial(say_status, monkeypatch)


@pytest.fixture
def bucket(monkeypatch):
    """A bucket with versions and a delete marker."""
    with mock_aws():
        s3 = boto3.client("s3")
        monkeypatch.setattr(empty, "s3", s3)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for _ in range(2):
            s3.put_object(Bucket=BUCKET, Key="sales_data/dt=2026-11-22/0.json", Body=b"{}\n")
        s3.delete_object(Bucket=BUCKET, Key="sales_data/dt=2026-11-22/0.json")
        yield s3


def request(answers, request_type, *, on_stack_deletion="DELETE", **more):
    return {
        "RequestType": request_type,
        "RequestId": "unique",
        "ResponseURL": answers.url,
        "StackId": STACK_ID,
        "LogicalResourceId": "BucketCleanup",
        "ResourceProperties": {"BucketName": BUCKET, "OnStackDeletion": on_stack_deletion},
    } | more


def context(remaining_ms=900_000):
    return SimpleNamespace(log_group_name="cleanup-log", get_remaining_time_in_millis=lambda: remaining_ms)


def versions(s3):
    page = s3.list_object_versions(Bucket=BUCKET)
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def delete(answers, **more):
    app.handler(request(answers, "Delete", **{"PhysicalResourceId": "BucketCleanup"} | more), context())
    return answers.received[-1]


def test_deleting_the_stack_removes_every_version_and_delete_marker_of_any_number(bucket, stack_status, answers):
    for number in range(1, 1001):  # a page of a listing holds 1,000
        bucket.put_object(Bucket=BUCKET, Key=f"sales_data/dt=2026-11-22/{number}.json", Body=b"{}\n")
    stack_status("DELETE_IN_PROGRESS")
    answer = delete(answers)

    assert versions(bucket) == 0
    bucket.delete_bucket(Bucket=BUCKET)
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "1,003 objects deleted.",
        "PhysicalResourceId": "BucketCleanup",
        "StackId": STACK_ID,
        "RequestId": "unique",
        "LogicalResourceId": "BucketCleanup",
        "content-type": "",
    }


def test_a_rolled_back_first_deploy_leaves_no_objects_to_stumble_over(bucket, stack_status, answers):
    stack_status("ROLLBACK_IN_PROGRESS")
    assert delete(answers, on_stack_deletion="RETAIN")["Status"] == "SUCCESS"
    assert versions(bucket) == 0


@pytest.mark.parametrize(
    "status",
    [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    ],
)
def test_an_update_that_drops_or_replaces_the_resource_deletes_nothing(status, bucket, stack_status, answers):
    before = versions(bucket)
    stack_status(status)
    answer = delete(answers)

    assert versions(bucket) == before
    assert answer["Status"] == "SUCCESS"
    assert answer["Reason"] == f"Nothing deleted: the stack is {status}, with OnStackDeletion DELETE."


def test_a_stack_that_retains_its_data_deletes_nothing(bucket, stack_status, answers):
    before = versions(bucket)
    stack_status("DELETE_IN_PROGRESS")

    assert delete(answers, on_stack_deletion="RETAIN")["Status"] == "SUCCESS"
    assert versions(bucket) == before


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_deploys_and_updates_delete_nothing_and_never_ask_for_the_stack(request_type, bucket, answers):
    before = versions(bucket)
    app.handler(request(answers, request_type), context())

    assert versions(bucket) == before
    assert answers.received[-1]["Status"] == "SUCCESS"


def test_the_physical_id_stays_the_same_when_an_update_names_another_bucket(answers):
    app.handler(request(answers, "Create"), context())
    created = answers.received[-1]["PhysicalResourceId"]
    another = {"BucketName": "another", "OnStackDeletion": "DELETE"}
    app.handler(request(answers, "Update", PhysicalResourceId=created, ResourceProperties=another), context())

    assert answers.received[-1]["PhysicalResourceId"] == created


def test_a_bucket_that_is_gone_already_is_no_obstacle(stack_status, answers, monkeypatch):
    stack_status("DELETE_IN_PROGRESS")
    with mock_aws():
        monkeypatch.setattr(empty, "s3", boto3.client("s3"))
        assert delete(answers)["Status"] == "SUCCESS"


def test_running_out_of_time_is_an_answer_that_says_what_to_do(bucket, stack_status, answers):
    stack_status("DELETE_IN_PROGRESS")
    before = versions(bucket)
    app.handler(request(answers, "Delete", PhysicalResourceId="BucketCleanup"), context(remaining_ms=20_000))

    assert versions(bucket) == before
    answer = answers.received[-1]
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "0 objects deleted in the time there is, but more are left. See the log group cleanup-log."
        " Then delete the stack again."
    )


def test_objects_that_cannot_be_deleted_fail_the_request_with_their_reason(bucket, stack_status, answers, monkeypatch):
    stack_status("DELETE_IN_PROGRESS")
    delete_objects = bucket.delete_objects

    def keep_one(Delete, **more):  # noqa: N803 - boto3's name
        kept, *others = Delete["Objects"]
        answer = delete_objects(Delete={"Objects": others}, **more) if others else {}
        return answer | {"Errors": [kept | {"Code": "AccessDenied", "Message": "no"}]}

    monkeypatch.setattr(bucket, "delete_objects", keep_one)
    monkeypatch.setattr(empty, "sleep", lambda _: None)
    answer = delete(answers)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (f"2 objects deleted. S3 refused to delete 1 object: AccessDenied.{ADVICE}")


ADVICE = " See the log group cleanup-log. Then delete the stack again."


@pytest.fixture
def fail(stack_status, answers, monkeypatch):
    """Have S3 fail with this text; returns the answer."""

    def fail(text, **more):
        stack_status("DELETE_IN_PROGRESS")
        monkeypatch.setattr(app, "empty", Mock(side_effect=RuntimeError(text)))
        return delete(answers, **more)

    return fail


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "é" * 10_000, "日" * 3000, "😀" * 3000, '"' * 5000, "\\" * 5000, "\x00" * 5000],
    ids=["ascii", "latin", "japanese", "emoji", "quotes", "backslashes", "control"],
)
def test_an_answer_never_exceeds_what_cloudformation_takes_and_keeps_what_to_do_next(text, fail, answers):
    # CloudFormation's own names leave less room.
    names = {"RequestId": "r" * 100, "PhysicalResourceId": "BucketCleanup-" + "p" * 500}
    answer = fail(text, **names)
    assert answer["Reason"].endswith(f"…{ADVICE}")
    assert 4096 - 24 <= answers.sizes[-1] <= 4096
    assert answer | names == answer


def test_a_reason_that_just_fits_is_whole(fail, answers):
    room = 4096 - (fail("") and answers.sizes[-1])
    text = "y" * (room + len("RuntimeError"))
    assert fail(text)["Reason"] == text + ADVICE
    assert answers.sizes[-1] == 4096
    assert fail(text + "y")["Reason"].endswith(f"…{ADVICE}")


def test_a_reason_is_one_line_that_a_terminal_shows_and_does_not_obey(fail):
    assert fail("two\nlines\x1b[2J\u202e\x9b, ” and 日本")["Reason"] == (
        r"two\nlines\x1b[2J\u202e\x9b, ” and 日本" + ADVICE
    )


def test_an_error_without_a_text_is_named(fail):
    assert fail("")["Reason"] == "RuntimeError" + ADVICE
