"""How Firehose names the objects that it writes: the prefix, and the object's name behind it.

Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects" and "Configure Amazon S3 object
name format".
"""

from datetime import UTC, datetime, timedelta

from local_aws.errors import SettingsError

DAY = "!{timestamp:yyyy-MM-dd}"
ERROR_TYPE = "!{firehose:error-output-type}"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROCESSING_FAILED = "processing-failed"  # the only error type of a stream that converts no formats


def check_prefix(where: str, prefix: str, expressions: tuple[str, ...]) -> str:
    """Return a prefix that has all these expressions and no others. Raises SettingsError for every other prefix."""
    rest = prefix
    for each in expressions:
        rest = rest.replace(each, "")
    if "!{" in rest or not all(each in prefix for each in expressions):
        raise SettingsError(f"{where} is {prefix!r}: the stand-in takes {' and '.join(expressions)} in it, no others.")
    return prefix


def evaluate(prefix: str, arrival_ms: int) -> str:
    """Return a prefix with its expressions replaced.

    `arrival_ms` is when the oldest record of the object arrived, in milliseconds since 1970.
    """
    return prefix.replace(DAY, f"{_time(arrival_ms):%Y-%m-%d}").replace(ERROR_TYPE, _PROCESSING_FAILED)


def object_name(stream_name: str, version: int, arrival_ms: int, uuid: str, extension: str) -> str:
    """Return the part of an object's key that follows the prefix; `extension` has its dot."""
    return f"{stream_name}-{version}-{_time(arrival_ms):%Y-%m-%d-%H-%M-%S}-{uuid}{extension}"


def _time(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
