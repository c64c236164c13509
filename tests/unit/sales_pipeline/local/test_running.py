"""Which local pipeline runs, who may start one, and what the other commands do then."""

import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest

from sales_pipeline.local import folders, running
from sales_pipeline.local.running import Running, RunningError

ENVIRONMENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
DEADLINE_SECONDS = 10
HOLDER = """
import sys
from pathlib import Path
from sales_pipeline.local import running
with running.claim("up", "no") as folder:
    with running.announce(folder, "held", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HOME": "/"}, Path("state")):
        print("ready", flush=True)
        try:
            sys.stdin.read()
        except KeyboardInterrupt:
            pass
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SALES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def holder():
    """Run another process that holds the claim."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(DEADLINE_SECONDS)


def left(folder):
    return {path.name for path in folder.iterdir()} - {folders.MARK}


def test_nothing_runs_where_nothing_was_started(home):
    assert running.find() is None
    with pytest.raises(RunningError, match="start one with `sales up`"):
        running.stop()
    assert not home.exists()


def test_what_is_announced_is_found_until_it_ends(home, tmp_path):
    with running.claim("up", "no") as folder:
        with running.announce(folder, "here", ENVIRONMENT | {"PATH": "/bin"}, tmp_path / "state"):
            assert running.find() == Running("here", ENVIRONMENT, str(tmp_path / "state"))
        with pytest.raises(RunningError, match="starting or ending"):
            running.find()
    assert running.find() is None
    assert left(home / "up") == set()


def test_only_its_user_can_read_the_credentials(home, tmp_path):
    with running.claim("up", "no") as folder, running.announce(folder, "here", ENVIRONMENT, tmp_path):
        assert {path.stat().st_mode & 0o077 for path in (home, folder, folder / "running.json")} == {0}


def test_one_that_starts_is_not_taken_for_none():
    with running.claim("up", "no"), pytest.raises(RunningError, match="starting or ending"):
        running.find()


def test_a_second_claim_is_refused_and_leaves_the_first(holder):
    with pytest.raises(RunningError, match="mine"), running.claim("up", "mine"):
        pass
    assert running.find() == Running("held", ENVIRONMENT, "state")
    assert holder.poll() is None


def test_one_that_was_killed_is_an_error_that_names_what_to_do(holder):
    kill(holder)
    with pytest.raises(
        RunningError, match=r"has died: .*`sales down`.*`sales up`.*--stack-name, --profile or --region"
    ):
        running.find()


def test_one_that_was_killed_gives_way_to_the_next(holder):
    kill(holder)
    with running.claim("up", "no") as folder:
        with pytest.raises(RunningError, match="starting"):
            running.find()
        with running.announce(folder, "next", ENVIRONMENT, folder):
            assert running.find().stack_name == "next"
    assert running.find() is None


def test_stop_clears_what_a_killed_one_left(holder, home):
    folders.take(home / "up" / "work")
    (home / "up" / "work" / "file").touch()
    kill(holder)
    assert not running.stop()
    assert left(home / "up") == set()
    assert running.find() is None


def test_a_mark_that_a_full_disk_cut_off_is_a_leftover_too(holder, home):
    kill(holder)
    (home / "up" / "process.json").write_text('{"process')
    with pytest.raises(RunningError, match="has died"):
        running.find()
    assert not running.stop()
    assert running.find() is None


def test_stop_ends_it(holder):
    assert running.stop()
    assert holder.wait(DEADLINE_SECONDS) == -signal.SIGTERM
    assert running.find() is None


def test_stop_gives_up_on_one_that_does_not_end_and_says_how_to(monkeypatch):
    monkeypatch.setattr(running, "STOP_SECONDS", 0.2)
    monkeypatch.setattr(running.os, "kill", lambda *_: None)
    with (
        running.claim("up", "no"),
        pytest.raises(RunningError, match=rf"process {os.getpid()} did not end .*kill -9"),
    ):
        running.stop()


def test_a_process_that_has_the_id_of_a_dead_one_is_not_ended(holder, home):
    kill(holder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        recorded = json.loads((home / "up" / "process.json").read_text())
        (home / "up" / "process.json").write_text(json.dumps(recorded | {"process_id": other.pid}))
        with pytest.raises(RunningError, match="has died"):
            running.find()
        assert not running.stop()
        assert other.poll() is None
        other.kill()


def test_a_lock_on_the_folder_stops_nobody(home):
    folder = folders.take(home) / "up"
    folder.mkdir()
    lock = os.open(folder, os.O_RDONLY)  # before the folder was its user's alone, others could open it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running.claim("up", "no"):
            pass
    finally:
        os.close(lock)


@pytest.mark.parametrize("folder", ["", "up", "demo"])
def test_a_folder_in_use_is_refused_and_left(home, folder):
    (home / folder / "work").mkdir(parents=True)
    (home / folder / "work" / "theirs").touch()
    with (
        pytest.raises(folders.FolderError, match=r"is in use, and `sales` did not make it: .*SALES_HOME"),
        running.claim(folder or "up", "no"),
    ):
        pass
    assert (home / folder / "work" / "theirs").exists()
    assert running.find() is None


def test_a_folder_that_others_can_change_is_neither_used_nor_believed(holder, home):
    home.chmod(0o777)
    for use in (running.find, running.stop):
        with pytest.raises(folders.FolderError, match="can be changed by other users"):
            use()
    assert holder.poll() is None


@pytest.mark.parametrize("named", [".", "sales", "~/sales"])
def test_a_relative_sales_home_is_refused_because_it_names_another_folder_elsewhere(named, monkeypatch):
    monkeypatch.setenv("SALES_HOME", named)
    for use in (running.find, running.stop, running.claim("up", "no").__enter__):
        with pytest.raises(RunningError, match="begin it with a /"):
            use()


@pytest.mark.parametrize("named", ["/", "/proc"])
def test_a_folder_of_the_system_is_refused(named, monkeypatch):
    monkeypatch.setenv("SALES_HOME", named)
    with pytest.raises(folders.FolderError, match="SALES_HOME"), running.claim("up", "no"):
        pass


def test_sales_home_may_be_a_link_to_the_folder(home, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(home)
    home.mkdir()
    monkeypatch.setenv("SALES_HOME", str(tmp_path / "link"))
    with running.claim("up", "no") as folder:
        assert folder == home / "up"


def test_a_terminal_gets_all_that_leads_here_and_loses_what_leads_elsewhere():
    found = Running("here", ENVIRONMENT | {"NO_PROXY": "127.0.0.1"}, "state")
    theirs = {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL_S3": "http://other", "AWS_ENDPOINT_URL": "http://other"}
    harmless = {"AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "on", "HTTP_PROXY": "http://proxy", "HOME": "/"}
    no_proxy = {"NO_PROXY": "internal,::1", "no_proxy": "internal"}
    exports = found.exports(theirs | harmless | no_proxy | {"SALES_HOME": "/mine"})
    assert exports == ENVIRONMENT | {
        "AWS_PROFILE": None,
        "AWS_ENDPOINT_URL_S3": None,
        "NO_PROXY": "internal,::1,127.0.0.1",
        "no_proxy": "internal,::1,127.0.0.1",
        "SALES_HOME": "/mine",
    }
    again = {name: value for name, value in exports.items() if value is not None}
    assert found.exports(again) == again


def test_every_host_without_a_proxy_stays_every_host():
    assert Running("here", {"NO_PROXY": "127.0.0.1"}, "state").exports({"NO_PROXY": "*"})["NO_PROXY"] == "*"
