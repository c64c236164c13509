"""Runs what `sam build` makes as Lambda does: AWS' runtime client, its interface emulator, and no other package."""

import json
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.built import RUNTIME, link
from tests import ROOT
from tests.unit.events import answer_to, load

START_SECONDS = 20


def free_ports(number):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """A folder with the runtime client and what it needs, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    link(RUNTIME, folder)
    return folder


@pytest.fixture(scope="module")
def invoke(built_template, runtime):
    """Invoke the built TransformFunction."""
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    emulator = Path(find_spec("samcli").origin).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    port, runtime_port = free_ports(2)
    package = built_template.parent / "TransformFunction"
    process = subprocess.Popen(
        [
            *(emulator, "--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            # -S leaves out this environment's packages: the built one has to bring its own.
            *(sys._base_executable, "-S", "-m", "awslambdaric", "transform.app.handler"),
        ],
        cwd=package,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{package}:{runtime}",
            "POWERTOOLS_SERVICE_NAME": "sales-data-projection",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def call(event):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", json.dumps(event).encode()
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.URLError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"The runtime did not answer in {START_SECONDS} s, last: {error}") from error
                time.sleep(0.05)

    yield call
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("name", ["firehose", "firehose-changes", "firehose-bad-records"])
def test_the_built_transform_turns_an_event_into_its_expected_result(invoke, name):
    assert invoke(load(name)) == answer_to(name)


def test_the_built_transform_answers_an_event_of_another_kind_with_one_clear_error(invoke):
    answer = invoke({"Records": []})
    assert answer["errorType"] == "ValueError"
    assert answer["errorMessage"].startswith("Not an event of Firehose's data transformation")


def test_the_largest_event_that_lambda_takes_is_answered(invoke):
    (record, *_) = load("firehose")["records"]
    event = load("firehose") | {"records": [record] * (6_000_000 // len(json.dumps(record)))}
    results = invoke(event)["records"]
    assert len(results) == len(event["records"])
    assert {result["result"] for result in results} == {"Ok"}


def test_a_build_for_lambda_holds_both_instruction_sets_whatever_this_machine_is(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "samcli", "build", "TransformFunction", "--build-dir", tmp_path / "build"],
        cwd=ROOT,
        env=os.environ | {"MAKEFLAGS": "", "PYTHON": sys.executable},
        check=True,
        capture_output=True,
        timeout=120,
    )
    package = tmp_path / "build" / "TransformFunction"
    runtime = (ROOT / "template.yaml").read_text().partition("Runtime: python")[2].split()[0].replace(".", "")
    for module in ("msgspec/_core", "pybase64/_pybase64"):
        for machine in ("x86_64", "aarch64"):
            assert (package / f"{module}.cpython-{runtime}-{machine}-linux-gnu.so").is_file()
    assert not [path for path in package.rglob("*") if path.name in ("boto3", "requirements.txt", "tests", "bin")]
