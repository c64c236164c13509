"""A process that is gone is named, with its log, or with the full disk that keeps its log empty."""

import os
import time
from types import SimpleNamespace

import pytest

from local_aws import disk
from local_aws.stand_ins import Register, StandIn, State
from sales_pipeline.local.health import GoneError, Process, stand_ins_by_stage
from sales_pipeline.local.running import LOG, WORK


@pytest.mark.parametrize(
    ("free_bytes", "logged", "said"),
    [
        (10**9, "first\n12:00 ERROR the reason\n\n", " (the reason), so this pipeline has ended: see {log}, and run"),
        (
            10**9,
            "Traceback\nOSError: the reason\n",
            " (OSError: the reason), so this pipeline has ended: see {log}, and run",
        ),
        (10**9, "12:00 ERROR old\n12:01 INFO a long line\n", ", so this pipeline has ended: see {log}, and run"),
        (10**9, "", ", so this pipeline has ended: see {log}, and run"),
        (0, "", ", and the disk that holds {folder} is full: free some space, then run"),
    ],
)
def test_a_process_that_is_gone_is_named_with_what_to_do(tmp_path, monkeypatch, free_bytes, logged, said):
    log_path = tmp_path / "emulator.log"
    log_path.write_text(logged)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    process = Process("the emulator", SimpleNamespace(ending=lambda: "was ended by SIGKILL"), log_path, "sales demo")
    with pytest.raises(GoneError) as gone:
        process.look()
    said = said.format(log=log_path, folder=tmp_path)
    assert str(gone.value) == f"the emulator was ended by SIGKILL{said} `sales demo` again"


@pytest.mark.parametrize(
    ("age_seconds", "logged", "problem"),
    [
        (1, "12:00 INFO a\n12:01 ERROR it could not put 1 of 1 records to Kinesis\n", True),
        (1, "12:00 ERROR it could not put 1 of 1 records to Kinesis\n12:01 INFO a\n", False),
        (60, "12:01 ERROR it could not put 1 of 1 records to Kinesis\n", False),
    ],
)
def test_a_stand_in_that_runs_and_fails_says_why(tmp_path, age_seconds, logged, problem):
    state_dir, log_path = tmp_path / WORK / "state", tmp_path / LOG / "pipe.log"
    state_dir.mkdir(parents=True)
    log_path.parent.mkdir()
    log_path.write_text(logged)
    os.utime(log_path, times=(time.time() - age_seconds,) * 2)
    Register(state_dir).write({"pipe": StandIn(State.running, 1), "firehose": StandIn(State.running, 1)})
    found = stand_ins_by_stage(state_dir)
    says = f"fails: it could not put 1 of 1 records to Kinesis. See {log_path}" if problem else ""
    assert found == {"pipe": StandIn(State.running, 1, 0, says), "delivery": StandIn(State.running, 1), "crawler": None}
