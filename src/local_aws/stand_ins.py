"""What the supervisor knows about each stand-in, in a file that others can read for as long as it lives."""

import errno
import fcntl
import json
import os
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

SERVICES = {
    "pipe": "EventBridge Pipes",
    "firehose": "Amazon Data Firehose",
    "crawler": "the AWS Glue crawler",
}
"""The AWS service that each stand-in stands in for."""

_NAME = "stand-ins"
_SIZE_BYTES = 16 * 1024
_PROBLEM_CHARACTERS = 300
_READS = 100

ANSWER_SECONDS = 30.0
"""Who is silent for so long does not run, however busy the machine is: a sign of life takes no work."""
WRITE_SECONDS = 2.0
"""How often the supervisor writes at least: a register that is older than ANSWER_SECONDS is that of a frozen one."""


class State(StrEnum):
    """What a stand-in does."""

    starting = "starting"
    running = "running"
    waiting = "waiting"
    """It runs, and does nothing until its problem is solved."""
    ended = "ended"
    """It is about to be started again."""
    refused = "refused"
    """It refuses its settings, and is not started again."""
    silent = "silent"
    """Its process is there and gives no sign of life, or its supervisor gives none."""


@dataclass(frozen=True)
class StandIn:
    """One stand-in: since when its process runs, in milliseconds since 1970, and how often it was started again."""

    state: State
    since_ms: int
    restarts: int = 0
    problem: str = ""
    """Why it does not run."""


class Register:
    """The supervisor's file in its `state_dir`, which nobody else writes to.

    It keeps its size, so that a full disk does not hide what a full disk does. A lock shows that the supervisor lives,
    and the time of the last write that it is not frozen: by the monotonic clock, which all processes share.
    """

    def __init__(self, state_dir: Path) -> None:
        self._file = os.open(state_dir / _NAME, os.O_RDWR | os.O_CREAT, 0o600)
        self.write({})
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, stand_ins: Mapping[str, StandIn]) -> None:
        """Replace what the file says. Raises OSError."""
        members = {
            name: asdict(each) | {"problem": each.problem[:_PROBLEM_CHARACTERS]} for name, each in stand_ins.items()
        }
        text = json.dumps({"written": time.monotonic(), "stand_ins": members}).encode()
        record = b"%08x %s" % (zlib.crc32(text), text.ljust(_SIZE_BYTES))
        if os.pwrite(self._file, record, 0) < len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), _NAME)


def read(state_dir: Path) -> dict[str, StandIn] | None:
    """Return the stand-ins by name; None if no supervisor runs. Nobody knows of those whose supervisor is silent."""
    try:
        file = os.open(state_dir / _NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        for _ in range(_READS):
            checksum, _, text = os.pread(file, _SIZE_BYTES * 2, 0).partition(b" ")
            if b"%08x" % zlib.crc32(text.rstrip()) != checksum:  # the supervisor writes at this moment
                time.sleep(0.001)
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _known(json.loads(text))
            return None
    finally:
        os.close(file)
    return None


def _known(record: dict[str, Any]) -> dict[str, StandIn]:
    found = {name: StandIn(**each | {"state": State(each["state"])}) for name, each in record["stand_ins"].items()}
    if time.monotonic() - record["written"] <= ANSWER_SECONDS:
        return found
    problem = f"may not run: its supervisor {silence()}. See workers.log"
    return {name: replace(each, state=State.silent, problem=problem) for name, each in found.items()}


def silence() -> str:
    """Return in words that somebody gives no sign of life."""
    return f"has not answered for over {ANSWER_SECONDS:.0f} s"
