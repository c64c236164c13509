"""Which tables the pipeline can read, and the one line that says why it can't read another."""

import pytest

from table_check import rules

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/sales/5f2b1c80-c7a1-11f0-9a3e-0e1f5a2b3c4d"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders.eu"
STREAM = f"{TABLE}/stream/2026-11-22T11:26:00.000"
LATER = f"{TABLE}/stream/2026-11-23T08:00:00.000"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0f6c1d0e-8a4b-4c58-9c0e-5b0b8f0c9d11"
AWS_KEY = "arn:aws:kms:us-east-1:123456789012:key/aaaaaaaa-8a4b-4c58-9c0e-5b0b8f0c9d11"


def table(key="orderid", key_type="S", **more):
    """DescribeTable's answer, with other members or, for None, without a member."""
    described = {
        "TableName": "Orders.eu",
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [
            {"AttributeName": "customer", "AttributeType": "N"},
            {"AttributeName": key, "AttributeType": key_type},
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "LatestStreamArn": STREAM,
    }
    return {name: value for name, value in (described | more).items() if value is not None}


def with_sort_key(described):
    return described | {"KeySchema": [*described["KeySchema"], {"AttributeName": "customer", "KeyType": "RANGE"}]}


def with_view(view):
    return table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})


def encrypted(key_arn):
    return table(SSEDescription={"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key_arn})


SORT_KEY = "Table Orders.eu has the sort key customer. The pipeline reads only tables without a sort key."
CHANGE_KEY = (
    "and KEY in src/transform/columns.py is orderid (S). Change KEY, run make columns, then build and deploy again."
)
ENABLE = "Enable it with NEW_IMAGE or NEW_AND_OLD_IMAGES, and deploy with its new ARN."


def check(described, key=("orderid", "S"), named_key="", aws_key=AWS_KEY):
    rules.check_key(described, *key)
    rules.check_stream(described, STREAM)
    rules.check_encryption(described, named_key, lambda: aws_key)


def test_an_arn_names_its_table_region_and_account():
    assert rules.parse(STREAM) == rules.Stream(STREAM, "us-east-1", "123456789012", TABLE, "Orders.eu")


@pytest.mark.parametrize(
    ("described", "more"),
    [
        (table(), {}),
        (with_view("NEW_AND_OLD_IMAGES"), {}),
        (table("orderNumber", "N"), {"key": ("orderNumber", "N")}),
        (encrypted(AWS_KEY), {}),
        (encrypted(KEY), {"named_key": KEY}),
        (encrypted(KEY), {"named_key": KEY, "aws_key": None}),
        (table(), {"named_key": KEY}),  # it needs no key, so one too many does no harm
    ],
)
def test_a_table_fits(described, more):
    check(described, **more)


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        (
            STREAM.replace("us-east-1", "eu-west-1"),
            "The table is in eu-west-1, and the stack in us-east-1. Deploy it where the table is.",
        ),
        (
            STREAM.replace("123456789012", "210987654321"),
            "The table belongs to account 210987654321, and the stack to 123456789012. Deploy it where the table is.",
        ),
    ],
)
def test_a_table_elsewhere_is_refused(arn, reason):
    with pytest.raises(rules.UnfitTableError) as refused:
        rules.check_place(rules.parse(arn), STACK_ID)
    assert str(refused.value) == reason
    rules.check_place(rules.parse(STREAM), STACK_ID)


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        (with_sort_key(table()), SORT_KEY),
        # What cannot be changed comes first.
        (with_sort_key(table("customerId", StreamSpecification=None)), SORT_KEY),
        (
            table(key_type="B"),
            "The partition key of table Orders.eu is orderid (B). The pipeline reads only strings (S) and numbers (N).",
        ),
        *(
            (
                table(name, key_type),
                f"The partition key of table Orders.eu is {name} ({key_type}), {CHANGE_KEY}",
            )
            for name, key_type in (("orderNumber", "N"), ("orderid", "N"), ("OrderId", "S"))
        ),
        (
            table(StreamSpecification=None, LatestStreamArn=None),
            f"The stream of table Orders.eu is disabled. {ENABLE}",
        ),
        # DynamoDB names a disabled stream for another 24 hours.
        (table(StreamSpecification=None), f"The stream of table Orders.eu is disabled. {ENABLE}"),
        (table(LatestStreamArn=LATER), f"Table Orders.eu has a newer stream than {STREAM}. Deploy with {LATER}."),
        *(
            (
                with_view(view),
                f"The stream of table Orders.eu has {view}, which leaves out the new image. Disable it. {ENABLE}",
            )
            for view in ("KEYS_ONLY", "OLD_IMAGE")
        ),
    ],
)
def test_an_unfit_table_is_refused_with_one_line_that_says_what_to_do(described, reason):
    with pytest.raises(rules.UnfitTableError) as refused:
        check(described)
    assert str(refused.value) == reason


@pytest.mark.parametrize("keys", [{}, {"named_key": AWS_KEY}, {"aws_key": None}])
def test_a_key_that_the_pipe_may_not_use_has_to_be_named(keys):
    with pytest.raises(rules.UnfitTableError) as refused:
        check(encrypted(KEY), **keys)
    assert str(refused.value) == (
        "Table Orders.eu is encrypted with a customer managed key. Deploy with"
        f" ExistingTableKeyArn={KEY}, which lets the pipe decrypt its stream."
    )


def test_aws_is_asked_for_its_own_key_only_where_that_decides():
    def never():
        raise AssertionError

    for described, named in ((table(), ""), (encrypted(KEY), KEY)):
        rules.check_encryption(described, named, never)
