"""What a Firehose stream is set to do, read from its description.

Amazon Data Firehose API Reference, "DeliveryStreamDescription" and "ExtendedS3DestinationDescription".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_aws.firehose.names import PrefixError, complete_prefixes

MIB = 1024 * 1024

Document = dict[str, Any]

# What the emulator answers for settings that an update left out; its own UpdateDestination doesn't merge them.
_UNSAID: Document = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "S3BackupMode": "Disabled",
}


class SettingsError(Exception):
    """The stream is set to do what this stand-in doesn't; the text names the setting."""


@dataclass(frozen=True)
class Hints:
    """A buffer ends at a size or an age, whichever comes first."""

    size_bytes: int
    interval_seconds: float


@dataclass(frozen=True)
class Processor:
    """The transformation function, by its qualified ARN, and how to call it."""

    lambda_arn: str
    role_arn: str
    retries: int
    hints: Hints


@dataclass(frozen=True)
class Settings:
    """A Firehose stream from a Kinesis data stream to S3."""

    stream_name: str
    stream_arn: str
    version: int
    source_arn: str
    source_role_arn: str
    start: datetime  # of the source's records, by arrival
    bucket: str
    role_arn: str
    prefix: str
    error_output_prefix: str
    hints: Hints
    gzip: bool
    extension: str
    log_group_name: str  # empty where the stream doesn't log
    log_stream_name: str
    processor: Processor | None


def merge_update(kept: Document, updated: Document) -> Document:
    """Return the S3 settings after UpdateDestination, which leaves alone what it isn't given.

    `kept` are the settings before, `updated` what the emulator describes after. Settings that name a bucket are whole.
    """
    if updated.get("BucketARN"):
        return updated
    return kept | {key: value for key, value in updated.items() if value and value != _UNSAID.get(key)}


def parse(described: Mapping[str, Any], s3: Document, version: int) -> Settings:
    """Read a DeliveryStreamDescription and the ExtendedS3DestinationDescription that belongs to it.

    Raises SettingsError for what this stand-in doesn't do, so that nobody takes it for done.
    """
    name = described["DeliveryStreamName"]
    source = described.get("Source", {}).get("KinesisStreamSourceDescription")
    if not source:
        raise SettingsError(f"Firehose stream {name} doesn't read a Kinesis data stream: only that is done here.")
    for setting in ("DataFormatConversionConfiguration", "DynamicPartitioningConfiguration"):
        if setting in s3 and _enabled({"Enabled": True} | s3[setting]):
            raise SettingsError(f"Firehose stream {name} has a {setting}, which isn't done here: remove it.")
    compression = s3.get("CompressionFormat", "UNCOMPRESSED")
    if compression not in ("UNCOMPRESSED", "GZIP"):
        raise SettingsError(f"Firehose stream {name} compresses as {compression}: use GZIP or UNCOMPRESSED here.")
    if s3.get("S3BackupMode", "Disabled") != "Disabled":
        raise SettingsError(f"Firehose stream {name} has S3BackupMode Enabled, which isn't done here: disable it.")
    if s3.get("CustomTimeZone", "") not in ("", "UTC"):
        raise SettingsError(f"Firehose stream {name} has CustomTimeZone {s3['CustomTimeZone']}: use UTC here.")
    try:
        prefix, error_output_prefix = complete_prefixes(s3.get("Prefix", ""), s3.get("ErrorOutputPrefix", ""))
    except PrefixError as error:
        raise SettingsError(f"Firehose stream {name}: {error}") from None
    gzip = compression == "GZIP"
    logging = s3.get("CloudWatchLoggingOptions", {})
    logs = _enabled(logging)
    hints = s3["BufferingHints"]
    return Settings(
        stream_name=name,
        stream_arn=described["DeliveryStreamARN"],
        version=version,
        source_arn=source["KinesisStreamARN"],
        source_role_arn=source["RoleARN"],
        start=source.get("DeliveryStartTimestamp", described["CreateTimestamp"]),
        bucket=s3["BucketARN"].rpartition(":")[2],
        role_arn=s3["RoleARN"],
        prefix=prefix,
        error_output_prefix=error_output_prefix,
        hints=Hints(int(hints["SizeInMBs"]) * MIB, float(hints["IntervalInSeconds"])),
        gzip=gzip,
        extension=s3.get("FileExtension") or (".gz" if gzip else ""),
        log_group_name=logging["LogGroupName"] if logs else "",
        log_stream_name=logging["LogStreamName"] if logs else "",
        processor=_processor(name, s3["RoleARN"], s3.get("ProcessingConfiguration", {})),
    )


def _processor(name: str, role_arn: str, configuration: Document) -> Processor | None:
    processors = configuration.get("Processors", [])
    if not _enabled(configuration) or not processors:
        return None
    types = [each["Type"] for each in processors]
    if types != ["Lambda"]:
        raise SettingsError(f"Firehose stream {name} has processors {', '.join(types)}: use one of type Lambda here.")
    values: dict[str, str] = {each["ParameterName"]: each["ParameterValue"] for each in processors[0]["Parameters"]}
    if "LambdaArn" not in values:
        raise SettingsError(f"Firehose stream {name} has a Lambda processor without LambdaArn: add it.")
    return Processor(
        lambda_arn=values["LambdaArn"],
        role_arn=values.get("RoleArn") or role_arn,
        retries=int(values.get("NumberOfRetries", "3")),
        hints=Hints(
            int(float(values.get("BufferSizeInMBs", "1")) * MIB), float(values.get("BufferIntervalInSeconds", "60"))
        ),
    )


def _enabled(configuration: Mapping[str, Any]) -> bool:
    # CloudFormation passes some of its values on as strings.
    return str(configuration.get("Enabled", False)).lower() == "true"
