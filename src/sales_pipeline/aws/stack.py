"""Finds a deployed pipeline: the one place that knows how a stack's outputs become names and clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from common.answers import check_answers, error_code
from sales_pipeline.errors import SalesError
from transform.column_types import Column
from transform.columns import COLUMNS

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

DEFAULT_STACK_NAME = "sales-data-projection"


class StackError(SalesError):
    """The stack is not there, or lacks an output."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs and parameters by key, as in template.yaml, and the session it was found in.

    `account` is the id of its AWS account. `columns` are those of an order in a row, the table's key first: no output
    names them, so they are this installation's.
    """

    name: str
    outputs: Mapping[str, str]
    session: boto3.Session
    parameters: Mapping[str, str] = field(default_factory=dict)
    account: str = "unknown"
    columns: Sequence[Column] = COLUMNS

    @property
    def reads_existing_table(self) -> bool:
        """Whether the table was there before the stack. Such a stack has no generator."""
        return bool(self.parameters.get("ExistingTableStreamArn"))

    @property
    def key(self) -> Column:
        """The column of the table's partition key."""
        return self.columns[0]

    def __getitem__(self, output: str) -> str:
        try:
            return self.outputs[output]
        except KeyError:
            raise StackError(
                f"stack {self.name} has no output {output}: it is not this pipeline, or an older version of it. "
                "Deploy it again: sam build && sam deploy"
            ) from None


def find(session: boto3.Session, stack_name: str = DEFAULT_STACK_NAME) -> Stack:
    """Stack of this name in the session's account and region. Raises StackError where there is none.

    From then on the session's new clients raise AnswerError for an answer that is not AWS' own.
    """
    check_answers(session.events)
    cloudformation: CloudFormationClient = session.client("cloudformation")
    try:
        described: dict[str, Any] = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]  # type: ignore[assignment]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        raise StackError(
            f"there is no stack {stack_name} in {session.region_name}: deploy it (sam build && sam deploy --guided), "
            "or choose another with --stack-name, --region or --profile"
        ) from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    # arn:aws:cloudformation:us-east-1:123456789012:stack/NAME/UUID
    account = (described.get("StackId", "").split(":") + [""] * 5)[4]
    return Stack(stack_name, outputs, session, parameters, account or "unknown")
