"""What a caller has set for AWS, the SAM CLI and proxies reaches nothing that works on this machine."""

import os
import subprocess
import sys

import pytest

from local_aws import environment

HOSTILE = {
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
    "AWS_PROFILE": "nobody",
    "AWS_CA_BUNDLE": "/nowhere",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_MAX_ATTEMPTS": "0",
    "BOTO_CONFIG": "/nowhere",
    "SAM_TEMPLATE_FILE": "/nowhere",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "PYTHONWARNINGS": "error",
    "PYTHONPATH": "/nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONINSPECT": "1",
    "MAKEFLAGS": "n",
    "MAKEFILES": "/nowhere",
    "GNUMAKEFLAGS": "n",
}


def test_only_the_settings_given_are_left(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ.update(HOSTILE)
    environment.use_only({"AWS_PROFILE": "other", "NO_PROXY": "127.0.0.1"})
    left = {name: value for name, value in os.environ.items() if environment.steers(name)}
    assert left == {"AWS_PROFILE": "other", "NO_PROXY": "127.0.0.1"}


def test_a_process_that_was_started_since_sees_none_of_them():
    driver = (
        "import subprocess; from local_aws.environment import use_only; use_only({'AWS_PROFILE': 'other'}); "
        "print(subprocess.run(['env'], capture_output=True, text=True, check=True).stdout)"
    )
    started = os.environ | {name: value for name, value in HOSTILE.items() if not name.startswith("PYTHON")}
    ended = subprocess.run([sys.executable, "-c", driver], env=started, capture_output=True, text=True, check=True)
    seen = {line.partition("=")[0] for line in ended.stdout.splitlines()}
    assert seen & HOSTILE.keys() == {"AWS_PROFILE"}


@pytest.mark.parametrize("name", ["PATH", "HOME", "SALES_HOME", "PIP_INDEX_URL", "MY_AWS_NOTE", "VIRTUAL_ENV"])
def test_what_steers_none_of_the_programs_is_left(name):
    assert environment.without_callers(HOSTILE | {name: "mine"}) == {name: "mine"}


def test_proxies_are_what_an_installer_needs():
    proxies = {name: value for name, value in HOSTILE.items() if name.lower().endswith("_proxy")} | {"NO_PROXY": "a"}
    assert environment.proxies(HOSTILE | {"NO_PROXY": "a"}) == proxies
