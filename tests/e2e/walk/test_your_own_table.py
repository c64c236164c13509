"""Walks docs/your-own-table.md with the page's own commands, on a table that the stack did not make.

The columns are those of the page, in a copy of the repository.
"""

import json
import os
import re
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from local_aws import emulator as local_emulator
from local_aws.deploy import Sam
from sales_pipeline.local import pipeline as local_pipeline
from tests import ROOT
from tests.copies import copy
from tests.e2e import quick
from tests.e2e.docs.shell import Shell, commands, looks_like

PAGE = (ROOT / "docs" / "your-own-table.md").read_text()
STACK, TABLE = "sales-data-projection", "my_orders"
SECONDS = 60
# What a clone needs for the walk.
FILES = [
    *("Makefile", "pyproject.toml", "template.yaml", "src", "events", "docs/contract.md"),
    *("tests/__init__.py", "tests/conftest.py", "tests/unit"),
]
ERASED = re.compile(rb'\{"id":[267],')
"""The rows of the person who asks for erasure."""


def block(language, part=""):
    """The page's one block in a language that has this in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (text,) = (each for each in blocks if part in each)
    return text


class Walk:
    """Runs the commands of the page in its order, all of them."""

    def __init__(self, shell):
        self._shell = shell
        self._left = commands("docs/your-own-table.md", PAGE)

    def skip(self, start):
        """Leave the next command, which begins with `start`, to somebody else."""
        command = self._left.pop(0)
        assert command.plain.startswith(start), f"the page's next command is {command.text!r}"
        return command

    def run(self, start, more="", codes=(0,)):
        """Run the next command, which does what the page shows; return its output."""
        command = self.skip(start)
        code, output = self._shell.run(command.text + more)
        as_shown = code in codes and looks_like(output, command.output)
        assert as_shown, f"{command.text}\nexit code {code}, printed:\n{output}"
        return output

    def also(self, text):
        """Run a command that the page names in a sentence."""
        code, output = self._shell.run(text)
        assert code == 0, output
        return output

    def assert_done(self):
        assert not self._left, "the page has more commands than the walk"


class Team:
    """The team that has the table: what its own programs do, and what it looks at."""

    def __init__(self, emulator):
        session = emulator.session()
        self.client = lambda service: session.client(service, endpoint_url=emulator.endpoint_url)
        self.dynamodb, self.s3 = self.client("dynamodb"), self.client("s3")

    def create_table(self):
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, number, **changed):
        item = {"customerId": {"S": "C-1"}, "points": {"N": str(2**40 + number)}, "total": {"N": "19.90"}}
        self.dynamodb.put_item(TableName=TABLE, Item={"id": {"N": str(number)}} | item | changed)

    def delete(self, number):
        self.dynamodb.delete_item(TableName=TABLE, Key={"id": {"N": str(number)}})

    def table(self):
        """The table, and the ids of its orders."""
        items = self.dynamodb.scan(TableName=TABLE)["Items"]
        return self.dynamodb.describe_table(TableName=TABLE)["Table"], {item["id"]["N"] for item in items}

    def versions(self, bucket):
        """Everything that the bucket keeps: for each version of an object its key and its body."""
        page = self.s3.list_object_versions(Bucket=bucket)
        assert not page["IsTruncated"]
        places = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in page.get("Versions", [])]
        return [(each["Key"], self.s3.get_object(Bucket=bucket, **each)["Body"].read()) for each in places]

    def rows(self, bucket):
        """The lines of the lake, as they are."""
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix="sales_data/").get("Contents", [])
        bodies = [self.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
        return sorted(line for body in bodies for line in body.splitlines())

    def row_ids(self, bucket):
        return {re.match(rb'\{"id":(\d+),', row)[1] for row in self.rows(bucket)}

    def deleted_ids(self, bucket):
        """Orders of which the lake has a deletion, however often it arrived."""
        rows = self.rows(bucket)
        return {re.match(rb'\{"id":(\d+),', row)[1] for row in rows if b'"REMOVE"' in row}

    def dead_letters(self, queue_url):
        name = "ApproximateNumberOfMessages"
        answer = self.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def deny_pipe(self, action):
        """Deny the pipe an action; return a function that ends this."""
        iam = self.client("iam")
        resource = {"StackName": STACK, "LogicalResourceId": "OrderPipeRole"}
        found = self.client("cloudformation").describe_stack_resource(**resource)["StackResourceDetail"]
        policy = {"RoleName": found["PhysicalResourceId"], "PolicyName": "table-to-kinesis"}
        granted = iam.get_role_policy(**policy)["PolicyDocument"]
        deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted | {"Statement": [*granted["Statement"], deny]}))
        return lambda: iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted))

    def remove_stack(self):
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def shipping(city):
    return {"M": {"city": {"S": city}, "weights": {"NS": ["10", "2.5"]}}}


def wait_for(what, holds):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} not within {SECONDS} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """An emulator of its own: the page's names are those of other tests' stacks too."""
    with local_emulator.start(tmp_path_factory.mktemp("emulator") / "emulator.log") as running:
        yield running


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone")
    copy(folder, *FILES)
    return folder


@pytest.fixture
def walk(clone, emulator, tmp_path):
    own = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "PYTHONPATH": str(clone / "src"),  # else `sales` would be that of this repository
        "MAKEFLAGS": "",
        "SALES_HOME": str(tmp_path / "sales"),
    }
    with closing(Shell(clone, emulator.environment | own)) as shell:
        yield Walk(shell)


def test_the_page_leads_a_table_into_the_lake_and_a_person_out_of_it(walk, clone, emulator, tmp_path):
    team = Team(emulator)
    walk.skip("make setup")
    walk.run("export PATH")

    team.create_table()
    team.put(1)
    team.put(2, customerId={"S": "C-17"}, shipping=shipping("Bonn"))
    team.put(3)
    assert "null" in walk.run("aws dynamodb describe-table")
    walk.run("aws dynamodb update-table")
    stream_arn = walk.run("aws dynamodb describe-table")
    team.put(4)

    (clone / "src/transform/columns.py").write_text(block("python", "KEY ="))
    (clone / "erase.py").write_text(block("python", "erased"))
    walk.run("make columns")
    walk.run("pytest", codes=[1])

    walk.skip("sam build && sam deploy")
    sam = Sam(emulator, tmp_path, tmp_path / "sam.log")
    built = quick.adapt(sam.build(clone / "template.yaml"), MaximumRetryAttempts=1)
    overrides = tomllib.loads(block("toml").replace("STREAM_ARN", stream_arn))["parameter_overrides"]
    parameters = dict(each.split("=", 1) for each in overrides.split())
    stack = sam.deploy(built, STACK, parameters | {"BufferIntervalSeconds": "1"})
    assert (stack["TableName"], stack["TableStreamArn"]) == (TABLE, stream_arn)

    # On AWS, the first changes become dead letters because they are old. Here, because Kinesis refuses them.
    restore = team.deny_pipe("kinesis:PutRecords")
    with local_pipeline.workers(emulator, STACK, tmp_path / "state", tmp_path):
        wait_for("a dead letter", lambda: team.dead_letters(stack["PipeDeadLetterQueueUrl"]))
        restore()
        load(walk, team, stack["BucketName"])
        fix(walk, team, stack["BucketName"])
        erase(walk, team, stack["BucketName"])
    walk.assert_done()

    before = team.table()
    assert before[1] == {"1", "4", "5"}
    team.remove_stack()
    assert team.table() == before


def load(walk, team, bucket):
    """Orders change, and orders that are older than the stream get into the lake."""
    team.put(5, gift={"BOOL": True}, lines={"L": [{"M": {"sku": {"S": "Käse"}, "count": {"N": "2"}}}]})
    team.put(5, gift={"NULL": True}, shipping=shipping("Bonn"))
    team.put(6, customerId={"S": "C-17"}, shipping=shipping("Köln"))
    team.delete(3)
    assert "runbook.md#dead-letters" in "".join(walk.run("sales status", codes=[1]).split())
    assert "replayed" in walk.run("sales replay --yes")
    # As the page has it, the next command waits for 46 s for orders that may still arrive.
    wait_for("what was replayed or changed", lambda: {b"4", b"5", b"6"} <= team.row_ids(bucket))
    walk.run("sales backfill --yes", more=" --wait 1")
    wait_for("every order", lambda: team.row_ids(bucket) == {b"1", b"2", b"3", b"4", b"5", b"6"})
    assert "Equal: 5 orders" in walk.run("sales reconcile")
    assert re.search(r"\b6 +C-17 +19.9", walk.run("sales query"))
    assert re.search(r"Bonn +2\n.*Köln +1\n", walk.run("sales query"))
    walk.run("sales plan")


def fix(walk, team, bucket):
    """An order is refused, and corrected."""
    team.put(7, customerId={"S": "C-17"}, total={"S": "a lot"})
    wait_for("an error record", lambda: any(key.startswith("errors/") for key, _ in team.versions(bucket)))
    assert "$.dynamodb.NewImage.total: expected N, found S" in walk.run("sales failures")
    team.put(7, customerId={"S": "C-17"})
    assert "set aside" in walk.run("sales replay --yes")
    wait_for("the corrected order", lambda: b"7" in team.row_ids(bucket))


def erase(walk, team, bucket):
    """All that the bucket has of a person goes, old versions too, and nothing else."""
    before = team.rows(bucket)
    assert {key.partition("/")[0] for key, _ in team.versions(bucket)} == {
        *("sales_data", "errors", "replay", "athena-results")
    }
    walk.run("bucket=")
    walk.run("sales query --format json")
    walk.run("python erase.py keys")
    assert team.table()[1] == {"1", "4", "5"}
    wait_for("three deletions", lambda: {b"2", b"6", b"7"} <= team.deleted_ids(bucket))
    walk.run("sales query --format csv")
    walk.run("while read -r object; do")
    walk.run("erase() {")
    walk.run("erase sales_data/")
    walk.run("for folder in ")
    walk.run("rm ")
    assert "Equal: 3 orders" in walk.also("sales reconcile")
    assert team.rows(bucket) == [row for row in before if not ERASED.match(row)]
    assert [(key, body) for key, body in team.versions(bucket) if ERASED.search(body) or b"C-17" in body] == []
    assert {key.partition("/")[0] for key, _ in team.versions(bucket)} == {"sales_data"}
