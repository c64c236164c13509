"""How `sam` is run: what it is told, what of its failure is said, and that it ends when a person stops it."""

import os
import signal
import time

import pytest

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
        return Sam(tmp_path / "template.yaml", tmp_path, environment, ("--profile", "me", "--region", "eu-west-1"))

    return sam


def test_it_deploys_and_deletes_in_the_account_and_region_that_were_named(sam, tmp_path):
    runner = sam("")
    runner.deploy("sales-verify", {"TableName": "a_b"})
    runner.delete("sales-verify")
    deploy, delete = (tmp_path / "called").read_text().splitlines()
    for command in (deploy, delete):
        assert '"--stack-name", "sales-verify"' in command
        assert '"--profile", "me", "--region", "eu-west-1"' in command
    assert '"--parameter-overrides", "TableName=\\"a_b\\""' in deploy
    assert '"--tags", "made-by=verify-aws"' in deploy
    assert '"--no-confirm-changeset"' in deploy


def test_a_failure_says_what_sam_said_of_it(sam):
    with pytest.raises(SamError, match=r"sam delete failed: Error: it is locked See .*sam\.log"):
        sam("print('before'); print('Error: it is locked'); print('after'); sys.exit(1)").delete("sales-verify")


def test_who_stops_it_stops_sam(sam, tmp_path):
    runner = sam(f"import os, time; open('{tmp_path}/pid', 'w').write(str(os.getpid())); time.sleep(60)")

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.delete("sales-verify")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
