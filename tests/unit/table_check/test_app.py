from types import SimpleNamespace
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from custom_resource import stack
from table_check import app
from tests.unit.custom_resource.ends import STACK_ID, say_status, taker

CONTEXT = SimpleNamespace(log_group_name="check-log")


@pytest.fixture
def answers():
    with taker() as running:
        yield running


@pytest.fixture
def aws(monkeypatch):
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        monkeypatch.setattr(app, "dynamodb", session.client("dynamodb"))
        monkeypatch.setattr(app, "kms", session.client("kms"))
        yield session


def create(aws, **more):
    """Create a table; return the ARN of its stream."""
    settings = {
        "TableName": "theirs",
        "KeySchema": [{"AttributeName": "orderid", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "orderid", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    created = aws.client("dynamodb").create_table(**settings | more)["TableDescription"]
    return created["LatestStreamArn"].replace(created["TableArn"].split(":")[4], "123456789012")


def ask(answers, request_type, stream_arn, key_arn=""):
    """Send a request; return CloudFormation's answer."""
    request = {
        "RequestType": request_type,
        "RequestId": "unique",
        "ResponseURL": answers.url,
        "StackId": STACK_ID,
        "LogicalResourceId": "TableCheck",
        "ResourceProperties": {
            "StreamArn": stream_arn,
            "EncryptionKeyArn": key_arn,
            "PartitionKey": "orderid",
            "PartitionKeyType": "S",
        },
    }
    if request_type != "Create":
        request["PhysicalResourceId"] = "TableCheck"
    app.handler(request, CONTEXT)
    return answers.received[-1]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_table_that_fits_gives_its_names_to_the_stack(request_type, aws, answers):
    arn = create(aws)
    assert ask(answers, request_type, arn) == {
        "Status": "SUCCESS",
        "Reason": "The pipeline can read table theirs.",
        "PhysicalResourceId": "TableCheck",
        "StackId": STACK_ID,
        "RequestId": "unique",
        "LogicalResourceId": "TableCheck",
        "Data": {
            "StreamArn": arn,
            "TableName": "theirs",
            "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/theirs",
        },
        "content-type": "",
    }


def test_an_unfit_table_fails_the_deployment_with_its_reason_alone(aws, answers, monkeypatch):
    say_status(monkeypatch, "UPDATE_IN_PROGRESS")
    arn = create(aws, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    answer = ask(answers, "Update", arn)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("The stream of table theirs has KEYS_ONLY")
    assert answer["Reason"].endswith("deploy with its new ARN.")
    assert "Data" not in answer


def test_a_table_elsewhere_is_refused_before_dynamodb_is_asked(aws, answers):
    arn = create(aws).replace("us-east-1", "eu-west-1")
    assert ask(answers, "Create", arn)["Reason"].startswith("The table is in eu-west-1, and the stack in us-east-1.")


def test_a_table_that_is_not_there_is_named(aws, answers):
    arn = create(aws).replace("theirs", "gone")
    answer = ask(answers, "Create", arn)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "There is no table gone in this account and region. Look up the ARN of its stream again."
    )


def test_a_table_with_the_key_of_aws_needs_no_key_to_be_named(aws, answers):
    arn = create(aws, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    assert ask(answers, "Create", arn)["Status"] == "SUCCESS"


def test_a_table_with_a_key_of_the_customer_needs_the_key_to_be_named(aws, answers):
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = create(aws, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    assert f"ExistingTableKeyArn={key}" in ask(answers, "Create", arn)["Reason"]
    assert ask(answers, "Create", arn, key)["Status"] == "SUCCESS"


def test_an_account_that_may_not_ask_for_the_key_of_aws_is_told_which_key_to_name(aws, answers, monkeypatch):
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = create(aws, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    monkeypatch.setattr(app.kms, "describe_key", lambda KeyId: aws.client("kms").get_key_policy(KeyId=KeyId))  # noqa: N803
    assert f"ExistingTableKeyArn={key}" in ask(answers, "Create", arn)["Reason"]


@pytest.mark.parametrize(("denials", "status"), [(3, "SUCCESS"), (1000, "FAILED")])
def test_a_role_that_is_not_known_everywhere_yet_gets_half_a_minute(denials, status, aws, answers, monkeypatch):
    arn, describe, left, slept = create(aws), app.dynamodb.describe_table, [None] * denials, []

    def describe_table(**arguments):
        if left:
            left.pop()
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeTable")
        return describe(**arguments)

    monkeypatch.setattr(app.dynamodb, "describe_table", describe_table)
    monkeypatch.setattr(app, "sleep", slept.append)
    answer = ask(answers, "Create", arn)
    assert answer["Status"] == status
    assert 3 < sum(slept) <= 30
    assert status == "SUCCESS" or answer["Reason"].endswith("operation: no See the log group check-log.")


@pytest.mark.usefixtures("aws")
def test_another_error_says_where_to_look(answers, monkeypatch):
    monkeypatch.setattr(app.dynamodb, "describe_table", lambda **_: {"Message": "a proxy's answer"})
    answer = ask(answers, "Create", "arn:aws:dynamodb:us-east-1:123456789012:table/theirs/stream/1")
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "The answer about table theirs is not DynamoDB's own. See the log group check-log."


def test_a_stack_that_goes_back_to_what_it_was_is_not_held_up(aws, answers, monkeypatch):
    # CloudFormation could neither go on nor back: UPDATE_ROLLBACK_FAILED.
    say_status(monkeypatch, "UPDATE_ROLLBACK_IN_PROGRESS")
    answer = ask(answers, "Update", create(aws).replace("theirs", "gone"))
    assert answer["Status"] == "SUCCESS"
    assert answer["Reason"].startswith("Not refused, because the stack goes back to its last state: There is no table")
    assert answer["Data"]["TableName"] == "gone"


def test_an_unfit_table_is_refused_also_if_the_status_of_the_stack_is_not_to_be_had(aws, answers, monkeypatch):
    monkeypatch.setattr(stack, "status", Mock(side_effect=RuntimeError("a proxy's answer")))
    assert ask(answers, "Update", create(aws).replace("theirs", "gone"))["Status"] == "FAILED"


def test_a_deletion_asks_nobody_and_touches_nothing(answers):
    answer = ask(answers, "Delete", "arn:aws:dynamodb:us-east-1:123456789012:table/theirs/stream/1")
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "Nothing to do.")
