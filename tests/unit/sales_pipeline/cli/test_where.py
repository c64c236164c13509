"""A command that writes or costs says first where, and none takes another pipeline than the one that was meant."""

import os
import shlex
import signal
import subprocess
import sys

import boto3
import pytest
import typer
from botocore.client import BaseClient
from typer.testing import CliRunner

from sales_pipeline import crawl, generate, query
from sales_pipeline.aws import place
from sales_pipeline.aws.stack import Stack
from sales_pipeline.cli.app import app
from sales_pipeline.failures import replay
from sales_pipeline.local import folders
from sales_pipeline.reconcile import backfill
from sales_pipeline.trace import command as trace
from tests.unit.sales_pipeline.test_env import OUTPUTS

REGION = "eu-west-1"
ACCOUNT = "123456789012"
DIED = """
import os, signal
from sales_pipeline.local import running
with running.claim("up", "no"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SALES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def deployed(monkeypatch):
    """Let CloudFormation have a stack with the pipeline's outputs, and refuse every other call."""
    described = {
        "Parameters": [],
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/sales-data-projection/1",
        "Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()],
    }

    def call(_client, operation, _parameters):
        assert operation == "DescribeStacks"
        return {"Stacks": [described], "ResponseMetadata": {"RequestId": "1"}}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return described


def test_no_mock_order_is_written_into_a_table_that_the_stack_did_not_make(deployed):
    deployed["Parameters"] = [{"ParameterKey": "ExistingTableStreamArn", "ParameterValue": "arn"}]
    ended = CliRunner().invoke(app, ["generate", "--count", "1"])
    assert ended.exit_code == 1
    assert "is not the stack's own" in ended.stderr
    assert "mock orders" in ended.stderr


@pytest.fixture
def commands(monkeypatch):
    """Replace what the commands do by a line on standard error."""

    def work(*_, **__):
        typer.echo("at work", err=True)
        return 0

    for module in (crawl, generate, query, replay, backfill, trace):
        monkeypatch.setattr(module, "run", work)


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("generate --count 1", "dynamodb"),
        ("crawl", "glue"),
        ("query 'SELECT 1'", "athena"),
        ("trace o", "athena"),
        ("replay --yes", "kinesis"),
        ("backfill --yes", "kinesis"),
    ],
)
@pytest.mark.usefixtures("commands")
def test_a_command_that_writes_or_costs_says_first_where(command, service):
    said = CliRunner().invoke(app, shlex.split(command)).stderr.splitlines()
    where = f"using stack sales-data-projection on AWS, account {ACCOUNT}, {REGION}, https://{service}.{REGION}."
    assert said[0].startswith(where)
    assert said[1:] == ["at work"]


@pytest.mark.parametrize("command", ["replay", "backfill"])
@pytest.mark.usefixtures("commands")
def test_a_command_that_only_shows_does_not(command):
    assert CliRunner().invoke(app, [command]).stderr == "at work\n"


@pytest.mark.parametrize(
    ("endpoint_url", "on"),
    [
        (None, f"AWS, account 1, {REGION}, https://dynamodb.{REGION}.amazonaws.com"),
        ("http://127.0.0.1:4567", f"this machine, account 1, {REGION}, http://127.0.0.1:4567"),
        ("http://[::1]:4567", f"this machine, account 1, {REGION}, http://[::1]:4567"),
        ("http://localhost:8000", f"this machine, account 1, {REGION}, http://localhost:8000"),
        ("http://10.0.0.1:8000", f"AWS, account 1, {REGION}, http://10.0.0.1:8000"),
    ],
)
def test_an_endpoint_of_the_one_service_is_seen(endpoint_url, on, monkeypatch):
    if endpoint_url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint_url)
    stack = Stack("sales", {}, boto3.Session(region_name=REGION), account="1")
    assert place.describe(stack, "dynamodb") == f"stack sales on {on}"


def test_the_environment_of_a_stack_on_aws_holds_no_access_key():
    ended = CliRunner().invoke(app, ["env", "--stack-name", "sales-data-projection"])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "export SALES_TABLE=orders\n" in ended.stdout
    assert f"export AWS_REGION={REGION}\n" in ended.stdout
    assert "KEY" not in ended.stdout


@pytest.mark.usefixtures("commands")
def test_after_a_kill_no_command_goes_to_aws_by_itself(home):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", DIED], env=environment, check=False, stderr=subprocess.PIPE)
    assert died.returncode == -signal.SIGKILL, died.stderr
    local_only = {"demo", "up", "down", "plan"}
    arguments = {"query": ["SELECT 1"], "replay": ["--yes"], "backfill": ["--yes"], "trace": ["o"]}
    for command in typer.main.get_command(app).commands.keys() - local_only:
        ended = CliRunner().invoke(app, [command, *arguments.get(command, [])])
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert ended.stderr.startswith("error: the pipeline that `sales up` ran on this machine has died"), command
        assert ended.stderr.count("\n") == 1
    assert CliRunner().invoke(app, ["generate", "--profile", "nobody"]).stderr.startswith("error: ")
    assert CliRunner().invoke(app, ["generate", "--region", REGION]).stderr.endswith("at work\n")

    assert CliRunner().invoke(app, ["down"]).stdout.startswith("The pipeline on this machine had died.")
    assert [path.name for path in (home / "up").iterdir()] == [folders.MARK]
    assert CliRunner().invoke(app, ["down"]).exit_code == 1
    assert CliRunner().invoke(app, ["generate"]).stderr.endswith("at work\n")
