"""What the supervisor writes down is read whole, only while it lives, and on a full disk too."""

import os
import resource
import subprocess
import sys
import threading

import pytest

from local_aws import stand_ins
from local_aws.stand_ins import Register, StandIn, State

STAND_IN = StandIn(State.waiting, 1_800_000_000_000, 3, "can't save its checkpoint")
SUPERVISOR = """
import sys, time
from pathlib import Path
from local_aws.stand_ins import Register, StandIn, State
register = Register(Path(sys.argv[1]))
register.write({"pipe": StandIn(State.running, 1)})
print("ready", flush=True)
time.sleep(60)
"""


def test_nothing_is_known_where_no_supervisor_ever_ran(tmp_path):
    assert stand_ins.read(tmp_path) is None
    assert stand_ins.read(tmp_path / "gone") is None


def test_what_is_written_is_read_while_the_supervisor_lives_and_no_longer(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], env=environment, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout.readline() == b"ready\n"
        assert stand_ins.read(tmp_path) == {"pipe": StandIn(State.running, 1)}
        supervisor.kill()
    assert stand_ins.read(tmp_path) is None


def test_nobody_knows_of_the_stand_ins_of_a_supervisor_that_no_longer_writes(tmp_path, monkeypatch):
    register = Register(tmp_path)
    register.write({"pipe": StandIn(State.running, 1)})
    now = stand_ins.time.monotonic()
    monkeypatch.setattr(stand_ins.time, "monotonic", lambda: now + 29)
    assert stand_ins.read(tmp_path)["pipe"].state is State.running
    monkeypatch.setattr(stand_ins.time, "monotonic", lambda: now + 31)
    problem = "may not run: its supervisor has not answered for over 30 s. See workers.log"
    assert stand_ins.read(tmp_path) == {"pipe": StandIn(State.silent, 1, 0, problem)}


@pytest.fixture
def full_disk():
    """Let no file grow: what a full disk refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (stand_ins._SIZE_BYTES + 100, hard))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_hides_nothing(tmp_path, full_disk):
    register = Register(tmp_path)
    full_disk()
    for problem in ("short", "x" * 10_000, "\U0001f600" * 10_000):
        register.write(dict.fromkeys(stand_ins.SERVICES, StandIn(State.waiting, 1, 1, problem)))
        assert problem.startswith(stand_ins.read(tmp_path)["pipe"].problem)


def test_a_disk_that_is_full_before_is_an_error(tmp_path, full_disk, monkeypatch):
    monkeypatch.setattr(stand_ins, "_SIZE_BYTES", stand_ins._SIZE_BYTES * 2)
    full_disk()
    monkeypatch.setattr(stand_ins, "_SIZE_BYTES", stand_ins._SIZE_BYTES * 4)
    with pytest.raises(OSError, match=r"No space left on device|File too large"):
        Register(tmp_path)


def test_it_is_never_read_half_written(tmp_path):
    register, over = Register(tmp_path), threading.Event()

    def write():
        number = 0
        while not over.is_set():
            number += 1
            register.write({"pipe": StandIn(State.ended, number, number, str(number) * 50)})

    register.write({"pipe": StandIn(State.ended, 0, 0, "")})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(2000):
            seen = stand_ins.read(tmp_path)["pipe"]
            assert seen.since_ms == seen.restarts
            assert seen.problem in {str(seen.restarts) * 50, ""}
    finally:
        over.set()
        writer.join()
