"""Starts and stops the AWS emulator (MiniStack) that the local pipeline runs on."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3

from local_aws import guard
from local_aws.errors import LocalAwsError

LOOPBACK = "127.0.0.1"
PREFERRED_PORT = 4566
REGION = "us-east-1"
START_SECONDS = 30
START_ATTEMPTS = 3
STOP_SECONDS = 10

# MiniStack takes this access key for the account's root user and never looks at the secret. Every other key has
# to be one that its IAM or STS gave out, as a function's role gets them.
ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class EmulatorError(LocalAwsError):
    """The emulator did not start or stop; the text says what to do next."""


class _PortTakenError(EmulatorError):
    pass


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Leaving a `with` block over it stops it."""

    endpoint_url: str
    log_path: Path
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach this emulator, and nothing that leads to a real account."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        settings = {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name in ("NO_PROXY", "no_proxy"):
            settings[name] = ",".join(filter(None, [os.environ.get(name), LOOPBACK]))
        return inherited | ROOT | settings

    def session(self) -> boto3.Session:
        """Return the root user's session; its clients need `endpoint_url` too."""
        return boto3.Session(ROOT["AWS_ACCESS_KEY_ID"], ROOT["AWS_SECRET_ACCESS_KEY"], region_name=REGION)

    def stop(self) -> None:
        """End the emulator and the functions it runs, and remove all that they wrote but the log.

        Raises EmulatorError after STOP_SECONDS.
        """
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise EmulatorError(
                f"The emulator did not stop in {STOP_SECONDS} s: end process {self.process.pid} and its "
                f"children, and see {self.log_path}."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(log_path: Path) -> Emulator:
    """Start an emulator on loopback that enforces IAM, and wait until it answers.

    It listens on port 4566, or on a free one where that is taken. Everything it writes but its log lies in a
    temporary directory of its own. It ends with this process, however this process ends.

    Raises EmulatorError after START_SECONDS, or when it ends by itself.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(START_ATTEMPTS - 1):
        with suppress(_PortTakenError):
            return _start_at(_free_port(), log_path)
    return _start_at(_free_port(), log_path)


def _start_at(port: int, log_path: Path) -> Emulator:
    directory = Path(tempfile.mkdtemp(prefix="sales-emulator-"))
    with log_path.open("wb") as log:
        process = guard.start(directory, [sys.executable, "-m", "local_aws.server"], _environment(directory, port), log)
    emulator = Emulator(f"http://{LOOPBACK}:{port}", log_path, process)
    try:
        _wait_until_healthy(emulator, directory.name)
    except BaseException:
        emulator.stop()
        raise
    return emulator


def _free_port() -> int:
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, PREFERRED_PORT)):
            return PREFERRED_PORT
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def _environment(directory: Path, port: int) -> dict[str, str]:
    """Return the emulator's whole environment; the functions that it runs inherit it."""
    return ROOT | {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        **dict.fromkeys(("HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"), str(directory)),
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        # The URLs it hands out (of queues, of custom resources' answers) lead to what it binds: localhost may
        # mean ::1.
        "MINISTACK_HOST": LOOPBACK,
        # Its health answer repeats this, which tells it from another emulator that took the port first.
        "MINISTACK_EDITION": directory.name,
        # It removes containers that another MiniStack left in Docker. They are not ours to remove.
        "DOCKER_HOST": f"unix://{directory}/no-docker",
    }


def _wait_until_healthy(emulator: Emulator, mark: str) -> None:
    url = f"{emulator.endpoint_url}/_ministack/health"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    seen: object = "nothing"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if emulator.process.poll() is not None:
            # Another took the port between our look and this: the emulator looks itself, and then binds.
            taken = "already in use" in emulator.log_path.read_text(errors="replace")
            raise (_PortTakenError if taken else EmulatorError)(
                f"The emulator ended as it started: see {emulator.log_path}, "
                f"which ends with {_last_line(emulator.log_path)!r}."
            )
        try:
            with direct.open(url, timeout=1) as answer:
                seen = json.load(answer)["edition"]
        except (OSError, ValueError, KeyError) as error:
            seen = error
        if seen == mark:
            return
        time.sleep(0.05)
    raise EmulatorError(
        f"The emulator did not answer at {url} in {START_SECONDS} s (last seen: {seen}): see {emulator.log_path}."
    )


def _last_line(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
