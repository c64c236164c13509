"""Walks procedures of the docs from cause to end, with the pages' own commands."""

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.e2e.docs.shell import Shell, procedure
from tests.e2e.sales import environment, exported
from tests.unit.template.parsed import TEMPLATE

SECONDS = 90


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
    with closing(Shell(tmp_path, environment(up.home, **exported(up)) | path)) as shell:
        run(shell, *procedure("runbook.md", "## Start here", "## "))
        yield shell


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


def test_objects_that_somebody_deleted_or_overwrote_are_restored(shell, client, stack):
    s3, bucket = client("s3"), stack["BucketName"]
    right = {f"sales_data/dt=2026-11-22/{name}.json": f'{{"orderid":"{name}"}}\n' for name in "ab"}
    for key, rows in right.items():
        s3.put_object(Bucket=bucket, Key=key, Body=rows.encode())

    def found():
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in right}

    def delete(*keys):
        for key in keys:
            s3.delete_object(Bucket=bucket, Key=key)

    def listed(text):
        return [line.split("\t") for line in shell.run(text)[1].splitlines()]

    def with_place(text, key, version):
        return text.replace("VERSION_ID", version).replace("KEY", key)

    first, listing, restore, restore_all, versions, copy = procedure("runbook.md", "## A deleted object", "## ")
    run(shell, first)
    assert shell.run(listing) == (0, "")  # nothing is deleted

    delete("sales_data/dt=2026-11-22/a.json")
    [(key, version, _)] = listed(listing)
    run(shell, with_place(restore, key, version))
    assert found() == right

    delete(*right)
    run(shell, restore_all)
    assert found() == right

    s3.put_object(Bucket=bucket, Key=key, Body=b"wrong")
    _, (key, version, *_) = listed(versions.replace("KEY", key))
    run(shell, with_place(copy, key, version))
    assert found() == right


def delete(s3, bucket):
    """Empty and delete a bucket; return the error, if there is one: Firehose may write into it at the same time."""
    page = s3.list_object_versions(Bucket=bucket)
    for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        return error
    return None


def test_a_bucket_that_somebody_deleted_is_made_again_as_the_template_has_it(shell, client, stack):
    s3, bucket = client("s3"), stack["BucketName"]
    run(shell, "sales generate --rate 100 --count 20")
    until_the_lake_has_all(client, stack)
    wait_for("an empty bucket", lambda: delete(s3, bucket), holds=lambda error: not error)

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
