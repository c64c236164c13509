"""Finds the Pythons to measure with: the one that runs this program, and the one that the functions run on."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.fresh import ROOT

LAMBDA = "3.13"
"""As Runtime in template.yaml."""

_WHO = "import json; from benchmarks.report import python; print(json.dumps(python()))"


class Python(NamedTuple):
    """An interpreter: its version as a text, and the path of the program."""

    name: str
    program: str


@cache
def pythons(report: Callable[[str], None], *, quick: bool) -> list[Python]:
    """Return the Python that runs this program, and the functions' version of Python if it is on PATH and not `quick`.

    The second one gets a virtual environment inside .venv, with the packages of the handlers in the same versions.
    """
    here = Python(_name(sys.executable), sys.executable)
    if quick or sys.version_info[:2] == tuple(map(int, LAMBDA.split("."))):
        return [here]
    command = f"python{LAMBDA}"
    if not _starts(command):
        report(f"{command}, on which the functions run, is not on PATH: measuring on {here.name} only")
        return [here]
    program = str(_environment(command, report) / "bin" / "python")
    return [here, Python(_name(program), program)]


def _environment(command: str, report: Callable[[str], None]) -> Path:
    folder = Path(sys.prefix) / f"benchmarks-{command}"
    done = folder / "installed"
    if not done.exists():
        report(f"making an environment for {command}")
        pins, wanted = ROOT / "requirements-dev.txt", ROOT / "src" / "transform" / "requirements.txt"
        install = (ROOT / "src" / "install.py", "pip", "--quiet", "--constraint", pins)
        _run(command, "-m", "venv", "--clear", folder)
        _run(folder / "bin" / "python", *install, "--requirement", wanted, "boto3", "awslambdaric")
        done.touch()
    return folder


def _name(program: str) -> str:
    who = subprocess.run([program, "-c", _WHO], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - a Python
    return f"Python {json.loads(who.stdout)}"


def _starts(command: str) -> bool:
    try:
        return subprocess.run([command, "--version"], check=False, capture_output=True).returncode == 0  # noqa: S603
    except OSError:
        return False


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - pip
