"""What a run does with its stack and its results, whatever happens; nothing here talks to AWS."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from sales_pipeline.aws.stack import Stack, StackError
from tests.unit.template.parsed import TEMPLATE
from verify_aws import question, run
from verify_aws.behaviours import Behaviour
from verify_aws.checks import deletion, metrics
from verify_aws.leftover import Leftover
from verify_aws.names import Names, NotOursError
from verify_aws.pipeline import NotShownError, Pipeline, Place, give_up_soon
from verify_aws.run import Outcome, say, verify
from verify_aws.sam import SamError

NAMES = Names("sales-verify")


def behaviour(name, group="delivery", check="x.y", unchecked=""):
    return Behaviour(name, group, f"AWS does {name}", (), "a guide", "a: test", check, unchecked=unchecked)


@pytest.fixture
def done(monkeypatch):
    """Let a run deploy, check and delete nothing, and note the order."""
    done = []

    def deploy(_run, _session, _sam, place):
        done.append("deploy")
        return Pipeline(Stack("sales-verify", {}, None), place, "queue")

    monkeypatch.setattr(run, "_deploy", deploy)
    monkeypatch.setattr(run.orders, "write", lambda _: done.append("write"))
    monkeypatch.setattr(run.leftover, "remove", lambda *_, **__: done.append("remove"))
    return done


def checks(monkeypatch, **functions):
    monkeypatch.setattr(run, "find_check", functions.__getitem__)
    return [behaviour(name, "deletion" if name == "gone" else "delivery", name) for name in functions]


def outcomes(result):
    return {each.behaviour.id: each.outcome for each in result.results}


def fail(error):
    def check(_):
        raise error

    return check


SESSION = SimpleNamespace(region_name="eu-west-1")


def test_checks_run_in_their_order_and_the_stack_is_removed_last(done, monkeypatch):
    found = checks(monkeypatch, first=lambda _: "a", gone=lambda _: done.append("gone") or "b")
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert done == ["deploy", "write", "gone", "remove"]
    assert outcomes(result) == {"first": Outcome.shown, "gone": Outcome.shown}
    assert result.exit_code() == 0


def test_what_is_not_shown_or_ends_in_an_error_failed_and_the_others_run_on(done, monkeypatch):
    found = checks(monkeypatch, a=fail(NotShownError("2 of 3")), b=fail(StackError("no output")), c=lambda _: "seen")
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert [(each.outcome, each.evidence) for each in result.results] == [
        (Outcome.failed, "2 of 3"),
        (Outcome.failed, "StackError: no output"),
        (Outcome.shown, "seen"),
    ]
    assert result.exit_code() == 1
    assert done[-1] == "remove"


@pytest.mark.usefixtures("done")
def test_what_cannot_be_answered_is_tried_without_patience_and_neither_passes_nor_fails(monkeypatch):
    def patient(pipeline):
        return pipeline.wait(lambda: fail(NotShownError("nothing"))(pipeline), 3600)

    found = checks(monkeypatch, a=lambda _: "seen", b=patient)
    place = Place(unanswerable={"a": "no a", "b": "no b"})
    result = verify(SESSION, None, NAMES, place, found, keep=False)
    assert [(each.outcome, each.evidence) for each in result.results] == [
        (Outcome.shown, "seen"),
        (Outcome.not_answerable, "no b"),
    ]
    assert result.exit_code() == 0


def test_ctrl_c_keeps_what_was_seen_and_deletes_the_stack(done, monkeypatch):
    found = checks(monkeypatch, a=lambda _: "seen", b=fail(KeyboardInterrupt()), c=lambda _: "never")
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert done[-1] == "remove"
    assert outcomes(result) == {"a": Outcome.shown, "b": Outcome.not_run, "c": Outcome.not_run}
    assert result.was_stopped


@pytest.mark.usefixtures("done")
def test_a_check_that_breaks_has_failed_and_says_where(monkeypatch):
    found = checks(monkeypatch, a=lambda _: None + 1, b=fail(OSError("no space")), c=lambda _: "seen")
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert outcomes(result) == {"a": Outcome.failed, "b": Outcome.failed, "c": Outcome.shown}
    assert re.fullmatch(r"TypeError: .* below line \d+ of test_run\.py", result.results[0].evidence)


def test_ctrl_c_stops_the_run_even_if_tidying_up_after_it_fails(done, monkeypatch):
    def check(_):
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("cannot tidy up")

    found = checks(monkeypatch, a=check, b=lambda _: "never")
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert result.was_stopped
    assert outcomes(result) == {"a": Outcome.not_run, "b": Outcome.not_run}
    assert done[-1] == "remove"


def test_whatever_ends_a_run_is_its_problem_and_the_stack_is_removed(done, monkeypatch):
    found = checks(monkeypatch, a=lambda _: "never")
    monkeypatch.setattr(run.orders, "write", fail(TypeError("of no kind that AWS knows")))
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert result.problem.startswith("TypeError: of no kind that AWS knows")
    assert done == ["deploy", "remove"]
    assert result.exit_code() == 1


def test_both_problems_are_said_if_the_removal_fails_after_another_failure(done, monkeypatch):
    monkeypatch.setattr(run.orders, "write", fail(SamError("first")))
    monkeypatch.setattr(run.leftover, "remove", lambda *_, **__: fail(SamError("second"))(0))
    result = verify(SESSION, None, NAMES, Place(), [], keep=False)
    assert (result.problem, done) == ("first; then: second", ["deploy"])


def test_a_stack_of_another_run_is_not_called_a_leftover(done, monkeypatch, capsys):
    monkeypatch.setattr(run.leftover, "remove", lambda *_, **__: fail(NotOursError("another run has made it"))(0))
    result = verify(SESSION, None, NAMES, Place(), [], keep=False)
    assert result.problem == "NotOursError: another run has made it"
    assert "may be left" not in capsys.readouterr().out
    assert done == ["deploy", "write"]


def test_each_result_is_noted_at_once(done, monkeypatch):
    found = checks(monkeypatch, a=lambda _: "seen", b=lambda _: "seen")
    noted = []
    verify(SESSION, None, NAMES, Place(), found, keep=False, note=lambda run: noted.append((len(run.results), *done)))
    assert noted == [(1, "deploy", "write"), (2, "deploy", "write")]


def test_a_terminal_that_has_gone_away_stops_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdout", SimpleNamespace(write=fail(BrokenPipeError()), flush=lambda: None))
    say("text")


def test_a_terminal_does_not_obey_what_aws_says(capsys):
    say("a\x1b[2J\nb")
    assert capsys.readouterr().out == "a\\x1b[2J\nb\n"


def test_a_failed_deploy_names_the_resources(monkeypatch):
    def refuse(*_):
        raise SamError("sam deploy failed: Error: it did")

    monkeypatch.setattr(run.leftover, "remove", lambda *_, **__: None)
    result = verify(Failed(), SimpleNamespace(deploy=refuse), NAMES, Place(), [], keep=False)
    assert result.problem == "sam deploy failed: Error: it did Pipe: CREATE_FAILED, not authorized."


class Failed:
    """A session in which a stack could not be created."""

    region_name = "eu-west-1"

    def client(self, _):
        reasons = {"Pipe": "not authorized.", "Crawler": "Resource creation cancelled"}
        found = [
            {"LogicalResourceId": name, "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": reason}
            for name, reason in reasons.items()
        ]
        found.append({"LogicalResourceId": "Bucket", "ResourceStatus": "CREATE_COMPLETE"})
        pages = SimpleNamespace(paginate=lambda **_: [{"StackEvents": found}])
        return SimpleNamespace(get_paginator=lambda _: pages)


def test_a_deploy_that_fails_is_the_problem_of_the_run_and_is_removed(done, monkeypatch):
    found = checks(monkeypatch, a=lambda _: "never")
    monkeypatch.setattr(run, "_deploy", lambda *_: fail(SamError("sam deploy failed: no"))(0))
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert (result.problem, done) == ("sam deploy failed: no", ["remove"])
    assert outcomes(result) == {"a": Outcome.not_run}
    assert result.exit_code() == 1


def test_a_stack_that_is_kept_is_not_deleted_and_the_checks_of_its_deletion_do_not_run(done, monkeypatch):
    found = checks(monkeypatch, a=lambda _: "seen", gone=lambda _: "never")
    result = verify(SESSION, None, NAMES, Place(), found, keep=True)
    assert done == ["deploy", "write"]
    assert outcomes(result) == {"a": Outcome.shown, "gone": Outcome.not_run}
    assert result.exit_code() == 0


@pytest.mark.parametrize(("interrupt", "stopped"), [(KeyboardInterrupt(), True), (SamError("no"), False)])
def test_a_removal_that_fails_is_said_and_its_results_stay(done, monkeypatch, capsys, interrupt, stopped):
    found = checks(monkeypatch, a=lambda _: "seen")
    monkeypatch.setattr(run.leftover, "remove", lambda *_, **__: fail(interrupt)(0))
    result = verify(SESSION, None, NAMES, Place(), found, keep=False)
    assert "The stack sales-verify may be left" in capsys.readouterr().out
    assert outcomes(result) == {"a": Outcome.shown}
    assert (result.was_stopped, bool(result.problem)) == (stopped, True)
    assert done == ["deploy", "write"]


def test_every_type_of_the_template_is_looked_for_after_the_deletion():
    types = {each["Type"].replace("AWS::Serverless::", "AWS::Lambda::") for each in TEMPLATE["Resources"].values()}
    assert types - deletion.ASK.keys() - deletion.LIST.keys() - deletion.WITH_ANOTHER == set()


def test_the_alarms_that_a_run_causes_are_in_the_template():
    assert TEMPLATE["Resources"].keys() >= metrics.CAUSED


@pytest.mark.parametrize(
    ("left", "typed", "choice"),
    [
        (False, "y\n", "y"),
        (False, "\n", ""),
        (False, "d\n", ""),
        (True, "d\n", "d"),
        (True, "u\n", "u"),
        (True, "y\n", ""),
    ],
)
def test_it_asks_once_and_only_a_clear_answer_starts_it(left, typed, choice, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: typed))
    found = Leftover("CREATE_COMPLETE", datetime(2026, 11, 22, tzinfo=UTC)) if left else None
    assert question.ask(found, NAMES, "account 123456789012, eu-west-1", Path("report.md")) == choice
    printed = capsys.readouterr().out
    for text in ("account 123456789012, eu-west-1", "about 60 minutes", "It costs about 0.", "report.md"):
        assert text in printed
    assert ("of another run: CREATE_COMPLETE" in printed) == left


def test_the_names_are_ones_that_the_template_takes():
    for name in ("sales-verify", "Sales-Verify-2"):
        for parameter, value in Names(name).parameters.items():
            assert re.fullmatch(TEMPLATE["Parameters"][parameter]["AllowedPattern"], value)


def test_the_settings_of_a_pipe_are_sent_whole_but_for_the_one_that_cannot_change():
    pipes = boto3.client("pipes", region_name="eu-west-1")
    settings = {
        "BatchSize": 500,
        "MaximumRetryAttempts": 10000,
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:a:123456789012:q"},
    }
    source = {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}
    role = "arn:aws:iam::123456789012:role/r"
    described = {
        "RoleArn": role,
        "SourceParameters": source | {"DynamoDBStreamParameters": settings | {"StartingPosition": "TRIM_HORIZON"}},
    }
    sent = source | {"DynamoDBStreamParameters": settings | {"MaximumRetryAttempts": 0}}
    with Stubber(pipes) as stub:
        stub.add_response("describe_pipe", described, {"Name": "p"})
        stub.add_response("update_pipe", {}, {"Name": "p", "RoleArn": role, "SourceParameters": sent})
        stub.add_response("describe_pipe", {"CurrentState": "RUNNING"}, {"Name": "p"})
        give_up_soon(Stack("s", {"PipeName": "p"}, SimpleNamespace(client=lambda _: pipes)))
        stub.assert_no_pending_responses()
