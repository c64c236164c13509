"""Walks procedures of the docs from cause to end, with the pages' own commands, on a pipeline of its own."""

import json
import os
import sys
import time
from pathlib import Path

import boto3
import pytest

from tests import ROOT
from tests.e2e.docs.shell import Shell, commands
from tests.e2e.sales import environment, exported, quick_up
from tests.unit.template.parsed import TEMPLATE

SECONDS = 90


def procedure(page, beginning, end):
    """Return the commands of a page between two of its texts."""
    document = (ROOT / "docs" / page).read_text()
    text = document.partition(beginning)[2].partition(end)[0]
    assert text, f"{page} has no {beginning!r}"
    return [command.text for command in commands(page, text)]


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    with quick_up(tmp_path_factory.mktemp("procedures")) as running:
        yield running


@pytest.fixture(scope="module")
def client(up):
    variables = exported(up)
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_DEFAULT_REGION"]
    )
    return lambda service: session.client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])


@pytest.fixture
def stack(client):
    (stack,) = client("cloudformation").describe_stacks(StackName="sales-data-projection")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.fixture
def shell(up, tmp_path):
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    shell = Shell(tmp_path, environment(up.home, **exported(up)) | path)
    for command in procedure("runbook.md", "Put the\nname of your stack into it:", "## "):
        assert shell.run(command)[0] == 0
    yield shell
    shell.close()


def wait_for(what, answer, *, holds):
    """Ask until the answer holds; fail with the last answer."""
    deadline = time.monotonic() + SECONDS
    while not holds(last := answer()):
        assert time.monotonic() < deadline, f"{what} not within {SECONDS} s, but {last}"
        time.sleep(0.5)
    return last


def run(shell, *texts):
    for text in texts:
        code, output = shell.run(text)
        assert code == 0, f"{text}\nexit code {code}, printed:\n{output}"


def until_the_lake_has_all(client, stack, *before):
    """Run commands and then read the lake, until it has every order that the table has by now."""
    items = client("dynamodb").scan(TableName=stack["TableName"])["Items"]
    s3, bucket = client("s3"), stack["BucketName"]

    def missing():
        for command in before:
            command()
        objects = s3.list_objects_v2(Bucket=bucket, Prefix="sales_data/").get("Contents", [])
        bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in objects]
        rows = [json.loads(line) for body in bodies for line in body.splitlines()]
        return {item["orderid"]["S"] for item in items} - {row["orderid"] for row in rows}

    wait_for("every order in the lake", missing, holds=lambda lacks: not lacks)


def test_a_pipe_is_paused_for_a_change_and_loses_nothing(shell, client, stack):
    *stop, state, start = procedure("updating.md", "## Pause the pipe", "## Parameters")
    assert (stop[-1].split()[:3], start.split()[:3]) == (["aws", "pipes", "stop-pipe"], ["aws", "pipes", "start-pipe"])
    run(shell, *stop)
    wait_for("a stopped pipe", lambda: shell.run(state)[1], holds=lambda printed: "STOPPED" in printed)
    run(shell, "sales generate --rate 100 --count 30")
    run(shell, start)
    until_the_lake_has_all(client, stack)


def _as_declared(rule):
    """Write a rule of the S3 API as CloudFormation does."""
    said = {
        "Id" if name == "ID" else name: value for name, value in rule.items() if name not in {"Filter", "Expiration"}
    }
    expiration = rule.get("Expiration", {})
    if prefix := rule["Filter"].get("Prefix"):
        said["Prefix"] = prefix
    if "Days" in expiration:
        said["ExpirationInDays"] = expiration["Days"]
    if "ExpiredObjectDeleteMarker" in expiration:
        said["ExpiredObjectDeleteMarker"] = expiration["ExpiredObjectDeleteMarker"]
    return said


def test_a_bucket_that_somebody_deleted_is_made_again_as_the_template_has_it(shell, client, stack):
    s3, bucket = client("s3"), stack["BucketName"]
    run(shell, "sales generate --rate 100 --count 20")
    until_the_lake_has_all(client, stack)
    for each in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=bucket)

    *make, reconcile, backfill = procedure("runbook.md", "**If the bucket is gone,**", "**It is over when**")
    assert (reconcile, backfill) == ("sales reconcile", "sales backfill --yes")
    run(shell, *make)
    made = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    declared = TEMPLATE["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [_as_declared(rule) for rule in made] == declared
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    (declared,) = TEMPLATE["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    arn = f"arn:aws:s3:::{bucket}"
    assert statement == declared | {"Resource": [arn, f"{arn}/*"]}

    s3.delete_bucket_policy(Bucket=bucket)  # it refuses plain HTTP, and the emulator has no TLS
    # The page's command waits for 46 s. Without that, young orders count as in progress, and need another backfill.
    until_the_lake_has_all(client, stack, lambda: run(shell, f"{backfill} --wait 1"))
