"""What a Firehose stream is set to do, read from its description.

Amazon Data Firehose API Reference, "DeliveryStreamDescription" and "ExtendedS3DestinationDescription".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_aws.deployed import ANY, expect, number
from local_aws.errors import SettingsError
from local_aws.firehose.names import DAY, ERROR_TYPE, check_prefix

MIB = 1024 * 1024

Document = dict[str, Any]

# The emulator describes these values for settings that an UpdateDestination left out; it does not merge them itself.
_DEFAULTS: Document = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "S3BackupMode": "Disabled",
}
_GROUPS = ("BufferingHints", "ProcessingConfiguration", "CloudWatchLoggingOptions")
_DESTINATION: Document = {
    **_DEFAULTS,
    **dict.fromkeys(("BucketARN", "RoleARN", "Prefix", "ErrorOutputPrefix", *_GROUPS), ANY),
    "FileExtension": ".json",
}


@dataclass(frozen=True)
class Hints:
    """A buffer ends at a size or an age, whichever comes first."""

    size_bytes: int
    interval_seconds: float


@dataclass(frozen=True)
class Processor:
    """The transformation function, by its qualified ARN, and how to call it."""

    lambda_arn: str
    retries: int
    hints: Hints


@dataclass(frozen=True)
class FirehoseSettings:
    """A Firehose stream from a Kinesis data stream through a function to S3, with one role for all of it."""

    stream_name: str
    stream_arn: str
    version: int
    source_arn: str
    start: datetime
    """Records that arrived in the source earlier are not read: those from before the stream's creation."""
    role_arn: str
    bucket: str
    prefix: str
    error_output_prefix: str
    hints: Hints
    extension: str
    log_group_name: str
    log_stream_name: str
    processor: Processor


def merge_update(kept: Document, updated: Document) -> Document:
    """Return the S3 settings after a deploy, or after an UpdateDestination, which changes only what it is given.

    `kept` are the settings before, `updated` is how the emulator describes them after. A deploy names a bucket.
    """
    if updated.get("BucketARN"):
        return updated
    return kept | {key: value for key, value in updated.items() if value and value != _DEFAULTS.get(key)}


def parse(described: Mapping[str, Any], s3: Document, version: int) -> FirehoseSettings:
    """Return the settings in a DeliveryStreamDescription and its ExtendedS3DestinationDescription.

    Raises SettingsError for settings that are not the template's.
    """
    name = described["DeliveryStreamName"]
    where = f"Firehose stream {name}"
    expect(where, s3, _DESTINATION)
    expect(f"Source of {where}", described.get("Source", {}), {"KinesisStreamSourceDescription": ANY})
    source = described["Source"]["KinesisStreamSourceDescription"]
    fields = {"KinesisStreamARN": ANY, "DeliveryStartTimestamp": ANY, "RoleARN": s3["RoleARN"]}
    expect(f"Source of {where}", source, fields)
    logs = s3["CloudWatchLoggingOptions"]
    expect(f"CloudWatchLoggingOptions of {where}", logs, {"Enabled": True, "LogGroupName": ANY, "LogStreamName": ANY})
    hints_where = f"BufferingHints of {where}"
    return FirehoseSettings(
        stream_name=name,
        stream_arn=described["DeliveryStreamARN"],
        version=version,
        source_arn=source["KinesisStreamARN"],
        start=source["DeliveryStartTimestamp"],
        role_arn=s3["RoleARN"],
        bucket=s3["BucketARN"].rpartition(":")[2],
        prefix=check_prefix(f"Prefix of {where}", s3["Prefix"], (DAY,)),
        error_output_prefix=check_prefix(f"ErrorOutputPrefix of {where}", s3["ErrorOutputPrefix"], (ERROR_TYPE, DAY)),
        hints=Hints(
            int(number(hints_where, s3["BufferingHints"], "SizeInMBs", 1, 128) * MIB),
            number(hints_where, s3["BufferingHints"], "IntervalInSeconds", 0, 900),
        ),
        extension=s3["FileExtension"],
        log_group_name=logs["LogGroupName"],
        log_stream_name=logs["LogStreamName"],
        processor=_processor(f"ProcessingConfiguration of {where}", s3["RoleARN"], s3["ProcessingConfiguration"]),
    )


def _processor(where: str, role_arn: str, configuration: Document) -> Processor:
    expect(where, configuration, {"Enabled": True, "Processors": ANY})
    types = [each["Type"] for each in configuration["Processors"]]
    if types != ["Lambda"]:
        raise SettingsError(f"{where} has processors {types}, and the stand-in takes one, of type Lambda.")
    parameters = {
        each["ParameterName"]: each["ParameterValue"] for each in configuration["Processors"][0]["Parameters"]
    }
    names = ("LambdaArn", "NumberOfRetries", "BufferSizeInMBs", "BufferIntervalInSeconds")
    expect(where, parameters, dict.fromkeys(names, ANY) | {"RoleArn": role_arn})
    return Processor(
        lambda_arn=parameters["LambdaArn"],
        retries=int(number(where, parameters, "NumberOfRetries", 0, 300)),
        hints=Hints(
            int(number(where, parameters, "BufferSizeInMBs", 0.2, 3) * MIB),
            number(where, parameters, "BufferIntervalInSeconds", 0, 900),
        ),
    )
