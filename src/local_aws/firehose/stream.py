"""Takes a deployed Firehose stream over from the emulator, which would deliver each record by itself, unbuffered."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.files import replace_text
from local_aws.deployed import find_properties, read_template
from local_aws.errors import SettingsError
from local_aws.firehose.settings import Document, FirehoseSettings, merge_update, parse
from sales_pipeline.aws.stack import Stack, StackError

# The emulator takes such a destination and never delivers to it.
NOWHERE = {"EndpointConfiguration": {"Url": "https://delivered.by/", "Name": "local_aws.firehose"}}

# The emulator's description leaves these out, even where they were deployed.
_UNDESCRIBED = ("FileExtension", "CustomTimeZone")


def read_json(path: Path) -> Document:
    """Return the document that `write_json` wrote last, or an empty one."""
    try:
        document: Document = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return document


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a document. A kill leaves the old one or the new one."""
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

    def read(self) -> FirehoseSettings:
        """Return the current settings, after the emulator's own delivery is switched off.

        A deploy or an UpdateDestination switches it on again, and brings new settings. Raises SettingsError for
        settings that the stand-in does not take, and StackError once the stream is gone.
        """
        try:
            answer = self._firehose.describe_delivery_stream(DeliveryStreamName=self.name)
        except self._firehose.exceptions.ResourceNotFoundException:
            raise StackError(
                f"Firehose stream {self.name} of stack {self._stack.name} is gone: deploy the stack, and start again."
            ) from None
        described = answer["DeliveryStreamDescription"]
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
        s3 = merge_update(kept.get("s3", {}), updated | self._undescribed())
        # The emulator's version also counts each time that the stand-in switches its delivery off.
        version = kept.get("version", 0) + 1
        settings = parse(described, s3, version)
        write_json(self._path, {"s3": s3, "version": version})
        self._firehose.update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=destination["DestinationId"],
            HttpEndpointDestinationUpdate=NOWHERE,
        )
        return settings

    def _undescribed(self) -> Document:
        properties = find_properties(read_template(self._stack), "AWS::KinesisFirehose::DeliveryStream")
        deployed = properties["ExtendedS3DestinationConfiguration"]
        return {name: deployed[name] for name in _UNDESCRIBED if name in deployed}
