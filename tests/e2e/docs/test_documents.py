"""Runs every command of the README and of docs/ that can run without AWS, unchanged."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests import ROOT
from tests.e2e.docs.shell import Shell, commands, looks_like
from tests.e2e.sales import environment, exported

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# tests/e2e/walk runs the commands of this page, on a table that the stack did not make.
WALKED = ROOT / "docs/your-own-table.md"
COMMANDS = [
    command
    for page in PAGES
    if page != WALKED
    for command in commands(page.relative_to(ROOT).as_posix(), page.read_text())
]
# A command is repeated for this long until its output is that of the page, because rows take a while to arrive.
SECONDS = 60
POLL_SECONDS = 2  # a command takes a second of CPU time

ACCOUNT = "needs an AWS account"
ELSEWHERE = "another test runs it"
# The AWS CLI that pip installs is version 1.
VERSION_2 = "is in version 2 of the AWS CLI only"
EMULATOR = "the emulator does not have it"
# By the beginning of the command.
NOT_HERE = {
    "make ": ELSEWHERE,
    "sales up": ELSEWHERE,
    "sales down": ELSEWHERE,
    "sales watch": ELSEWHERE,
    "aws s3 mb": ELSEWHERE,
    "aws s3api put-bucket-policy": ELSEWHERE,
    "aws s3api copy-object": ELSEWHERE,
    "sam build && sam deploy": ACCOUNT,
    "sam build && sam local invoke": "needs Docker",
    "sam delete": ACCOUNT,
    ".venv/bin/python src/generator/mock_data_generator_for_dynamodb.py --profile": ACCOUNT,
    "aws logs tail": VERSION_2,
    "aws cloudtrail": EMULATOR,
}
# The exit code reports a result here; 1 is no failure of the command.
EXIT_CODES = {
    "sales status": {0, 1},
    "sales reconcile": {0, 1},
    "sales backfill --yes --all --since": {0, 1},  # pages write orders whose ids hold no time
}


def reason_not_here(command):
    found = [why for start, why in NOT_HERE.items() if command.plain.startswith(start)]
    return found[0] if found else None


@pytest.fixture(scope="module")
def done():
    """Commands that ran already and need not run again."""
    return set()


@pytest.fixture
def shell(up, tmp_path):
    """The shell that the pages assume: in the clone, with .venv/bin on the PATH and the exports of `sales up`."""
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    shell = Shell(tmp_path, environment(up.home, **exported(up)) | path)
    yield shell
    shell.close()


def test_what_cannot_run_here_is_still_in_a_page():
    starts = {start for start in NOT_HERE if any(command.plain.startswith(start) for command in COMMANDS)}
    assert starts == NOT_HERE.keys()


@pytest.mark.parametrize("page", sorted({command.page for command in COMMANDS}))
def test_every_command_of_a_page_does_what_the_page_shows(page, shell, done):
    for command in COMMANDS:
        if command.page != page or reason_not_here(command) or command.plain in done:
            continue
        deadline = time.monotonic() + SECONDS
        while True:
            code, output = shell.run(command.text)
            allowed = next((codes for start, codes in EXIT_CODES.items() if command.plain.startswith(start)), {0})
            if code in allowed and looks_like(output, command.output):
                break
            assert time.monotonic() < deadline, f"{page}: {command.text}\nexit code {code}, printed:\n{output}"
            time.sleep(POLL_SECONDS)
        if command.plain.startswith("sales ") and not command.output:
            done.add(command.plain)
