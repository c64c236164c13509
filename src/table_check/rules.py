"""Whether the pipeline can read a table that the stack did not make. Pure: no AWS, no environment, no clock.

Every reason is one line, because people read it in the stack's events: what is wrong, then what to do.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

# Amazon DynamoDB API reference, "StreamSpecification": the views that have the item as it is after the change.
_VIEWS = ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")
_KEY_TYPES = ("S", "N")
_ENABLE = "Enable it with NEW_IMAGE or NEW_AND_OLD_IMAGES, and deploy with its new ARN."

Table = Mapping[str, Any]
"""A table, as DescribeTable of DynamoDB gives it."""


class UnfitTableError(ValueError):
    """The pipeline can't read this table. Its text is the reason."""


class Stream(NamedTuple):
    """What the ARN of a table's stream says."""

    arn: str
    region: str
    account: str
    table_arn: str
    table_name: str


def parse(arn: str) -> Stream:
    """Read an ARN of the form arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/TIME."""
    _, _, _, region, account, *_ = [*arn.split(":"), "", "", "", "", ""]
    table_arn = arn.partition("/stream/")[0]
    return Stream(arn, region, account, table_arn, table_arn.partition(":table/")[2])


def check_place(stream: Stream, stack_id: str) -> None:
    """Raise UnfitTableError if the table is in another region or account than the stack, whose ARN this is."""
    _, _, _, region, account, _ = stack_id.split(":", 5)
    if stream.region != region:
        raise UnfitTableError(
            f"The table is in {stream.region}, and the stack in {region}. Deploy it where the table is."
        )
    if stream.account != account:
        raise UnfitTableError(
            f"The table belongs to account {stream.account}, and the stack to {account}. Deploy it where the table is."
        )


def check_key(table: Table, attribute: str, attribute_type: str) -> None:
    """Raise UnfitTableError unless this attribute, with this type, alone is the table's key."""
    name, keys = table["TableName"], {each["KeyType"]: each["AttributeName"] for each in table["KeySchema"]}
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    if "RANGE" in keys:
        raise UnfitTableError(
            f"Table {name} has the sort key {keys['RANGE']}. The pipeline reads only tables without a sort key."
        )
    found, found_type = keys["HASH"], types[keys["HASH"]]
    if found_type not in _KEY_TYPES:
        raise UnfitTableError(
            f"The partition key of table {name} is {found} ({found_type}). The pipeline reads only strings (S) and "
            "numbers (N)."
        )
    if (found, found_type) != (attribute, attribute_type):
        raise UnfitTableError(
            f"The partition key of table {name} is {found} ({found_type}), and KEY in src/transform/columns.py is "
            f"{attribute} ({attribute_type}). Change KEY, run make columns, then build and deploy again."
        )


def check_stream(table: Table, arn: str) -> None:
    """Raise UnfitTableError unless this is the ARN of the table's stream, which is enabled and has new images."""
    name, specification = table["TableName"], table.get("StreamSpecification", {})
    if not specification.get("StreamEnabled"):
        raise UnfitTableError(f"The stream of table {name} is disabled. {_ENABLE}")
    if table["LatestStreamArn"] != arn:
        raise UnfitTableError(f"Table {name} has a newer stream than {arn}. Deploy with {table['LatestStreamArn']}.")
    view = specification["StreamViewType"]
    if view not in _VIEWS:
        raise UnfitTableError(
            f"The stream of table {name} has {view}, which leaves out the new image. Disable it. {_ENABLE}"
        )


def check_encryption(table: Table, named_key_arn: str, aws_key_arn: Callable[[], str | None]) -> None:
    """Raise UnfitTableError if the table has a customer managed key other than the one that the stack was given.

    `aws_key_arn` gives the key that AWS manages for DynamoDB in this account and region, if it is known: everybody who
    may read the table may use that one (Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest").
    """
    found = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    if found and found != named_key_arn and found != aws_key_arn():
        raise UnfitTableError(
            f"Table {table['TableName']} is encrypted with a customer managed key. Deploy with "
            f"ExistingTableKeyArn={found}, which lets the pipe decrypt its stream."
        )
