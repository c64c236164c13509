"""Reads a deployed pipe's settings: from the service, and from the stack's template what the emulator leaves out.

The emulator's DescribePipe has neither source nor target parameters. The account's own user reads them; the work is
done with the pipe's role.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.pipe.pattern import Matcher, PatternError, matcher
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.stream import CALL_RECORDS

PARTITION_KEY_PATH = re.compile(r"\$(\.[^.\[\]*?()@,:]+)+")
TAKEN_PARAMETERS = {"FilterCriteria", "DynamoDBStreamParameters", "KinesisStreamParameters"}


class PipeError(Exception):
    """The deployed pipe is not one that this stand-in can run; the text says what to change."""


@dataclass(frozen=True)
class Settings:
    """A pipe, by AWS' names. Retries and age are -1 for infinite."""

    name: str
    arn: str
    role_arn: str
    source_arn: str
    target_arn: str
    starting_seconds: float
    """Since the epoch: no older record is read. 0 for TRIM_HORIZON, the pipe's creation for LATEST.

    AWS' pipe finds LATEST a little after its creation, and may miss a write. A worker that is started again must not.
    """
    matches: Matcher
    partition_key: str
    batch_size: int
    maximum_batching_window_seconds: int
    maximum_retry_attempts: int
    maximum_record_age_seconds: int
    bisect: bool
    dead_letter_queue_url: str | None


def read(stack: Stack) -> Settings:
    """Return the settings of the stack's pipe. Raises PipeError where it asks for what this stand-in lacks."""
    pipe: dict[str, Any] = stack.session.client("pipes").describe_pipe(Name=stack["PipeName"])
    source, target = _parameters(stack)
    stream, to_kinesis = source.get("DynamoDBStreamParameters"), target.get("KinesisStreamParameters")
    if not stream or not to_kinesis or (source | target).keys() - TAKEN_PARAMETERS:
        raise PipeError(
            f"Pipe {pipe['Name']} must go from a DynamoDB stream to a Kinesis stream, without an InputTemplate: "
            f"found {sorted(source)} and {sorted(target)}."
        )
    filters = source.get("FilterCriteria", {}).get("Filters", [])
    try:
        matches = matcher(each["Pattern"] for each in filters)
    except PatternError as error:
        raise PipeError(f"Pipe {pipe['Name']}, FilterCriteria: {error}") from None
    return Settings(
        name=pipe["Name"],
        arn=pipe["Arn"],
        role_arn=pipe["RoleArn"],
        source_arn=pipe["Source"],
        target_arn=pipe["Target"],
        starting_seconds=pipe["CreationTime"].timestamp() if stream["StartingPosition"] == "LATEST" else 0,
        matches=matches,
        partition_key=_checked_path(to_kinesis["PartitionKey"]),
        batch_size=_checked_size(int(stream.get("BatchSize", 100))),
        maximum_batching_window_seconds=int(stream.get("MaximumBatchingWindowInSeconds", 0)),
        maximum_retry_attempts=int(stream.get("MaximumRetryAttempts", -1)),
        maximum_record_age_seconds=int(stream.get("MaximumRecordAgeInSeconds", -1)),
        bisect=stream.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        dead_letter_queue_url=_queue_url(stack, stream.get("DeadLetterConfig", {}).get("Arn")),
    )


def _checked_path(partition_key: str) -> str:
    if partition_key.startswith("$") and not PARTITION_KEY_PATH.fullmatch(partition_key):
        raise PipeError(
            f"PartitionKey must be a path of names such as $.dynamodb.Keys.orderid.S: found {partition_key}."
        )
    return partition_key


def _checked_size(batch_size: int) -> int:
    if not 1 <= batch_size <= CALL_RECORDS:
        raise PipeError(f"BatchSize must be 1 to {CALL_RECORDS} for a Kinesis target: found {batch_size}.")
    return batch_size


def _queue_url(stack: Stack, queue_arn: str | None) -> str | None:
    if queue_arn is None:
        return None
    if queue_arn.split(":")[2] != "sqs":
        raise PipeError(f"DeadLetterConfig must name an SQS queue here: found {queue_arn}.")
    url: str = stack.session.client("sqs").get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    return url


def _parameters(stack: Stack) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pipe's SourceParameters and TargetParameters as they were deployed."""
    cloudformation = stack.session.client("cloudformation")
    template: Any = cloudformation.get_template(StackName=stack.name, TemplateStage="Processed")["TemplateBody"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    physical_ids = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
    logical_id = next(name for name, physical_id in physical_ids.items() if physical_id == stack["PipeName"])

    def queue_arn(logical_id: str) -> str:
        attributes = stack.session.client("sqs").get_queue_attributes(
            QueueUrl=physical_ids[logical_id], AttributeNames=["QueueArn"]
        )
        arn: str = attributes["Attributes"]["QueueArn"]
        return arn

    properties = template["Resources"][logical_id]["Properties"]
    scope = Scope(stack.parameters, template.get("Conditions", {}), queue_arn)
    return scope.resolve(properties["SourceParameters"]), scope.resolve(properties["TargetParameters"])


@dataclass(frozen=True)
class Scope:
    """What the intrinsic functions in a pipe's parameters refer to."""

    parameters: Mapping[str, str]
    conditions: Mapping[str, Any]
    queue_arn: Callable[[str], str]
    """Gives the ARN of a queue by its logical id: no other attribute stands in a pipe's parameters."""

    def resolve(self, value: Any) -> Any:  # noqa: ANN401, PLR0911 - JSON; a return per function
        """Return the value with each intrinsic function replaced by its result. Raises PipeError for unknown ones."""
        match value:
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": str(name)} if name in self.parameters:
                return self.parameters[name]
            case {"Fn::GetAtt": [str(logical_id), "Arn"]}:
                return self.queue_arn(logical_id)
            case {"Fn::If": [str(condition), chosen, other]}:
                return self.resolve(chosen if self._holds({"Condition": condition}) else other)
            case dict():
                _refuse_functions(value)
                members = {name: self.resolve(each) for name, each in value.items()}
                return {name: each for name, each in members.items() if each is not None}
            case list():
                return [each for each in map(self.resolve, value) if each is not None]
            case _:
                return value

    def _holds(self, condition: Any) -> bool:  # noqa: ANN401 - JSON
        match condition:
            case {"Condition": str(name)} if name in self.conditions:
                return self._holds(self.conditions[name])
            case {"Fn::Equals": [one, other]}:
                return bool(self.resolve(one) == self.resolve(other))
            case {"Fn::Not": [negated]}:
                return not self._holds(negated)
            case {"Fn::And": list(all_of)}:
                return all(map(self._holds, all_of))
            case {"Fn::Or": list(any_of)}:
                return any(map(self._holds, any_of))
            case _:
                raise PipeError(f"A pipe's parameters can't depend on this condition here: {condition}.")


def _refuse_functions(value: Mapping[str, object]) -> None:
    for name in value:
        if name == "Ref" or name.startswith("Fn::"):
            raise PipeError(f"A pipe's parameters can't hold this here: {dict(value)}.")
