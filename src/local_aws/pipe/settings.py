"""Reads a deployed pipe's settings.

The emulator's DescribePipe leaves out the pipe's source and target parameters, so they come from the stack's template.
The account's own user reads all this; the pipe's role does the work.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.deployed import ANY, Template, expect, find_properties, number, read_template
from local_aws.errors import SettingsError
from local_aws.pipe.pattern import Matcher, matcher
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.stream import CALL_RECORDS

_KEY_PATH = re.compile(r"\$(\.[^.\[\]*?()@,:]+)+")


@dataclass(frozen=True)
class PipeSettings:
    """A pipe, by AWS' names. It begins at TRIM_HORIZON, and cuts a refused batch in two (AUTOMATIC_BISECT)."""

    name: str
    arn: str
    role_arn: str
    source_arn: str
    target_arn: str
    matches: Matcher
    partition_key_path: str
    batch_size: int
    maximum_batching_window_seconds: int
    maximum_retry_attempts: int
    maximum_record_age_seconds: int
    dead_letter_queue_url: str


def read(stack: Stack) -> PipeSettings:
    """Return the settings of the stack's pipe. Raises SettingsError where the pipe has others than the template's."""
    pipe: dict[str, Any] = stack.session.client("pipes").describe_pipe(Name=stack["PipeName"])
    name, template = pipe["Name"], read_template(stack)
    properties = find_properties(template, "AWS::Pipes::Pipe")
    expect(
        f"Pipe {name}",
        properties,
        dict.fromkeys(("RoleArn", "Source", "SourceParameters", "Target", "TargetParameters"), ANY),
        ignored=("Description", "LogConfiguration"),
    )
    source = resolve(properties["SourceParameters"], stack.parameters, template.get("Conditions", {}))
    expect(f"SourceParameters of pipe {name}", source, {"FilterCriteria": ANY, "DynamoDBStreamParameters": ANY})
    where, stream = f"DynamoDBStreamParameters of pipe {name}", source["DynamoDBStreamParameters"]
    numbers = {
        "BatchSize": (1, CALL_RECORDS),  # the target takes no larger ones
        "MaximumBatchingWindowInSeconds": (0, 300),
        "MaximumRetryAttempts": (0, 10_000),
        "MaximumRecordAgeInSeconds": (60, 604_800),
    }
    fixed = {"StartingPosition": "TRIM_HORIZON", "OnPartialBatchItemFailure": "AUTOMATIC_BISECT"}
    expect(where, stream, fixed | dict.fromkeys(("DeadLetterConfig", *numbers), ANY))
    batch_size, window_seconds, attempts, age_seconds = (
        int(number(where, stream, each, *limits)) for each, limits in numbers.items()
    )
    return PipeSettings(
        name=name,
        arn=pipe["Arn"],
        role_arn=pipe["RoleArn"],
        source_arn=pipe["Source"],
        target_arn=pipe["Target"],
        matches=matcher(each["Pattern"] for each in source["FilterCriteria"]["Filters"]),
        partition_key_path=_key_path(name, resolve(properties["TargetParameters"], stack.parameters, {})),
        batch_size=batch_size,
        maximum_batching_window_seconds=window_seconds,
        maximum_retry_attempts=attempts,
        maximum_record_age_seconds=age_seconds,
        dead_letter_queue_url=_queue_url(where, stack, template, stream["DeadLetterConfig"]),
    )


def _key_path(name: str, target: Mapping[str, Any]) -> str:
    expect(f"TargetParameters of pipe {name}", target, {"KinesisStreamParameters": ANY})
    expect(f"KinesisStreamParameters of pipe {name}", target["KinesisStreamParameters"], {"PartitionKey": ANY})
    path: str = target["KinesisStreamParameters"]["PartitionKey"]
    if not _KEY_PATH.fullmatch(path):
        raise SettingsError(f"Pipe {name} has PartitionKey {path}, and the stand-in takes only a path such as $.a.b.")
    return path


def _queue_url(where: str, stack: Stack, template: Template, config: Mapping[str, Any]) -> str:
    match config:
        case {"Arn": {"Fn::GetAtt": [str(logical_id), "Arn"]}} if (
            template["Resources"][logical_id]["Type"] == "AWS::SQS::Queue"
        ):
            cloudformation = stack.session.client("cloudformation")
            answer = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId=logical_id)
            return answer["StackResourceDetail"]["PhysicalResourceId"]
    raise SettingsError(f"{where} has DeadLetterConfig {config}, and the stand-in takes only a queue of the template.")


def resolve(value: Any, parameters: Mapping[str, str], conditions: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return a value of the template with `Ref` and `Fn::If` replaced by what they give.

    `Fn::GetAtt` stays as it is. Raises SettingsError for other intrinsic functions, and for conditions that are not a
    single `Fn::Equals`.
    """
    match value:
        case {"Ref": str(name)} if name in parameters:
            return parameters[name]
        case {"Fn::If": [str(condition), chosen, other]}:
            holds = _holds(conditions.get(condition), parameters)
            return resolve(chosen if holds else other, parameters, conditions)
        case {"Fn::GetAtt": _}:
            return value
        case dict() if unknown := [name for name in value if name == "Ref" or name.startswith("Fn::")]:
            raise SettingsError(f"A pipe's parameters have {unknown[0]} {value[unknown[0]]}: write the value instead.")
        case dict():
            return {name: resolve(each, parameters, conditions) for name, each in value.items()}
        case list():
            return [resolve(each, parameters, conditions) for each in value]
    return value


def _holds(condition: object, parameters: Mapping[str, str]) -> bool:
    match condition:
        case {"Fn::Equals": [one, other]}:
            return bool(resolve(one, parameters, {}) == resolve(other, parameters, {}))
    raise SettingsError(f"A pipe's parameters depend on {condition}, and the stand-in takes only one Fn::Equals.")
