"""`python -m verify_aws` as a process that is stopped and killed, with a `sam` that makes and deletes a small stack."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

SAM = """
import os, pathlib, sys, time
if sys.argv[1] != "build":
    import boto3
    client = boto3.client("cloudformation")
    name = sys.argv[sys.argv.index("--stack-name") + 1]
    if sys.argv[1] == "delete":
        client.delete_stack(StackName=name)
    else:
        pairs = [each.split("=") for each in sys.argv if each.startswith(("made-by=", "verify-aws-run="))]
        tags = [{"Key": name, "Value": value} for name, value in pairs]
        template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
        client.create_stack(StackName=name, TemplateBody=template, Tags=tags)
        pathlib.Path(os.environ["DEPLOYING"]).write_text(str(os.getpid()))
        time.sleep(60)
"""
NAME = "stopped"
SECONDS = 30


@pytest.fixture
def environment(emulator, tmp_path):
    package = tmp_path / "path" / "samcli"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SAM)
    return emulator.environment | {"PYTHONPATH": str(package.parent), "DEPLOYING": str(tmp_path / "deploying")}


@pytest.fixture
def start(environment, tmp_path):
    """Return a function that starts a run and waits until it deploys. What still runs at the end is killed."""
    started = []

    def start(*options, typed=""):
        deploying = tmp_path / "deploying"
        deploying.unlink(missing_ok=True)
        command = [sys.executable, "-m", "verify_aws", "--name", NAME, *options]
        run = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(run.pid)
        run.stdin.write(typed)
        run.stdin.flush()
        deadline = time.monotonic() + SECONDS
        while not (deploying.exists() and deploying.read_text()):
            if run.poll() is not None or time.monotonic() > deadline:
                run.kill()
                pytest.fail(f"the run did not deploy: {run.returncode}, {run.stdout.read()}")
            time.sleep(0.05)
        started.append(int(deploying.read_text()))
        return run, started[-1]

    yield start
    for pid in started:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_killed_run_left_is_deleted_by_the_next_one_and_ctrl_c_deletes_that_ones_own(start, client, tmp_path):
    cloudformation = client("cloudformation")
    for similar in (f"{NAME}-2", f"{NAME}s"):
        topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
        cloudformation.create_stack(StackName=similar, TemplateBody=topic)

    killed, orphan = start("--yes")
    killed.kill()
    killed.communicate()
    os.kill(orphan, signal.SIGKILL)
    left = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]

    run, sam = start(typed="d\n")
    renewed = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]
    assert renewed["StackId"] != left["StackId"]
    run.send_signal(signal.SIGINT)
    printed, _ = run.communicate(timeout=SECONDS)
    assert run.returncode == 130
    assert f"There is a stack {NAME} of another run: CREATE_COMPLETE" in printed
    assert "in account 000000000000, us-east-1" in printed
    assert not is_alive(sam)
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=NAME)
    report = (tmp_path / "verify-aws-report.md").read_text()
    assert "It ended early: stopped by Ctrl-C" in report
    for similar in (f"{NAME}-2", f"{NAME}s"):
        assert cloudformation.describe_stacks(StackName=similar)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
