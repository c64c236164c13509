"""`pip install .` away from the clone gives a `sales` whose AWS commands work, and which says what the others need."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

SECONDS = 120
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    """The command, in an environment that has nothing but what it asks for."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    python = folder / "venv" / "bin" / "python"
    for arguments in (
        ["venv", "--python", sys.executable, folder / "venv"],
        ["pip", "install", "--python", python, source],
    ):
        done = subprocess.run([UV, "--quiet", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr
    return python.with_name("sales")


def run(sales, *arguments, **settings):
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        [sales, *arguments],
        cwd=sales.parent,
        env=inherited | settings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_a_command_on_aws_works(sales, emulator, stack):  # noqa: ARG001 - the stack has to be there
    ended = run(sales, "status", "--stack-name", "sales", "--format", "json", **emulator.environment)
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["stages"]["table"]["state"] == "ACTIVE"


def test_every_module_of_an_aws_command_is_installed(sales):
    for command in ("reconcile", "failures", "replay", "backfill", "crawl", "generate", "report"):
        ended = run(sales, command, AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("error: cannot reach AWS")


def test_the_report_has_its_style_there(sales):
    code = "import sales_pipeline.report.page as page; print(page.style())"
    command = [sales.with_name("python"), "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert ".chart" in ended.stdout


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_local_command_says_in_one_line_what_to_install(sales, command):
    ended = run(sales, command)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "runs only in a clone of the repository" in ended.stderr
    assert "make setup" in ended.stderr


def test_down_says_that_nothing_runs(sales):
    assert run(sales, "down").stderr.startswith("error: no pipeline runs on this machine")
