"""Starts and stops the AWS emulator (MiniStack) that the local pipeline runs on."""

import json
import os
import secrets
import socket
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3

from common.answers import check_answers
from local_aws import disk, guard
from local_aws.environment import without_callers
from local_aws.errors import LocalAwsError, last_error
from local_aws.server import KEY_ID_NAME, SECRET_NAME

LOOPBACK = "127.0.0.1"
PREFERRED_PORT = 4566
REGION = "us-east-1"
START_SECONDS = 30
START_ATTEMPTS = 3


class EmulatorError(LocalAwsError):
    """The emulator did not start; the text says what to do next."""


class _PortTakenError(EmulatorError):
    pass


@dataclass(frozen=True)
class Key:
    """An access key of the emulator's root user. It is made for one run, and the emulator takes no other root key."""

    # Nobody takes it for a key of AWS, which begins with AKIA or ASIA.
    key_id: str = field(default_factory=lambda: f"LOCAL{secrets.token_hex(16).upper()}")
    secret: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Leaving a `with` block over it stops it."""

    endpoint_url: str
    log_path: Path
    process: guard.Guarded
    key: Key

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that uses this emulator. Nothing in it leads to a real account, or to a proxy.

        It has the key of the root user, so only this user may read what holds it.
        """
        settings = {
            "AWS_ACCESS_KEY_ID": self.key.key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        # macOS can have a proxy in its own settings too.
        settings |= dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK)
        return without_callers(os.environ) | settings

    def session(self) -> boto3.Session:
        """Return the root user's session; its clients need `endpoint_url` too."""
        session = boto3.Session(self.key.key_id, self.key.secret, region_name=REGION)
        check_answers(session.events)
        return session

    def stop(self) -> None:
        """End the emulator and the functions it runs, and delete everything that they wrote, except the log."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(log_path: Path) -> Emulator:
    """Start an emulator on loopback that enforces IAM, and wait until it answers.

    It listens on port 4566, or on a free port if 4566 is taken. It writes its log to `log_path`, and everything else to
    a temporary directory of its own. It ends with this process, even when this process is killed.

    Raises EmulatorError after START_SECONDS, or when the emulator ends by itself.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(START_ATTEMPTS - 1):
        with suppress(_PortTakenError):
            return _start_at(_free_port(), log_path)
    return _start_at(_free_port(), log_path)


def _start_at(port: int, log_path: Path) -> Emulator:
    # The guard makes it. Made here, an interrupt before the guard runs would leave it behind.
    directory = Path(tempfile.gettempdir()) / f"sales-emulator-{secrets.token_hex(16)}"
    # Only this process and the emulator know it until the emulator has the port. The folder's name can be listed.
    mark = secrets.token_hex(16)
    key = Key()
    environment = _environment(directory, port, mark, key)
    with log_path.open("wb") as log:
        process = guard.start(directory, [sys.executable, "-m", "local_aws.server"], environment, log)
    emulator = Emulator(f"http://{LOOPBACK}:{port}", log_path, process, key)
    try:
        _wait_until_healthy(emulator, mark)
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


def _environment(directory: Path, port: int, mark: str, key: Key) -> dict[str, str]:
    """Return the whole environment of the emulator. The functions that it runs inherit it, without the key."""
    return {
        KEY_ID_NAME: key.key_id,
        SECRET_NAME: key.secret,
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        **dict.fromkeys(("HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"), str(directory)),
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        # The host in the URLs that it returns, of queues for example. It listens on this address only, and localhost
        # may mean ::1.
        "MINISTACK_HOST": LOOPBACK,
        # Its health answer holds this text. So another emulator that took the port first is noticed.
        "MINISTACK_EDITION": mark,
        # It removes containers that another MiniStack left in Docker. This path keeps it away from them.
        "DOCKER_HOST": f"unix://{directory}/no-docker",
    }


def _wait_until_healthy(emulator: Emulator, mark: str) -> None:
    url = f"{emulator.endpoint_url}/_ministack/health"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    seen: object = "nothing"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if emulator.process.ending():
            # Another program can take the port after _free_port has looked.
            if "already in use" in emulator.log_path.read_text(errors="replace"):
                raise _PortTakenError(
                    f"Another program took the port of {emulator.endpoint_url} while the emulator started: see "
                    f"{emulator.log_path}, and start it again."
                )
            raise EmulatorError(_why_it_ended(emulator.log_path))
        try:
            with direct.open(url, timeout=1) as answer:
                seen = json.load(answer)["edition"]
        except (OSError, ValueError, LookupError, TypeError) as error:  # another program can have the port
            seen = error
        if seen == mark:
            return
        time.sleep(0.05)
    raise EmulatorError(
        f"The emulator did not answer at {url} in {START_SECONDS} s (last seen: {seen}): see {emulator.log_path}."
    )


def _why_it_ended(log_path: Path) -> str:
    if full := disk.full(log_path.parent, Path(tempfile.gettempdir())):
        return f"The emulator ended while it started, and the disk that holds {full} is full: {disk.ADVICE}."
    error = last_error(log_path)
    return f"The emulator ended while it started{f' ({error})' if error else ''}: see {log_path}."
