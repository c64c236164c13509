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


NOT_WHOLE = [
    b"",
    b"{",
    b"[]",
    b"1",
    b"\xff\xfe",
    b'{"a": 1}',
    b"[" * 100_000,
    b'{"process_id": Infinity, "identity": "x"}',
    b'{"process_id": %d, "identity": "x"}' % 10**300,
    b'{"stack_name": "a", "state_dir": 1, "environment": {}}',
    b'{"stack_name": "a", "state_dir": "b", "environment": []}',
    b'{"stack_name": "a", "state_dir": "b", "environment": {"AWS_A": "\\u0000"}}',
    b'{"stack_name": "a", "state_dir": "b", "environment": {"AWS_A=": "c"}}',
    None,
]
"""What a damaged file can hold; None for a folder in its place."""


def damage(path, content):
    path.unlink(missing_ok=True)
    if content is None:
        (path / "deep").mkdir(parents=True)
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("content", NOT_WHOLE)
def test_a_damaged_file_of_a_dead_pipeline_is_one_that_stop_clears(home, content):
    folder = folders.take(folders.take(home) / "up")
    for name in ("process.json", "running.json", "process.json.new", "running.json.new"):
        damage(folder / name, content)
    with pytest.raises(RunningError, match="has died"):
        running.find()
    assert not running.stop()
    assert running.find() is None
    with running.claim("up", "no"), running.announce(folder, "next", ENVIRONMENT, folder):
        assert running.find().stack_name == "next"


@pytest.mark.parametrize("content", NOT_WHOLE)
def test_a_damaged_file_of_a_running_pipeline_is_an_error_that_names_it_and_what_to_do(home, content):
    with running.claim("up", "no") as folder:
        damage(folder / "running.json", content)
        with pytest.raises(RunningError, match=rf"^{folder}/running.json is damaged.*`sales down`.*`sales up`$"):
            running.find()
        with running.announce(folder, "next", ENVIRONMENT, folder):
            damage(folder / "running.json", content)
    assert running.find() is None
    assert left(home / "up") == set() or content is None


def test_a_running_pipeline_whose_file_is_damaged_is_named_with_the_way_to_end_it(holder, home, monkeypatch):
    monkeypatch.setattr(running, "LOCK_SECONDS", 0.1)
    damage(home / "up" / "process.json", b"")
    with pytest.raises(RunningError, match="end it with Ctrl-C in its terminal"):
        running.stop()
    assert holder.poll() is None


@pytest.mark.parametrize("error", [ValueError, RunningError, SystemExit])
def test_one_that_ends_by_an_error_has_died_as_after_a_kill(home, error):
    with pytest.raises(error), running.claim("up", "no") as folder, running.announce(folder, "a", ENVIRONMENT, folder):
        raise error
    assert dead(home)
    assert not running.stop()
    assert running.find() is None


def dead(home):
    """Say whether the mark of a dead pipeline is there. This process itself, whose mark it is, still lives."""
    path = home / "up" / "process.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"identity": "of a process that has ended"}))
    with pytest.raises(RunningError, match="has died"):
        running.find()
    return left(home / "up") == {"process.json"}


def test_ctrl_c_is_no_error():
    with pytest.raises(KeyboardInterrupt), running.claim("up", "no"):
        raise KeyboardInterrupt
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
        pytest.raises(folders.FolderError, match=r"has no mark of `sales`.*SALES_HOME"),
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


@pytest.mark.parametrize("character", ["\n", "\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\udcff"])
def test_a_folder_whose_name_no_line_can_show_is_refused_at_once(home, character, monkeypatch):
    monkeypatch.setattr(running.os, "environ", {"SALES_HOME": f"{home}{character}x"})
    for use in (running.find, running.stop, running.claim("up", "no").__enter__):
        with pytest.raises(RunningError, match="SALES_HOME") as refused:
            use()
        assert str(refused.value).isprintable()
    assert not list(home.parent.iterdir())


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
