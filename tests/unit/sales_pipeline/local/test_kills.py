"""Whichever process of `sales up` is killed, and whenever: nothing of it is left, and `sales up` says so or repairs it.

The processes and what supervises them are real. The emulator, `sam` and the stand-ins only sleep.
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from local_aws import stand_ins
from local_aws.stand_ins import SERVICES
from sales_pipeline.local import running
from tests import ROOT
from tests.e2e.sales import left_processes

DEADLINE_SECONDS = 20
UP = "tests.unit.sales_pipeline.local.up_without_aws"
RUNS = "The pipeline runs."
KILLED = "was ended by SIGKILL"
WITHOUT_GUARD = "has lost its guard"


def role(words):
    """Say which process of `sales up` has this command line."""
    if words[1:2] == ["-I"]:
        return f"guard of {role(words[5:])}"
    if "--log-dir" in words:
        return "supervisor"
    return next((name for name in SERVICES if name in words), "up" if words[-1] == UP else words[-1])


def until(see, expected):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (seen := see()) != expected:
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS} s: {expected}; last seen: {seen}"
        time.sleep(0.05)


class Up:
    def __init__(self, home, **settings):
        self.home = home
        self.state_dir = home / "up" / "work" / "state"
        self.log_path = home.with_suffix(".out")
        environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "SALES_HOME": str(home), "SILENT": ""}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", UP], env=os.environ | environment | settings, stdout=log, stderr=log
            )

    @property
    def printed(self):
        return self.log_path.read_text()

    def processes(self):
        return {
            role(words.decode().rstrip("\0").split("\0")): int(number) for number, words in left_processes(self.home)
        }

    def wait_for_text(self, text):
        until(lambda: text in self.printed or self.process.poll() is not None, expected=True)
        assert text in self.printed

    def wait_for_process(self, kind):
        until(lambda: kind in self.processes(), expected=True)

    def kill(self, kind):
        os.kill(self.processes()[kind], signal.SIGKILL)

    def end(self):
        """Wait for its end; return its exit code and the last line that it printed."""
        code = self.process.wait(DEADLINE_SECONDS)
        until(lambda: sorted(self.processes()), [])
        assert "Traceback" not in self.printed
        return code, self.printed.splitlines()[-1]


@pytest.fixture
def start(tmp_path):
    started = []

    def start(**settings):
        started.append(Up(tmp_path / "home", **settings))
        return started[-1]

    yield start
    for up in started:
        for process_id in up.processes().values():
            os.kill(process_id, signal.SIGKILL)
        up.process.wait()


def refusal(home, monkeypatch):
    """Return why a command that names no stack on AWS refuses to choose one; None if it goes to AWS."""
    monkeypatch.setenv("SALES_HOME", str(home))
    try:
        running.find()
    except running.RunningError as error:
        return str(error)
    return None


def assert_error(up, *words):
    code, line = up.end()
    assert code == 1, up.printed
    assert line.startswith("error: "), up.printed
    for word in words:
        assert word in line
    with pytest.MonkeyPatch.context() as patch:
        assert "has died: clear it with `sales down`" in (refusal(up.home, patch) or "")
        running.stop()
        assert refusal(up.home, patch) is None


ENDS = {
    "emulator": f"the emulator {KILLED}",
    "guard of emulator": f"the emulator {WITHOUT_GUARD}",
    "supervisor": f"the supervisor of the stand-ins {KILLED}",
    "guard of supervisor": f"the supervisor of the stand-ins {WITHOUT_GUARD}",
    "sam": "sam deploy failed",
    "guard of sam": "sam deploy failed",
}


@pytest.mark.parametrize("kind", ["emulator", "guard of emulator", "sam", "guard of sam"])
def test_a_kill_during_the_deployment_ends_it_with_an_error(start, kind):
    up = start(STAY_IN_DEPLOY="1")
    up.wait_for_process("child of sam")
    up.kill(kind)
    assert_error(up, ENDS[kind])


@pytest.mark.parametrize("kind", ["emulator", "supervisor", "guard of supervisor"])
def test_a_kill_while_the_stand_ins_start_ends_it_with_an_error(start, kind):
    up = start(SILENT="crawler")
    up.wait_for_process("crawler")
    up.kill(kind)
    assert_error(up, ENDS[kind])
    assert RUNS not in up.printed


@pytest.mark.parametrize("kind", ["emulator", "guard of emulator", "supervisor", "guard of supervisor"])
def test_a_kill_of_what_nothing_replaces_ends_a_running_one_with_an_error(start, kind):
    up = start()
    up.wait_for_text(RUNS)
    up.kill(kind)
    assert_error(up, ENDS[kind])


def test_a_signal_to_what_nothing_replaces_is_not_called_an_exit_code(start):
    up = start()
    up.wait_for_text(RUNS)
    os.kill(up.processes()["supervisor"], signal.SIGTERM)
    assert_error(up, "the supervisor of the stand-ins ended without an error, so this pipeline has ended: see ")


def test_orders_that_can_not_be_written_leave_the_mark_of_a_dead_pipeline(start, monkeypatch):
    up = start(WRITING_FAILS="1")
    assert up.end()[0] == 1
    assert "has died" in refusal(up.home, monkeypatch)


@pytest.mark.parametrize("phase", ["deployment", "start of stand-ins", "running", "ending"])
def test_a_kill_of_itself_leaves_nothing(start, phase):
    settings, kind = {
        "deployment": ({"STAY_IN_DEPLOY": "1"}, "child of sam"),
        "start of stand-ins": ({"SILENT": "crawler"}, "crawler"),
        "running": ({}, "pipe"),
        "ending": ({}, "pipe"),
    }[phase]
    up = start(**settings)
    up.wait_for_process(kind)
    if phase == "ending":
        up.process.terminate()
    up.kill("up")
    assert up.end()[0] == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["guard of emulator", "supervisor", "guard of supervisor"])
def test_a_kill_while_it_ends_leaves_nothing(start, kind):
    up = start()
    up.wait_for_text(RUNS)
    processes = up.processes()
    os.kill(processes["up"], signal.SIGTERM)
    os.kill(processes[kind], signal.SIGKILL)
    assert up.end()[0] in {0, 1}


def test_killed_stand_ins_are_started_again_before_and_after_it_runs(start):
    up = start(SILENT="crawler")
    up.wait_for_process("crawler")
    up.kill("firehose")
    until(lambda: stand_ins.read(up.state_dir)["firehose"].restarts, 1)
    up.process.terminate()
    assert up.end()[0] == 130


def test_a_stand_in_that_is_killed_is_started_again_and_that_is_said(start, monkeypatch):
    up = start()
    up.wait_for_text(RUNS)
    for kind, service in SERVICES.items():
        up.kill(kind)
        up.wait_for_text(f"the stand-in for {service} {KILLED}: see ")
        up.wait_for_text(f"the stand-in for {service} runs again")
    assert {each.restarts for each in stand_ins.read(up.state_dir).values()} == {1}
    up.process.terminate()
    assert up.end()[0] == 0
    assert refusal(up.home, monkeypatch) is None


def test_the_stand_in_of_firehose_that_never_works_ends_it_with_an_error(start):
    up = start(SILENT="firehose", START_SECONDS="1")
    assert_error(up, "the stand-in for EventBridge Pipes and Amazon Data Firehose", "did not start in 1 s")
    assert RUNS not in up.printed


def test_a_stand_in_that_fails_again_and_again_ends_it_with_the_reason(start):
    up = start(FAILING="firehose")
    assert_error(
        up, "the stand-in for Amazon Data Firehose ended with exit code 1", "No space left on device: 'settings"
    )
    assert RUNS not in up.printed


def test_a_stand_in_that_waits_from_the_start_ends_it_with_its_reason(start):
    up = start(PROBLEM="can't save its checkpoint (No space left on device)")
    assert_error(up, "can't save its checkpoint (No space left on device)")
    assert RUNS not in up.printed


def test_a_stand_in_that_is_frozen_is_replaced_and_that_is_said(start):
    up = start(ANSWER_SECONDS="2")
    up.wait_for_text(RUNS)
    os.kill(up.processes()["firehose"], signal.SIGSTOP)
    up.wait_for_text(f"the stand-in for Amazon Data Firehose has not answered for over 2 s, and {KILLED}: see ")
    up.wait_for_text("the stand-in for Amazon Data Firehose runs again")
    assert {name: each.restarts for name, each in stand_ins.read(up.state_dir).items()}["firehose"] == 1
    up.process.terminate()
    assert up.end()[0] == 0


def test_a_frozen_supervisor_is_no_sign_that_the_stand_ins_run(start):
    up = start(ANSWER_SECONDS="2")
    up.wait_for_text(RUNS)
    supervisor = up.processes()["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)
    up.wait_for_text("the stand-in for Amazon Data Firehose may not run: its supervisor has not answered for over 2 s")
    os.kill(supervisor, signal.SIGCONT)
    up.wait_for_text("the stand-in for Amazon Data Firehose runs again")
    assert {each.restarts for each in stand_ins.read(up.state_dir).values()} == {0}
    os.kill(supervisor, signal.SIGSTOP)
    up.process.terminate()
    assert up.end()[0] == 0


def test_a_closed_terminal_is_a_good_end_as_ctrl_c_is(start):
    up = start()
    up.wait_for_text(RUNS)
    up.process.send_signal(signal.SIGHUP)
    assert up.end()[0] == 0
