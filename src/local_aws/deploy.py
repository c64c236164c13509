"""Builds, deploys and deletes the stack on the emulator, with the same `sam` commands as on AWS.

The emulator does not support all of the template. So the built copy of the template is changed (`adapt`). That copy
never leaves this machine.
"""

import copy
import errno
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samcli.yamlhelper import yaml_dump, yaml_parse  # type: ignore[import-untyped]

from local_aws import disk, guard
from local_aws.emulator import REGION, Emulator
from local_aws.errors import LocalAwsError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

SAM_SECONDS = 120
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
STREAM_ACTIONS = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}

Template = dict[str, Any]


class DeployError(LocalAwsError):
    """A build, deploy or delete failed; the text gives the reason and the log's path."""


@dataclass(frozen=True)
class Sam:
    """The SAM CLI, run against one emulator. It writes only to `workdir` and to its log.

    `registry_proxies` are variables for `sam build` alone: its installer may need a proxy to reach a package registry.
    """

    emulator: Emulator
    workdir: Path
    log_path: Path
    registry_proxies: Mapping[str, str] = field(default_factory=dict)

    def build(self, template_path: Path) -> Path:
        """Build for this machine's Python; return the path of the built template, adapted to the emulator."""
        build_dir = self.workdir / "build"
        arguments = ("build", "--template-file", str(template_path), "--build-dir", str(build_dir))
        failure = self._run(*arguments, **self.registry_proxies)
        if failure:
            raise DeployError(f"sam build failed: {failure} See {self.log_path}.")
        built = build_dir / "template.yaml"
        # The orders of a minute that is over are all due at once.
        last_minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
        template = adapt(yaml_parse(built.read_text(encoding="utf-8")), last_minute)
        built.write_text(yaml_dump(template), encoding="utf-8")
        return built

    def deploy(self, built: Path, stack_name: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create or update the stack; return its outputs by key."""
        overrides = [f'{key}="{value}"' for key, value in parameters.items()]
        self._change(
            stack_name,
            "deploy",
            *("--template-file", str(built), "--resolve-s3", "--no-progressbar"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--capabilities", "CAPABILITY_IAM"),
            *(("--parameter-overrides", *overrides) if overrides else ()),
        )
        stack = self._cloudformation().describe_stacks(StackName=stack_name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def delete(self, stack_name: str) -> None:
        """Delete the stack and the files that `deploy` uploaded. It takes half a minute, SAM's time between checks."""
        self._change(stack_name, "delete", "--no-prompts")

    def _change(self, stack_name: str, command: str, *arguments: str) -> None:
        start = datetime.now(UTC)
        failure = self._run(command, "--stack-name", stack_name, "--region", REGION, *arguments)
        if failure:
            reason = self._reason(stack_name, start, failure)
            logs = f"{self.log_path} and {self.emulator.log_path}"
            raise DeployError(f"sam {command} failed for stack {stack_name}: {reason} See {logs}.")

    def _run(self, *arguments: str, **variables: str) -> str | None:
        """Run one `sam` command; return None, or the reason that it printed when it failed.

        Its environment has `variables` too.
        """
        home = self.workdir / "sam"
        home.mkdir(parents=True, exist_ok=True)
        # SAM asks PyPI for a newer version unless it did so within a week.
        (home / "metadata.json").write_text(json.dumps({"lastVersionCheck": time.time()}))
        # Without this empty file SAM reads samconfig.toml beside the template, whose settings are for AWS.
        settings = home / "samconfig.toml"
        settings.touch()
        environment = self.emulator.environment | {
            "LAMBDA_PYTHON": "host",
            "PYTHON": sys.executable,
            "MAKEFLAGS": "",  # else a make that runs this process would overrule the PYTHON above
            "SAM_CLI_POLL_DELAY": "0.5",
            "SAM_CLI_TELEMETRY": "0",
            "TMPDIR": str(home),  # SAM does not delete the archives that it uploads
            "__SAM_CLI_APP_DIR": str(home),
            **variables,
        }
        with self.log_path.open("a+b") as log:
            start = log.seek(0, os.SEEK_END)
            command = [sys.executable, "-m", "samcli", *arguments, "--config-file", str(settings)]
            process = guard.start(home, command, environment, log)
            try:
                code = process.wait(SAM_SECONDS)
            except subprocess.TimeoutExpired:
                return f"It took longer than {SAM_SECONDS} s."
            finally:
                process.stop()
            if code == 0:
                return None
            log.seek(start)
            printed = log.read().decode(errors="replace").splitlines()
        if os.strerror(errno.ENOSPC) in "".join(printed):
            # The emulator writes to the second folder. SAM's own files are deleted by now, so its disk may have space.
            full = disk.full(Path(tempfile.gettempdir())) or self.workdir
            return f"The disk that holds {full} is full: {disk.ADVICE}, then try again."
        errors = [line.removeprefix("Error: ") for line in printed if line.startswith("Error: ")]
        return f"{errors[0].rstrip('.')}." if errors else f"It {guard.how_it_ended(code)}."

    def _reason(self, stack_name: str, start: datetime, failure: str) -> str:
        """Return the reason of the first resource that failed since `start`, or `failure` and the last event."""
        client = self._cloudformation()
        try:
            pages = list(client.get_paginator("describe_stack_events").paginate(StackName=stack_name))
        except client.exceptions.ClientError:
            return failure  # the stack was never created
        events = [  # the newest first
            event
            for page in pages
            for event in page["StackEvents"]
            if event["Timestamp"] >= start and event["ResourceType"] != "AWS::CloudFormation::Stack"
        ]
        for event in reversed(events):
            if event["ResourceStatus"].endswith("_FAILED"):
                reason = event.get("ResourceStatusReason", "no reason given")
                return f"{event['LogicalResourceId']} is {event['ResourceStatus']}: {reason.rstrip('.')}."
        if events:
            return f"{failure} Last seen: {events[0]['LogicalResourceId']} is {events[0]['ResourceStatus']}."
        return failure

    def _cloudformation(self) -> "CloudFormationClient":
        return self.emulator.session().client("cloudformation", endpoint_url=self.emulator.endpoint_url)


def adapt(template: Template, scheduled_time: datetime) -> Template:
    """Return a copy of a built template that the emulator accepts and the stand-ins can work with.

    Tests check template.yaml itself for each of these changes:
    - Alarms on an expression are left out, of a dashboard too, because the emulator refuses them.
    - Every role also trusts its account, so that the stand-in for the role's service can assume it.
    - Stream actions are granted on every stream, because the emulator accepts no ARN for them.
    - Log actions on the streams of a log group are also granted on the group, because the emulator asks for that.
    - Plain HTTP is not denied, because the emulator has no TLS.
    - `scheduled_time` replaces the placeholder of a schedule's time, because the emulator does not fill it in. So every
      invocation by the schedule gets the same time.
    """
    template = copy.deepcopy(template)
    resources = template["Resources"]
    template["Resources"] = {name: each for name, each in resources.items() if not _is_alarm_on_expression(each)}
    left_out = resources.keys() - template["Resources"].keys()
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            account = {"AWS": {"Ref": "AWS::AccountId"}}
            trust = {"Effect": "Allow", "Principal": account, "Action": "sts:AssumeRole"}
            properties["AssumeRolePolicyDocument"]["Statement"].append(trust)
            for policy in properties.get("Policies", []):
                _widen_stream_actions(policy["PolicyDocument"])
                _widen_log_groups(policy["PolicyDocument"])
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            properties["DashboardBody"] = _without_alarms(properties["DashboardBody"], left_out)
        if resource["Type"] == "AWS::Scheduler::Schedule":
            target = properties["Target"]
            target["Input"] = target["Input"].replace(SCHEDULED_TIME, f"{scheduled_time:%Y-%m-%dT%H:%M:%SZ}")
        if resource["Type"] == "AWS::S3::BucketPolicy":
            document = properties["PolicyDocument"]
            document["Statement"] = [each for each in document["Statement"] if not _denies_plain_http(each)]
    return template


def _is_alarm_on_expression(resource: dict[str, Any]) -> bool:
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]


def _without_alarms(body: Any, names: Collection[str]) -> Any:  # noqa: ANN401 - a text, or functions that give it
    """Return a dashboard's body without the ARNs of these alarms in a list of its widgets."""
    if isinstance(body, dict):
        return {key: _without_alarms(each, names) for key, each in body.items()}
    if isinstance(body, list):
        return [_without_alarms(each, names) for each in body]
    return re.sub(rf'"\$\{{({"|".join(names)})\.Arn\}}",', "", body) if isinstance(body, str) and names else body


def _statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy, also those that a condition of the template chooses."""
    for statement in document["Statement"]:
        branches = statement["Fn::If"][1:] if "Fn::If" in statement else [statement]
        yield from (branch for branch in branches if "Action" in branch)


def _widen_stream_actions(document: dict[str, Any]) -> None:
    granted = set()
    for statement in _statements(document):
        actions = statement["Action"]
        granted |= STREAM_ACTIONS & {actions} if isinstance(actions, str) else STREAM_ACTIONS & set(actions)
    if granted:
        document["Statement"].append({"Effect": "Allow", "Action": sorted(granted), "Resource": "*"})


def _widen_log_groups(document: dict[str, Any]) -> None:
    for statement in _statements(document):
        if "logs:PutLogEvents" in statement["Action"]:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            statement["Resource"] = resources + [group for group in map(_log_group, resources) if group]


def _log_group(resource: Any) -> Any:  # noqa: ANN401 - an ARN, or the function that gives it
    """Return a log group's own ARN, given the ARN of its log streams (`…:*`) from Fn::GetAtt; None for other ARNs."""
    return {"Fn::Select": [0, {"Fn::Split": [":*", resource]}]} if "Fn::GetAtt" in resource else None


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    conditions: dict[str, Any] = statement.get("Condition", {}).get("Bool", {})
    return statement["Effect"] == "Deny" and "aws:SecureTransport" in conditions
