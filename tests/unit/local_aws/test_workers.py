"""The supervisor starts the stand-ins in order, starts those that end again, and writes down what each does."""

import subprocess
import sys
import time

import pytest

from local_aws import stand_ins, workers
from local_aws.errors import SETTINGS_EXIT_CODE
from local_aws.stand_ins import Register, State

DEADLINE_SECONDS = 10
# Reports each of its arguments, and ends with the number that is the last of them, or when it is terminated.
STAND_IN = """
import os, sys, time
report_fd, *reports, code = sys.argv[1:]
for report in reports:
    os.write(int(report_fd), report.encode() + b"\\n")
print("2026-11-26 10:00:00,000", "INFO harmless" if "quiet" in reports else "ERROR the reason", flush=True)
if code == "stay":
    time.sleep(60)
while code == "beat":
    os.write(int(report_fd), b" \\n")
    time.sleep(0.01)
sys.exit(int(code))
"""


class Supervised:
    def __init__(self, folder, programs):
        self.folder = folder
        self.now = 0.0
        self.started = []
        self._programs = programs
        self.workers = workers.Workers(self._start, Register(folder), folder, lambda: self.now)

    def _start(self, name, report_fd):
        self.started.append((self.now, name))
        programs = self._programs[name]
        arguments = programs.pop(0) if len(programs) > 1 else programs[0]
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-c", STAND_IN, str(report_fd), *arguments]
            return subprocess.Popen(command, pass_fds=[report_fd], stdout=log)

    def look_until(self, name, state):
        """Look until a stand-in is in a state; return what others read of all of them."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            self.workers.look()
            seen = stand_ins.read(self.folder)
            if name in seen and seen[name].state is state:
                return seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.01)


@pytest.fixture
def supervise(tmp_path):
    started = []

    def supervise(**programs):
        works = [("", "stay")]
        started.append(Supervised(tmp_path, {"firehose": works, "crawler": works, "pipe": works} | programs))
        return started[-1]

    yield supervise
    for each in started:
        each.workers.stop()


def test_the_pipe_starts_when_firehose_works(supervise):
    supervised = supervise(firehose=[("stay",), ("", "stay")])
    supervised.look_until("crawler", State.running)
    assert [name for _, name in supervised.started] == ["firehose", "crawler"]
    supervised.workers._workers["firehose"].process.kill()
    supervised.look_until("firehose", State.ended)
    supervised.now = 1.0
    supervised.look_until("firehose", State.running)
    seen = supervised.look_until("pipe", State.running)
    assert [name for _, name in supervised.started] == ["firehose", "crawler", "firehose", "pipe"]
    assert {name: (each.restarts, each.problem) for name, each in seen.items()} == {
        "firehose": (1, ""),
        "crawler": (0, ""),
        "pipe": (0, ""),
    }


def test_one_that_ends_is_started_again_each_time_and_later_each_time(supervise):
    supervised = supervise(crawler=[("1",)])
    for wait_seconds in (1, 2, 4, 8, 16, 30, 30):
        seen = supervised.look_until("crawler", State.ended)
        assert seen["crawler"].problem.startswith("ended with exit code 1 (the reason): see ")
        supervised.now += wait_seconds - 0.1
        supervised.workers.look()
        assert stand_ins.read(supervised.folder)["crawler"].state is State.ended
        supervised.now += 0.1
        supervised.workers.look()
    assert stand_ins.read(supervised.folder)["crawler"].restarts == 7


def test_a_last_line_of_its_log_that_is_no_error_is_not_called_the_reason(supervise):
    problem = supervise(crawler=[("quiet", "1")]).look_until("crawler", State.ended)["crawler"].problem
    assert problem.startswith("ended with exit code 1: see ")


def test_one_that_worked_for_long_is_started_again_soon(supervise):
    supervised = supervise(crawler=[("1",), ("1",), ("", "stay")])
    for _ in range(2):
        supervised.look_until("crawler", State.ended)
        supervised.now += 2
    supervised.look_until("crawler", State.running)
    supervised.now += workers.STEADY_SECONDS
    supervised.workers._workers["crawler"].process.kill()
    supervised.look_until("crawler", State.ended)
    supervised.now += 1
    seen = supervised.look_until("crawler", State.running)
    assert seen["crawler"].restarts == 3


def test_one_that_refuses_its_settings_is_not_started_again(supervise):
    supervised = supervise(crawler=[(str(SETTINGS_EXIT_CODE),)])
    seen = supervised.look_until("crawler", State.refused)
    assert seen["crawler"].problem == "refuses its settings: the reason"
    supervised.now += 1e6
    supervised.workers.look()
    assert stand_ins.read(supervised.folder)["crawler"].restarts == 0


def test_one_that_waits_says_why_until_it_goes_on(supervise):
    supervised = supervise(crawler=[("", "can't save", "stay")], firehose=[("", "can't save", "", "stay")])
    seen = supervised.look_until("crawler", State.waiting)
    assert (seen["crawler"].problem, seen["crawler"].restarts) == ("can't save", 0)
    assert supervised.look_until("firehose", State.running)["firehose"].problem == ""


def test_one_that_gives_no_sign_of_life_is_ended_and_started_again(supervise):
    supervised = supervise(firehose=[("", "stay")], crawler=[("", "beat")], pipe=[("", "beat")])
    supervised.look_until("pipe", State.running)
    while supervised.now < stand_ins.ANSWER_SECONDS:
        assert stand_ins.read(supervised.folder)["firehose"].state is State.running
        supervised.now += workers.LATE_SECONDS
        time.sleep(0.05)
        supervised.workers.look()
    seen = supervised.look_until("firehose", State.ended)
    assert seen["firehose"].problem.startswith("has not answered for over 30 s, and was ended by SIGKILL: see ")
    assert (seen["crawler"].state, seen["pipe"].state) == (State.running, State.running)
    supervised.now += 1
    assert supervised.look_until("firehose", State.running)["firehose"].restarts == 1


def test_the_time_in_which_the_supervisor_was_frozen_is_held_against_no_stand_in(supervise):
    supervised = supervise()
    supervised.look_until("pipe", State.running)
    supervised.now += stand_ins.ANSWER_SECONDS * 2
    supervised.workers.look()
    assert {each.state for each in stand_ins.read(supervised.folder).values()} == {State.running}


def test_the_supervisor_writes_though_nothing_changes(supervise, monkeypatch):
    supervised = supervise()
    supervised.look_until("pipe", State.running)
    time.sleep(0.05)
    monkeypatch.setattr(stand_ins, "ANSWER_SECONDS", 0.05)
    assert stand_ins.read(supervised.folder)["pipe"].state is State.silent
    supervised.now += stand_ins.WRITE_SECONDS
    supervised.workers.look()
    monkeypatch.setattr(stand_ins, "ANSWER_SECONDS", 30)
    assert stand_ins.read(supervised.folder)["pipe"].state is State.running
