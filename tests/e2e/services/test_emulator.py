"""The emulator listens on loopback only, enforces IAM, and always ends with the process that started it."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import ExitStack, suppress
from pathlib import Path

import boto3
import pytest

from local_aws import emulator as local_emulator

DEADLINE_SECONDS = 10
FUNCTION = "import os\ndef handler(event, context): return [os.getppid(), os.getpid(), os.environ['TMPDIR']]\n"

STARTER = """
import sys, time
from pathlib import Path
from local_aws import emulator
with emulator.start(Path(sys.argv[1])) as running:
    print(running.endpoint_url, running.key.key_id, running.key.secret, flush=True)
    time.sleep(60)
"""


def processes_and_directory(endpoint_url, key_id, secret):
    """Run a function, so that there is a worker to end; return the emulator's and the worker's process ids."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("app.py", FUNCTION)
    session = boto3.Session(key_id, secret, region_name=local_emulator.REGION)
    roles = session.client("iam", endpoint_url=endpoint_url)
    role = roles.create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]
    functions = session.client("lambda", endpoint_url=endpoint_url)
    functions.create_function(
        FunctionName="whoami",
        Runtime="python3.13",
        Role=role["Arn"],
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    *process_ids, directory = json.load(functions.invoke(FunctionName="whoami")["Payload"])
    return process_ids, Path(directory)


def alive(process_id):
    try:
        os.kill(process_id, 0)
        # Where nobody reaps orphans, as in some containers, an ended process stays as a zombie.
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # macOS has no /proc; on Linux the process went this moment
        return sys.platform != "linux"


def assert_gone(process_ids, directory):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while left := [*filter(alive, process_ids), *[directory] * directory.exists()]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def test_stop_leaves_nothing_but_the_log(tmp_path):
    running = local_emulator.start(tmp_path / "emulator.log")
    process_ids, directory = processes_and_directory(running.endpoint_url, running.key.key_id, running.key.secret)
    assert all(alive(process_id) for process_id in process_ids)

    running.stop()

    assert_gone(process_ids, directory)
    assert running.log_path.exists()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_emulator_ends_with_its_starter(tmp_path, ending):
    command = [sys.executable, "-c", STARTER, str(tmp_path / "emulator.log")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as starter:
        try:
            process_ids, directory = processes_and_directory(*starter.stdout.readline().split())
            starter.send_signal(ending)
            starter.wait(DEADLINE_SECONDS)
        finally:
            starter.kill()

    assert_gone(process_ids, directory)


@pytest.mark.parametrize("killed", ["emulator", "its guard"])
def test_an_emulator_that_is_killed_or_loses_its_guard_is_noticed_and_leaves_nothing(tmp_path, killed):
    with local_emulator.start(tmp_path / "emulator.log") as running:
        process_ids, directory = processes_and_directory(running.endpoint_url, running.key.key_id, running.key.secret)
        guard_id = running.process.pid
        assert running.process.ending() is None
        os.kill(process_ids[0] if killed == "emulator" else guard_id, signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (ending := running.process.ending()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "SIGKILL" in ending
    assert_gone([guard_id, *process_ids], directory)


def test_a_taken_port_gives_way_to_a_free_one(tmp_path):
    with ExitStack() as held:
        with suppress(OSError):  # something has it already
            held.enter_context(socket.create_server((local_emulator.LOOPBACK, local_emulator.PREFERRED_PORT)))
        with local_emulator.start(tmp_path / "emulator.log") as second:
            assert not second.endpoint_url.endswith(f":{local_emulator.PREFERRED_PORT}")


def test_an_emulator_that_fails_to_start_says_why(tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind((local_emulator.LOOPBACK, 0))
        taken.listen()
        monkeypatch.setattr(local_emulator, "_free_port", lambda: taken.getsockname()[1])
        with pytest.raises(local_emulator.EmulatorError, match=r"took the port of http.*: see .*emulator\.log"):
            local_emulator.start(tmp_path / "emulator.log")


def test_it_listens_on_one_port_of_loopback_only(emulator):
    guard = emulator.process.pid
    [process_id] = Path(f"/proc/{guard}/task/{guard}/children").read_text().split()
    files = {link.readlink().name for link in Path(f"/proc/{process_id}/fd").iterdir()}
    tables = [Path("/proc/net/tcp").read_text(), Path("/proc/net/tcp6").read_text()]
    rows = [row.split() for table in tables for row in table.splitlines()[1:]]
    listening = "0A"
    port = int(emulator.endpoint_url.rpartition(":")[2])
    assert [row[1] for row in rows if row[3] == listening and f"socket:[{row[9]}]" in files] == [f"0100007F:{port:04X}"]
