"""`eval "$(sales env)"` sets what it says, whatever the values hold, and nothing after an error."""

import subprocess

import boto3
import pytest

from sales_pipeline import env
from sales_pipeline.aws.stack import Stack, StackError

OUTPUTS = {
    "TableName": "orders",
    "StreamName": "stream",
    "BucketName": "bucket",
    "WorkGroupName": "group",
    "CrawlerName": "crawler",
    "CrawledTable": "crawled.sales_data",
    "DeclaredTable": "declared.orders",
}


def evaluated(lines, **inherited):
    """Let a shell evaluate the lines; return the variables that it then exports."""
    script = 'eval "$(cat)" && env -0'
    ended = subprocess.run(
        ["sh", "-euc", script],  # noqa: S607
        input=lines,
        env=inherited | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(each.split("=", 1) for each in ended.stdout.split("\0") if each)


@pytest.fixture
def stack():
    return Stack("sales", OUTPUTS, boto3.Session(region_name="eu-west-1"))


@pytest.mark.parametrize("value", ["", "a b", "$(exit 9)", "`exit 9`", "'", '"', "\\", "a\nb", ";exit 9", "ü*~#"])
def test_a_value_arrives_as_it_is(value):
    assert evaluated(env.lines({"SALES_TABLE": value}))["SALES_TABLE"] == value


def test_what_is_unset_is_gone_and_a_name_that_is_none_is_left_out():
    lines = env.lines({"AWS_PROFILE": None, "AWS_;exit 9": None, "AWS_A B": "c", "SALES_TABLE": "orders"})
    assert evaluated(lines, AWS_PROFILE="nobody").keys() & {"AWS_PROFILE", "SALES_TABLE"} == {"SALES_TABLE"}
    assert len(lines.splitlines()) == 2


def test_the_names_of_the_parts(stack):
    assert env.names(stack) == {
        "SALES_STACK": "sales",
        "SALES_TABLE": "orders",
        "SALES_STREAM": "stream",
        "SALES_BUCKET": "bucket",
        "SALES_WORKGROUP": "group",
        "SALES_CRAWLED_DATABASE": "crawled",
        "SALES_DECLARED_DATABASE": "declared",
        "SALES_CRAWLER": "crawler",
    }
    with pytest.raises(StackError, match="has no output"):
        env.names(Stack("other", {}, stack.session))


def test_a_stack_on_aws_gets_its_region_and_no_access_key(stack):
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", "PATH": "/bin"}
    region = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert env.on_aws(stack, None, keys) == region
    # With the keys set, the AWS CLI would ignore the profile.
    unset = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert env.on_aws(stack, "mine", keys) == region | unset | {"AWS_PROFILE": "mine"}
