"""How `sam` is run: what it is told, what of its failure is said, and that it ends when a person stops it."""

import os
import signal
import time
from pathlib import Path

import pytest

from verify_aws.names import Names
from verify_aws.sam import Sam, SamError

RECORD = "import json, sys; open('{folder}/called', 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"


@pytest.fixture
def sam(tmp_path):
    """Return a function that gives a Sam whose `sam` is this program."""

    def sam(program):
        package = tmp_path / "path" / "samcli"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(RECORD.format(folder=tmp_path) + program)
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "path")}
        return Sam(
            tmp_path / "template.yaml",
            tmp_path,
            tmp_path / "kept.log",
            environment,
            ("--profile", "me", "--region", "eu-west-1"),
        )

    return sam


def test_it_deploys_and_deletes_in_the_account_and_region_that_were_named(sam, tmp_path):
    runner = sam("")
    runner.deploy("sales-verify", {"TableName": "a_b"}, Names("sales-verify", "run1").tags)
    runner.delete("sales-verify")
    deploy, delete = (tmp_path / "called").read_text().splitlines()
    for command in (deploy, delete):
        assert '"--stack-name", "sales-verify"' in command
        assert '"--profile", "me", "--region", "eu-west-1"' in command
    assert '"--parameter-overrides", "TableName=\\"a_b\\""' in deploy
    assert '"--tags", "made-by=verify-aws", "verify-aws-run=run1"' in deploy
    assert '"--no-confirm-changeset"' in deploy


def test_a_failure_says_what_sam_said_of_it(sam):
    with pytest.raises(SamError, match=r"sam delete failed: Error: it is locked See .*kept\.log"):
        sam("print('before'); print('Error: it is locked'); print('after'); sys.exit(1)").delete("sales-verify")


def test_who_stops_it_stops_sam_and_what_sam_started(sam, tmp_path):
    child = f"import os, time; open('{tmp_path}/child', 'w').write(str(os.getpid())); time.sleep(60)"
    runner = sam(
        f"import subprocess, os; open('{tmp_path}/pid', 'w').write(str(os.getpid()))\n"
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )

    started = [tmp_path / "pid", tmp_path / "child"]

    def stop(*_):
        if all(each.exists() and each.read_text() for each in started):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.delete("sales-verify")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    deadline = begun + 30
    while alive := [each.name for each in started if is_alive(int(each.read_text()))]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.02)


def is_alive(pid):
    """Say whether a process runs. One that has ended can stay until its parent asks for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
