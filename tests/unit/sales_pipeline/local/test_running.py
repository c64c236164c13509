"""Which local pipeline runs, who may start one, and what the other commands do then."""

import os
import signal
import subprocess
import sys

import pytest

from sales_pipeline.local import running
from sales_pipeline.local.running import Running, RunningError

ENVIRONMENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
DEADLINE_SECONDS = 10
HOLDER = """
import signal, sys
from pathlib import Path
from sales_pipeline.local import running
with running.claim(running.UP, "no"):
    with running.announce("held", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, Path("state")):
        print("ready", flush=True)
        try:
            sys.stdin.read()
        except KeyboardInterrupt:
            pass
"""


@pytest.fixture(autouse=True)
def up(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "UP", tmp_path / "up")
    return tmp_path / "up"


@pytest.fixture
def holder(tmp_path):
    """Run another process that holds the claim."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "SALES_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def test_nothing_runs_where_nothing_was_started(up):
    assert running.find() is None
    with pytest.raises(RunningError, match="start one with `sales up`"):
        running.stop()
    assert not up.exists()


def test_what_is_announced_is_found_until_it_ends(up, tmp_path):
    with running.claim(up, "no"):
        with running.announce("here", ENVIRONMENT, tmp_path / "state"):
            assert running.find() == Running("here", ENVIRONMENT, str(tmp_path / "state"))
        with pytest.raises(RunningError, match="starting or ending"):
            running.find()
    assert running.find() is None
    assert list(up.iterdir()) == []


def test_only_its_user_can_read_the_credentials(up, tmp_path):
    with running.claim(up, "no"), running.announce("here", ENVIRONMENT, tmp_path):
        assert (up / "running.json").stat().st_mode & 0o077 == 0


def test_one_that_starts_is_not_taken_for_none(up):
    with running.claim(up, "no"), pytest.raises(RunningError, match="starting or ending"):
        running.find()


def test_a_second_claim_is_refused_and_leaves_the_first(holder, up):
    with pytest.raises(RunningError, match="mine"), running.claim(up, "mine"):
        pass
    assert running.find() == Running("held", ENVIRONMENT, "state")
    assert holder.poll() is None


def test_a_killed_one_leaves_no_claim_and_is_not_found(holder, up):
    holder.send_signal(signal.SIGKILL)
    holder.wait(DEADLINE_SECONDS)
    assert running.find() is None
    with pytest.raises(RunningError, match="no pipeline runs"):
        running.stop()
    assert (up / "running.json").exists()
    with running.claim(up, "no"):
        with pytest.raises(RunningError, match="starting"):
            running.find()
        with running.announce("next", ENVIRONMENT, up):
            assert running.find().stack_name == "next"


def test_stop_ends_it(holder):
    running.stop()
    assert holder.wait(DEADLINE_SECONDS) == -signal.SIGTERM


def test_stop_gives_up_on_one_that_does_not_end_and_says_how_to(up, monkeypatch):
    monkeypatch.setattr(running, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(running.os, "kill", lambda *_: None)
    with (
        running.claim(up, "no"),
        pytest.raises(RunningError, match=rf"process {os.getpid()} did not end .*kill -9"),
    ):
        running.stop()


def test_a_folder_that_cannot_be_made_names_the_variable_to_change(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunningError, match=r"can't write to .*file/up \(Not a directory\): .*SALES_HOME"),
        running.claim(tmp_path / "file" / "up", "no"),
    ):
        pass
