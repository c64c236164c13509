"""`python -m verify_aws` with a run in place that talks to nobody."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from verify_aws import __main__ as command
from verify_aws.behaviours import read
from verify_aws.leftover import Leftover, NotOursError
from verify_aws.names import Names
from verify_aws.run import Outcome, Result, Run

LEFT = Leftover("CREATE_COMPLETE", datetime(2026, 11, 22, tzinfo=UTC))
NAMES = Names("sales-verify")


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Return a function that runs the command, and gives its exit code and what it did."""

    def start(*arguments, left=None, typed="", result=None):
        done = []
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["verify", *arguments])
        monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: typed))
        monkeypatch.setattr(command.signal, "signal", lambda *_: None)
        monkeypatch.setattr(command.leftover, "look", left if callable(left) else lambda *_: left)
        monkeypatch.setattr(command.leftover, "remove", lambda *_: done.append("remove"))
        monkeypatch.setattr(command.Sam, "build", lambda self: done.append("build") or self)

        def verify(*_, keep):
            done.append("keep" if keep else "verify")
            return result or Run(NAMES, "eu-west-1")

        monkeypatch.setattr(command, "verify", verify)
        return command.main(), done

    return start


@pytest.mark.parametrize(
    ("arguments", "left", "typed", "done"),
    [
        ((), None, "y\n", ["build", "verify"]),
        ((), None, "n\n", []),
        (("--yes",), None, "", ["build", "verify"]),
        (("--keep", "--yes"), None, "", ["build", "keep"]),
        ((), LEFT, "d\n", ["remove", "build", "verify"]),
        ((), LEFT, "u\n", ["build", "verify"]),
        ((), LEFT, "\n", []),
        (("--yes",), LEFT, "", ["remove", "build", "verify"]),
    ],
)
def test_it_does_what_the_answer_says(start, arguments, left, typed, done):
    assert start(*arguments, left=left, typed=typed) == (0, done)


def test_a_stack_of_somebody_else_is_an_error_and_stays(start, capsys):
    def look(*_):
        raise NotOursError("it is not ours")

    assert start("--yes", left=look) == (1, [])
    assert capsys.readouterr().err == "Error: it is not ours\n"


def test_the_report_is_written_and_the_exit_code_tells_the_result(start, tmp_path):
    failed = Run(NAMES, "eu-west-1", results=[Result(read()[0], Outcome.failed, "seen")])
    stopped = Run(NAMES, "eu-west-1", problem="stopped by Ctrl-C", was_stopped=True)
    assert start("--yes", result=failed)[0] == 1
    assert "1 FAILED" in (tmp_path / "verify-aws-report.md").read_text()
    assert start("--yes", result=stopped)[0] == 130
    assert "It ended early: stopped by Ctrl-C" in (tmp_path / "verify-aws-report.md").read_text()
