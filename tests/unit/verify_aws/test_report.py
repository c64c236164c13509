"""The report of a run says what was seen, and not whose account it was."""

from datetime import UTC, datetime

import pytest

from tests.unit.verify_aws.test_run import behaviour
from verify_aws.names import Names
from verify_aws.report import to_markdown
from verify_aws.run import Outcome, Result, Run

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ACCOUNT = "123456789012"


def report(*results, problem=""):
    run = Run(Names("sales-verify"), "eu-west-1", ACCOUNT, list(results), problem, is_over=True)
    return to_markdown(run, AT, "0.1.0")


def test_what_failed_is_first_and_no_cell_breaks_the_table():
    text = report(
        Result(behaviour("a"), Outcome.shown, "seen", 2.0),
        Result(behaviour("b"), Outcome.failed, "a | b\x1b[31m at 1795673408123"),
    )
    assert text.index("`b`") < text.index("`a`")
    assert r"a \| b\x1b[31m at 1795673408123" in text


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic", "arn:aws:sns:eu-west-1:(account):topic"),
        ("of 210987654321, key AKIAABCDEFGHIJKLMNOP", "of (account), key (key)"),
        (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_1a2b/jane.doe@example.com is not authorized",
            "User: arn:aws:sts::(account):assumed-role/(role)/(e-mail) is not authorized",
        ),
        (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/Admin/jane is not authorized",
            "User: arn:aws:sts::(account):assumed-role/(role)/(session) is not authorized",
        ),
        (f"arn:aws:iam::{ACCOUNT}:user/division/jane: no", "arn:aws:iam::(account):user/(name) no"),
        (f"(arn:aws-cn:iam::{ACCOUNT}:user/jane)", "(arn:aws-cn:iam::(account):user/(name))"),
        (f"arn:aws:iam::{ACCOUNT}:role/path/boss", "arn:aws:iam::(account):role/(role)"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/sales-verify-OrderPipeRole-1A2B/0f1e is not authorized",
            "arn:aws:sts::(account):assumed-role/sales-verify-OrderPipeRole-1A2B/(session) is not authorized",
        ),
        ("principal AROAABCDEFGHIJKLMNOPQ:jane", "principal (id)"),
        ("See /home/jane/clone/verify-aws-report-sam.log", "See ~/clone/verify-aws-report-sam.log"),
        ("sales-verify-bucket-1a2b, order verify-67-exact-1", "sales-verify-bucket-1a2b, order verify-67-exact-1"),
    ],
)
def test_nothing_tells_who_ran_it(seen, shown):
    assert f"| {shown} |" in report(Result(behaviour("a"), Outcome.failed, seen))
    assert f"- It ended early: {shown}\n" in report(problem=seen)


def test_a_long_text_is_cut_where_no_part_of_a_number_is_left():
    for before in range(580, 601):
        assert "12345" not in report(Result(behaviour("a"), Outcome.shown, "x" * before + f":{ACCOUNT}:topic"))


def test_a_run_that_goes_on_says_so():
    run = Run(Names("sales-verify"), "eu-west-1")
    assert "had not ended" in to_markdown(run, AT, "0.1.0")
    assert "had not ended" not in report()
