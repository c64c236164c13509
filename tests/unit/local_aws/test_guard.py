"""Of a command under a guard nothing is left, whichever of its processes is killed, and whenever."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_aws import guard

DEADLINE_SECONDS = 10
# A command with a child, as the emulator has functions and the supervisor has stand-ins.
COMMAND = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getppid()} {os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
child.wait()
"""
STARTER = """
import os, sys, time
from pathlib import Path
from local_aws import guard
directory, pids, command = sys.argv[1:]
guarded = guard.start(Path(directory), [sys.executable, "-c", command, pids], os.environ, sys.stdout.buffer)
while not (ending := guarded.ending()):
    time.sleep(0.01)
print(ending)
guarded.stop()
"""
STARTED, GUARD, COMMANDED, CHILD = range(4)


def alive(process_id):
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(see, what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (seen := see()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return seen


@pytest.fixture
def start(tmp_path):
    """Start a process that starts a guarded command; return it, and the ids of all four processes."""
    started = []

    def start():
        pids = tmp_path / "pids"
        command = [sys.executable, "-c", STARTER, str(tmp_path / "directory"), str(pids), COMMAND]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        until(pids.exists, "the command did not start")
        return started[-1], [started[-1].pid, *map(int, pids.read_text().split())]

    yield start
    for each in started:
        each.kill()
        each.communicate()


@pytest.mark.parametrize(
    ("killed", "said"),
    [
        (STARTED, ""),
        (GUARD, "has lost its guard, process {pid}, which ended by SIGKILL\n"),
        (COMMANDED, "was ended by SIGKILL\n"),
        (CHILD, "ended without an error\n"),
    ],
)
def test_a_kill_of_any_one_leaves_no_process_and_no_directory_and_is_said(start, tmp_path, killed, said):
    starter, process_ids = start()
    os.kill(process_ids[killed], signal.SIGKILL)
    assert starter.communicate(timeout=DEADLINE_SECONDS)[0] == said.format(pid=process_ids[GUARD])
    until(lambda: not any(map(alive, process_ids)), f"of {process_ids} some are left")
    until(lambda: not (tmp_path / "directory").exists(), "the directory is left")


@pytest.fixture
def guarded(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-c", COMMAND, str(tmp_path / "pids")]
        guarded = guard.start(tmp_path / "directory", command, os.environ, log)
    yield guarded
    guarded.stop()


def descendants(process_id):
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [process_id, *(each for child in children for each in descendants(int(child)))]


@pytest.mark.parametrize("delay_seconds", [0.0, 0.02, 0.04, 0.06, 0.08, 0.1])
def test_a_guard_that_is_killed_while_it_starts_leaves_nothing_either(guarded, tmp_path, delay_seconds):
    time.sleep(delay_seconds)
    guard_id = guarded.pid
    os.kill(guard_id, signal.SIGSTOP)  # so that what it has started by now can be listed
    process_ids = descendants(guard_id)
    os.kill(guard_id, signal.SIGKILL)
    guarded.stop()
    until(lambda: not any(map(alive, process_ids)), f"of {process_ids} some are left")
    assert not (tmp_path / "directory").exists()


def test_a_guard_that_does_not_end_is_ended(guarded, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "STOP_SECONDS", 0.1)
    until((tmp_path / "pids").exists, "the command did not start")
    process_ids = [int(each) for each in (tmp_path / "pids").read_text().split()]
    os.kill(process_ids[0], signal.SIGSTOP)
    guarded.stop()
    until(lambda: not any(map(alive, process_ids)), f"of {process_ids} some are left")
    assert not (tmp_path / "directory").exists()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "ended without an error"),
        (1, "ended with exit code 1"),
        (-9, "was ended by SIGKILL"),
        (143, "was ended by SIGTERM"),
        (255, "ended with exit code 255"),
    ],
)
def test_an_exit_code_is_said_in_words(code, said):
    assert guard.how_it_ended(code) == said
