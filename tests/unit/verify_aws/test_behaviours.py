"""The behaviours, their page, the tests and the checks are about the same things."""

import ast
import re
from collections import Counter

import pytest

from tests import ROOT
from verify_aws import page
from verify_aws.behaviours import read
from verify_aws.run import find_check

BEHAVIOURS = read()
MODULES = sorted(path.stem for path in (ROOT / "src/verify_aws/checks").glob("[a-z]*.py"))
by_id = {"argvalues": BEHAVIOURS, "ids": [each.id for each in BEHAVIOURS]}


def test_the_page_says_what_the_behaviours_say():
    as_written = page.PAGE.read_text() == page.text(BEHAVIOURS)
    assert as_written, "docs/aws-behaviours.md is older than behaviours.toml: run `make behaviours`"


def test_an_id_is_there_once():
    assert [name for name, times in Counter(each.id for each in BEHAVIOURS).items() if times > 1] == []


@pytest.mark.parametrize("behaviour", **by_id)
def test_a_behaviour_is_relied_on_where_it_says(behaviour):
    for place in behaviour.relies:
        file, _, text = place.partition(": ")
        there = " ".join(re.sub(r"^ *#", " ", (ROOT / file).read_text(), flags=re.MULTILINE).split())
        assert text in there, place


@pytest.mark.parametrize("behaviour", **by_id)
def test_the_test_of_a_behaviour_exists(behaviour):
    file, _, name = behaviour.test.partition(": ")
    assert f"def {name}(" in (ROOT / "tests" / file).read_text()


@pytest.mark.parametrize("behaviour", **by_id)
def test_a_behaviour_has_a_check_or_a_reason_why_not(behaviour):
    assert bool(behaviour.check) != bool(behaviour.unchecked)
    assert behaviour.check or not behaviour.not_here
    if behaviour.check:
        assert find_check(behaviour.check).__module__.startswith("verify_aws.checks.")


def test_a_check_is_of_one_behaviour():
    there = Counter(
        f"{module}.{each.name}"
        for module in MODULES
        for each in ast.parse((ROOT / f"src/verify_aws/checks/{module}.py").read_text()).body
        if isinstance(each, ast.FunctionDef) and ast.unparse(each.returns) == "str" and not each.name.startswith("_")
    )
    assert Counter(each.check for each in BEHAVIOURS if each.check) == there


def test_each_failure_that_only_aws_documentation_tells_of_is_a_behaviour():
    page = (ROOT / "docs/failures.md").read_text()
    only_aws = set(re.findall(r"^\| ([^|]+) \|(?:[^|]+\|){3}[^|]*\bAWS \|$", page, re.MULTILINE))
    assert len(only_aws) > 3
    relied_on = {place.partition("docs/failures.md: ")[2] for each in BEHAVIOURS for place in each.relies}
    assert only_aws <= relied_on
