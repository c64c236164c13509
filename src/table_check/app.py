"""The custom resource that refuses an existing table which the pipeline can't read, before the pipe is made.

It gives the stack the names that follow from the ARN of the table's stream: StreamArn, TableName and TableArn.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from custom_resource import stack
from custom_resource.answer import answer
from table_check import rules

# The role is some seconds old, and IAM needs some to make it known everywhere (AWS Identity and Access Management User
# Guide, "Troubleshoot IAM: Changes that I make are not always immediately visible").
_PAUSES_SECONDS = (1, 2, 4, 8, 15)
_CLIENTS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})

# Tests replace it with a clock of their own.
sleep = time.sleep

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)
dynamodb = boto3.client("dynamodb", config=_CLIENTS)
kms: Any = boto3.client("kms", config=_CLIENTS)


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - the runtime's own type isn't importable
    """Answer a request of CloudFormation for the custom resource. It changes nothing anywhere.

    A request is refused if the table doesn't fit, unless the stack goes back to its last state. Every request gets an
    answer, because CloudFormation would wait for its ServiceTimeout otherwise.
    """
    if event["RequestType"] == "Delete":
        answer(event, "SUCCESS", "Nothing to do.")
        return
    properties = event["ResourceProperties"]
    stream = rules.parse(properties["StreamArn"])
    data = {"StreamArn": stream.arn, "TableName": stream.table_name, "TableArn": stream.table_arn}
    try:
        _check(stream, properties, event["StackId"])
    except Exception as error:
        logger.exception("table refused")
        reason = str(error) or type(error).__name__
        if _goes_back(event):
            answer(event, "SUCCESS", f"Not refused, because the stack goes back to its last state: {reason}", data=data)
        else:
            known = isinstance(error, rules.UnfitTableError)
            answer(event, "FAILED", reason, "" if known else f" See the log group {context.log_group_name}.")
    else:
        answer(event, "SUCCESS", f"The pipeline can read table {stream.table_name}.", data=data)


def _check(stream: rules.Stream, properties: Mapping[str, str], stack_id: str) -> None:
    rules.check_place(stream, stack_id)
    table = _describe(stream.table_name)
    rules.check_key(table, properties["PartitionKey"], properties["PartitionKeyType"])
    rules.check_stream(table, stream.arn)
    rules.check_encryption(table, properties["EncryptionKeyArn"], _aws_key_arn)


def _describe(table_name: str) -> rules.Table:
    pauses = iter(_PAUSES_SECONDS)
    while True:
        try:
            return dynamodb.describe_table(TableName=table_name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            raise rules.UnfitTableError(
                f"There is no table {table_name} in this account and region. Look up the ARN of its stream again."
            ) from None
        except LookupError:
            raise RuntimeError(f"The answer about table {table_name} is not DynamoDB's own.") from None
        except ClientError as error:
            pause = next(pauses, None)
            if pause is None or error.response.get("Error", {}).get("Code") != "AccessDeniedException":
                raise
            sleep(pause)


def _aws_key_arn() -> str | None:
    try:
        arn: str = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    except (ClientError, BotoCoreError, LookupError):
        # The table's key then has to be named, whichever it is.
        return None
    return arn


def _goes_back(event: Mapping[str, Any]) -> bool:
    """Say whether CloudFormation undoes an update: the table that the stack had before may be unfit by now."""
    if event["RequestType"] != "Update":
        return False
    try:
        return "ROLLBACK" in stack.status(event["StackId"])
    except (ClientError, BotoCoreError, RuntimeError):
        logger.exception("status of the stack not known")
        return False
