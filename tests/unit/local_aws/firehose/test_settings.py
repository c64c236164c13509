import copy
from datetime import UTC, datetime

import pytest

from local_aws.firehose.settings import MIB, Hints, Processor, SettingsError, merge_update, parse

ROLE = "arn:aws:iam::123456789012:role/delivery"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:transform:$LATEST"
START = datetime(2026, 11, 22, tzinfo=UTC)
DESCRIBED = {
    "DeliveryStreamName": "sales",
    "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/sales",
    "CreateTimestamp": START,
    "Source": {
        "KinesisStreamSourceDescription": {
            "KinesisStreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
            "RoleARN": f"{ROLE}-source",
        }
    },
}
S3 = {
    "RoleARN": ROLE,
    "BucketARN": "arn:aws:s3:::bucket",
    "Prefix": "sales_data/dt=!{timestamp:yyyy-MM-dd}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": "60"},
    "CompressionFormat": "UNCOMPRESSED",
    "FileExtension": ".json",
    "CloudWatchLoggingOptions": {"Enabled": True, "LogGroupName": "group", "LogStreamName": "stream"},
    "ProcessingConfiguration": {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Lambda",
                "Parameters": [
                    {"ParameterName": "LambdaArn", "ParameterValue": FUNCTION},
                    {"ParameterName": "BufferSizeInMBs", "ParameterValue": "0.2"},
                ],
            }
        ],
    },
}


def s3(**changes):
    return copy.deepcopy(S3) | changes


def test_the_settings_are_those_described():
    settings = parse(DESCRIBED, S3, 3)
    assert (settings.stream_name, settings.version, settings.start) == ("sales", 3, START)
    assert (settings.bucket, settings.role_arn, settings.source_role_arn) == ("bucket", ROLE, f"{ROLE}-source")
    assert settings.hints == Hints(64 * MIB, 60)
    assert (settings.gzip, settings.extension) == (False, ".json")
    assert (settings.log_group_name, settings.log_stream_name) == ("group", "stream")


def test_a_processor_has_the_guides_defaults():
    assert parse(DESCRIBED, S3, 1).processor == Processor(FUNCTION, ROLE, 3, Hints(209715, 60))


@pytest.mark.parametrize("configuration", [{}, {"Enabled": False}, {"Enabled": "false"}, {"Enabled": True}])
def test_without_a_processor_nothing_is_transformed(configuration):
    configuration = S3["ProcessingConfiguration"] | configuration if "Enabled" in configuration else configuration
    if configuration.get("Enabled") is True:
        configuration = configuration | {"Processors": []}
    assert parse(DESCRIBED, s3(ProcessingConfiguration=configuration), 1).processor is None


@pytest.mark.parametrize(("extension", "expected"), [("", ".gz"), (".json.gz", ".json.gz")])
def test_gzip_has_an_extension_unless_another_is_given(extension, expected):
    settings = parse(DESCRIBED, s3(CompressionFormat="GZIP", FileExtension=extension), 1)
    assert (settings.gzip, settings.extension) == (True, expected)


def test_a_start_of_delivery_goes_before_the_creation():
    described = copy.deepcopy(DESCRIBED)
    later = datetime(2026, 11, 23, tzinfo=UTC)
    described["Source"]["KinesisStreamSourceDescription"]["DeliveryStartTimestamp"] = later
    assert parse(described, S3, 1).start == later


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"CompressionFormat": "Snappy"}, "Snappy"),
        ({"Prefix": "!{timestamp:QQ}/"}, "QQ"),
        ({"DataFormatConversionConfiguration": {"SchemaConfiguration": {}}}, "DataFormatConversionConfiguration"),
        ({"DynamicPartitioningConfiguration": {"Enabled": True}}, "DynamicPartitioningConfiguration"),
        ({"S3BackupMode": "Enabled"}, "S3BackupMode"),
        ({"CustomTimeZone": "Asia/Tokyo"}, "Asia/Tokyo"),
        (
            {"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "AppendDelimiterToRecord"}]}},
            "AppendDelimiterToRecord",
        ),
        (
            {"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": []}]}},
            "LambdaArn",
        ),
    ],
)
def test_what_is_not_done_here_is_refused_by_name(changes, named):
    with pytest.raises(SettingsError) as raised:
        parse(DESCRIBED, s3(**changes), 1)
    assert named in str(raised.value)
    assert "sales" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_stream_without_a_kinesis_source_is_refused():
    with pytest.raises(SettingsError, match="Kinesis data stream"):
        parse({key: value for key, value in DESCRIBED.items() if key != "Source"}, S3, 1)


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
    kept = s3(CompressionFormat="GZIP")
    assert merge_update(kept, updated) == kept | {"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 2}}


def test_a_deploy_replaces_all_settings():
    deployed = {"BucketARN": "arn:aws:s3:::bucket", "Prefix": ""}
    assert merge_update(S3, deployed) == deployed
