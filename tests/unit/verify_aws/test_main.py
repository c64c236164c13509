"""`python -m verify_aws` with a run in place that talks to nobody."""

import signal
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import NoCredentialsError

from verify_aws import __main__ as command
from verify_aws.behaviours import read
from verify_aws.leftover import Leftover, NotOursError
from verify_aws.names import Names
from verify_aws.run import Outcome, Result, Run

LEFT = Leftover("CREATE_COMPLETE", datetime(2026, 11, 22, tzinfo=UTC), "run-before")
BROKEN = Leftover("ROLLBACK_COMPLETE", datetime(2026, 11, 22, tzinfo=UTC))
NAMES = Names("sales-verify")


@pytest.fixture
def runs():
    """Return the ids of the runs that have begun."""
    return []


@pytest.fixture
def signals():
    """Return the signals that end a run as Ctrl-C does."""
    return []


@pytest.fixture
def start(monkeypatch, tmp_path, runs, signals):
    """Return a function that runs the command, and gives its exit code and what it did."""

    def start(*arguments, left=None, typed="", result=None, after=None):
        done = []
        runs.clear()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["verify", *arguments])
        monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: typed) if typed is not None else None)
        monkeypatch.setattr(command.signal, "signal", lambda name, _: signals.append(name))
        for variable in command.PATIENCE:
            monkeypatch.setenv(variable, "as it is")
        monkeypatch.setattr(command.question, "place", lambda _: "account 123456789012, eu-west-1")
        monkeypatch.setattr(command.leftover, "look", left if callable(left) else lambda *_: left)
        monkeypatch.setattr(command.leftover, "remove", lambda *_: done.append("remove"))
        monkeypatch.setattr(command.Sam, "build", lambda self: done.append("build") or self)

        def verify(*found, keep, note):
            done.append("keep" if keep else "verify")
            runs.append(found[2].run)
            note(result or Run(NAMES, "eu-west-1"))
            if after:
                raise after
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
        ((), BROKEN, "u\n", []),
        ((), BROKEN, "d\n", ["remove", "build", "verify"]),
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


def test_a_run_that_uses_a_stack_goes_on_as_the_run_that_made_it(start, runs):
    start(left=LEFT, typed="u\n")
    assert runs == ["run-before"]
    start(left=LEFT, typed="d\n")
    assert runs != ["run-before"]


@pytest.mark.parametrize("typed", ["", None])
def test_without_a_terminal_it_says_how_to_answer_and_fails(start, capsys, typed):
    assert start(typed=typed) == (1, [])
    assert "YES=1" in capsys.readouterr().err


def test_an_earlier_report_and_its_log_are_kept(start, tmp_path):
    (tmp_path / "verify-aws-report.md").write_text("earlier")
    (tmp_path / "verify-aws-report-sam.log").write_text("earlier log")
    start("--yes")
    assert "earlier" not in (tmp_path / "verify-aws-report.md").read_text()
    assert {path.read_text() for path in tmp_path.iterdir()} >= {"earlier", "earlier log"}


def test_a_report_that_cannot_be_written_stops_it_before_it_begins(start, capsys):
    assert start("--yes", "--report", "missing/report.md") == (1, [])
    assert "missing" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_at_the_end_is_printed(capsys, tmp_path):
    failed = Run(NAMES, "eu-west-1", results=[Result(read()[0], Outcome.failed, "2 of 3")])
    assert command.finish(failed, tmp_path / "missing" / "report.md") == 1
    assert "| 2 of 3 |" in capsys.readouterr().out


def test_what_was_seen_is_written_at_once(start, tmp_path):
    class KilledError(BaseException):
        pass

    seen = Run(NAMES, "eu-west-1", results=[Result(read()[0], Outcome.shown, "seen it")])
    with pytest.raises(KilledError):
        start("--yes", result=seen, after=KilledError())
    report = (tmp_path / "verify-aws-report.md").read_text()
    assert "seen it" in report
    assert "had not ended" in report


@pytest.mark.parametrize("name", ["a b", "1st", "a_b", "x" * 72, ""])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_done(start, name, capsys):
    with pytest.raises(SystemExit):
        start("--yes", "--name", name)
    assert "a name begins with a letter" in capsys.readouterr().err


def test_an_error_of_aws_says_what_to_give_to_make(start, capsys):
    def look(*_):
        raise NoCredentialsError

    assert start(left=look) == (1, [])
    assert "choose some with PROFILE=…" in capsys.readouterr().err


def test_ctrl_c_at_the_question_says_that_nothing_was_done(start, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command.question, "ask", interrupt)
    assert start() == (130, [])
    assert "Stopped. Nothing was done." in capsys.readouterr().out


def test_the_end_of_the_terminal_ends_a_run_unless_nohup_runs_it(start, signals, monkeypatch):
    start("--yes")
    assert signals == [signal.SIGTERM, signal.SIGHUP]
    signals.clear()
    monkeypatch.setattr(signal, "getsignal", {signal.SIGHUP: signal.SIG_IGN}.get)
    start("--yes")
    assert signals == [signal.SIGTERM]
