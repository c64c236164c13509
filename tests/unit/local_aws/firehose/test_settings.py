"""Firehose's stand-in takes the template's settings, and refuses all others before it starts."""

import copy
from datetime import UTC, datetime

import pytest

from local_aws.deployed import find_properties
from local_aws.errors import SettingsError
from local_aws.firehose.settings import MIB, Hints, Processor, merge_update, parse
from tests.unit.template.parsed import TEMPLATE, resolve

ROLE, STREAM, BUCKET, GROUP, LOG_STREAM = "DeliveryStreamRole.Arn", "stream-arn", "arn:aws:s3:::bucket", "group", "logs"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:transform:$LATEST"
START = datetime(2026, 11, 22, tzinfo=UTC)


def deployed():
    """Return the template's delivery stream, as the emulator describes it."""
    properties = copy.deepcopy(find_properties(TEMPLATE, "AWS::KinesisFirehose::DeliveryStream"))
    s3 = resolve(properties["ExtendedS3DestinationConfiguration"])
    s3 |= {"RoleARN": ROLE, "BucketARN": BUCKET, "S3BackupMode": "Disabled"}
    s3["EncryptionConfiguration"] = {"NoEncryptionConfig": "NoEncryption"}
    s3["BufferingHints"] = {name: str(value) for name, value in s3["BufferingHints"].items()}
    s3["CloudWatchLoggingOptions"] = {"Enabled": "true", "LogGroupName": GROUP, "LogStreamName": LOG_STREAM}
    given = {"LambdaArn": FUNCTION, "RoleArn": ROLE}
    for parameter in parameters(s3):
        parameter["ParameterValue"] = given.get(parameter["ParameterName"], parameter["ParameterValue"])
    source = {"KinesisStreamARN": STREAM, "RoleARN": ROLE, "DeliveryStartTimestamp": START}
    described = {
        "DeliveryStreamName": "rows",
        "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/rows",
        "Source": {"KinesisStreamSourceDescription": source},
    }
    return described, s3


def parameters(s3):
    return s3["ProcessingConfiguration"]["Processors"][0]["Parameters"]


def test_the_templates_settings_are_taken():
    settings = parse(*deployed(), 3)
    assert (settings.stream_name, settings.version, settings.start) == ("rows", 3, START)
    assert (settings.source_arn, settings.role_arn, settings.bucket) == (STREAM, ROLE, "bucket")
    assert (settings.log_group_name, settings.log_stream_name) == (GROUP, LOG_STREAM)
    assert (settings.hints, settings.extension) == (Hints(64 * MIB, 60), ".json")
    assert settings.processor == Processor(FUNCTION, 3, Hints(MIB, 10))


def s3(**changes):
    return lambda _, s3: s3.update(changes)


def processor(name, value):
    def change(_, s3):
        for parameter in parameters(s3):
            if parameter["ParameterName"] == name:
                parameter["ParameterValue"] = value

    return change


def processors(*types):
    return s3(ProcessingConfiguration={"Enabled": True, "Processors": [{"Type": each} for each in types]})


def hints(**changes):
    return lambda _, s3: s3["BufferingHints"].update(changes)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda described, _: described.pop("Source"), "has no KinesisStreamSourceDescription"),
        (lambda _, s3: s3.update(RoleARN="another"), "has RoleARN DeliveryStreamRole.Arn, and the stand-in takes only"),
        (lambda _, s3: parameters(s3).pop(), "has no BufferIntervalInSeconds"),
        (lambda _, s3: s3.pop("ProcessingConfiguration"), "has no ProcessingConfiguration"),
        (lambda _, s3: s3["CloudWatchLoggingOptions"].update(Enabled=False), "Enabled False"),
        (s3(CompressionFormat="GZIP"), "CompressionFormat GZIP"),
        (s3(FileExtension={"Ref": "Extension"}), "FileExtension {'Ref': 'Extension'}"),
        (s3(Prefix="rows/!{timestamp:yyyy}/"), "Prefix of Firehose stream rows is 'rows/!{timestamp:yyyy}/'"),
        (s3(ErrorOutputPrefix=""), "ErrorOutputPrefix of Firehose stream rows is ''"),
        (s3(S3BackupMode="Enabled"), "S3BackupMode Enabled"),
        (s3(EncryptionConfiguration={"KMSEncryptionConfig": {}}), "EncryptionConfiguration {'KMS"),
        (s3(CustomTimeZone="Asia/Tokyo"), "has CustomTimeZone, which"),
        (s3(DynamicPartitioningConfiguration={"Enabled": True}), "has DynamicPartitioningConfiguration, which"),
        (s3(DataFormatConversionConfiguration={"Enabled": True}), "has DataFormatConversionConfiguration, which"),
        (processors("AppendDelimiterToRecord"), "has processors ['AppendDelimiterToRecord']"),
        (processors("Lambda", "Lambda"), "has processors ['Lambda', 'Lambda']"),
        (processor("NumberOfRetries", "many"), "NumberOfRetries many"),
        (processor("BufferSizeInMBs", "4"), "BufferSizeInMBs 4"),
        (processor("RoleArn", "another"), "RoleArn another"),
        (hints(SizeInMBs=0), "SizeInMBs 0"),
        (hints(IntervalInSeconds=901), "IntervalInSeconds 901"),
    ],
)
def test_every_other_setting_is_refused(change, complaint):
    described, destination = deployed()
    change(described, destination)
    with pytest.raises(SettingsError) as raised:
        parse(described, destination, 1)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_update_of_one_setting_leaves_the_others():
    # As the emulator describes an UpdateDestination with BufferingHints alone.
    updated = {
        "RoleARN": "",
        "BucketARN": "",
        "Prefix": "",
        "ErrorOutputPrefix": "",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 2},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "S3BackupMode": "Disabled",
    }
    _, kept = deployed()
    assert merge_update(kept, updated) == kept | {"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 2}}


def test_a_deploy_replaces_all_settings():
    updated = {"BucketARN": BUCKET, "Prefix": ""}
    assert merge_update(deployed()[1], updated) == updated
