"""Takes a deployed Firehose stream over from the emulator, which would deliver each record by itself, unbuffered."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.files import replace_text
from local_aws.firehose.settings import Document, Settings, SettingsError, merge_update, parse
from sales_pipeline.aws.stack import Stack, StackError

# The emulator takes such a destination and never delivers to it.
NOWHERE = {"EndpointConfiguration": {"Url": "https://delivered.by/", "Name": "local_aws.firehose"}}

# What the emulator doesn't describe, though it was deployed.
_UNDESCRIBED = ("FileExtension", "CustomTimeZone")


def read_json(path: Path) -> Document:
    """Return what `write_json` wrote last, or nothing."""
    try:
        document: Document = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return document


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a document so that a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, json.dumps(document))


class Stream:
    """The Firehose stream of a stack. The S3 settings that the emulator had are kept in `state_dir`."""

    def __init__(self, stack: Stack, state_dir: Path) -> None:
        self.name = stack["DeliveryStreamName"]
        self._stack = stack
        self._firehose = stack.session.client("firehose")
        self._path = state_dir / f"firehose-{self.name}" / "settings.json"
        self.checkpoint_path = self._path.with_name("checkpoint.json")

    def read(self) -> Settings:
        """Return the current settings, after the emulator's own delivery is switched off.

        A deploy or UpdateDestination switches it on again, with the settings to use from then on. Raises SettingsError
        for settings that can't be followed, and StackError once the stream is gone.
        """
        try:
            answer = self._firehose.describe_delivery_stream(DeliveryStreamName=self.name)
        except self._firehose.exceptions.ResourceNotFoundException:
            raise StackError(
                f"Firehose stream {self.name} of stack {self._stack.name} is gone: deploy the stack, and start again."
            ) from None
        described = answer["DeliveryStreamDescription"]
        version = int(described["VersionId"])
        destination = described["Destinations"][0]
        kept = read_json(self._path)
        updated: Any = destination.get("ExtendedS3DestinationDescription")
        if not updated:
            if not kept:
                raise SettingsError(
                    f"Firehose stream {self.name} was taken over by another run, whose --state-dir has its settings: "
                    "use that one, or deploy the stack to another emulator."
                )
            return parse(described, kept["s3"], kept["version"])
        s3 = merge_update(kept.get("s3", {}), updated | self._undescribed(updated))
        # Its version counts our own switching too, which AWS would know nothing of.
        own = kept["version"] + max(0, version - kept["emulator_version"]) if kept else version
        settings = parse(described, s3, own)
        write_json(self._path, {"s3": s3, "version": own, "emulator_version": version + 1})
        self._firehose.update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=destination["DestinationId"],
            HttpEndpointDestinationUpdate=NOWHERE,
        )
        return settings

    def _undescribed(self, described: Document) -> Document:
        cloudformation = self._stack.session.client("cloudformation")
        resources = cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._stack.name)
        (logical_id,) = (
            resource["LogicalResourceId"]
            for page in resources
            for resource in page["StackResourceSummaries"]
            if resource.get("PhysicalResourceId") == self.name
        )
        template: Any = cloudformation.get_template(StackName=self._stack.name, TemplateStage="Processed")
        deployed = template["TemplateBody"]["Resources"][logical_id]["Properties"]["ExtendedS3DestinationConfiguration"]
        found = {key: deployed[key] for key in _UNDESCRIBED if key in deployed and key not in described}
        for key, value in found.items():
            if not isinstance(value, str):
                raise SettingsError(f"{key} of {logical_id} in the template is no plain text: write it out.")
        return found
