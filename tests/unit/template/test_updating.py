"""What docs/updating.md says of an update, held against the template and the resource schemas that cfn-lint ships."""

import re
from dataclasses import astuple, dataclass
from functools import cache

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.yamlhelper import yaml_parse

from tests import ROOT

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
PARAMETERS, CONDITIONS, RESOURCES = (TEMPLATE[section] for section in ("Parameters", "Conditions", "Resources"))
REGION = "us-east-1"
# SAM hands on what a function is told under the names that Lambda gives it, those that it is replaced for included.
GENERATED = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
# DynamoDB makes another stream for it, of another ARN, though CloudFormation updates the table in place (AWS
# CloudFormation Template Reference, "AWS::DynamoDB::Table StreamSpecification").
RENEWS = {("AWS::DynamoDB::Table", ("StreamSpecification", "StreamViewType"))}


# ── What CloudFormation does ──────────────────────────────────────────────────────────────────────


@dataclass
class Update:
    """Logical ids, by what CloudFormation does to them. `conditionally` names properties that may replace or not."""

    replaced: set[str]
    made_or_removed: set[str]
    in_place: set[str]
    conditionally: set[str]


def names(value):
    """Parameters, conditions and resources that intrinsic functions name anywhere below a value."""
    match value:
        case list():
            return set().union(*map(names, value))
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]} | {"Condition": str(name)} if len(value) == 1:
            return {name}
        case {"Fn::Sub": text}:
            text, variables = (text, {}) if isinstance(text, str) else text
            return set(re.findall(r"\$\{(\w+)", text)) | names(variables)
        case {"Fn::If": [condition, *branches]}:
            return {condition} | names(branches)
        case dict():
            return names(list(value.values()))
    return set()


def is_intrinsic(value):
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def reached(value, changed, path=()):
    """Paths below a value at which it differs once what `changed` names has another value; a list's item is `*`."""
    match value:
        case {"Fn::If": [condition, *branches]}:
            for branch in branches:
                yield from reached(branch, changed, path)
            if condition in changed:
                yield from differing(*branches, path)
        case dict() if is_intrinsic(value):
            if names(value) & changed:
                yield path
        case dict():
            for key, item in value.items():
                yield from reached(item, changed, (*path, key))
        case list():
            for item in value:
                yield from reached(item, changed, (*path, "*"))


def differing(one, other, path):
    if isinstance(one, dict) and isinstance(other, dict) and not is_intrinsic(one) and not is_intrinsic(other):
        for key in one.keys() | other.keys():
            yield from differing(one.get(key), other.get(key), (*path, key))
    elif one != other:
        yield path


@cache
def schema(resource_type):
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, GENERATED.get(resource_type, resource_type)).schema


def pointers(resource_type, keyword):
    return [tuple(pointer.split("/")[2:]) for pointer in schema(resource_type).get(keyword, [])]


def overlap(path, pointer):
    return all(one == other for one, other in zip(path, pointer, strict=False))


def properties(resource):
    common = TEMPLATE["Globals"]["Function"] if resource["Type"] == "AWS::Serverless::Function" else {}
    return common | resource["Properties"]


def reached_of(name, changed, edited):
    """Paths of a resource's properties that differ once `changed` has other values, and those edited by hand."""
    resource = RESOURCES[name]
    paths = {*reached(properties(resource), changed), *(path for edited_name, path in edited if edited_name == name)}
    known = schema(resource["Type"])
    for first, *_ in paths:
        assert first in known["properties"] or "patternProperties" in known, f"{name}: its type has no {first}"
    return paths


def update(changed=(), replaced=(), edited=()):
    """Return what follows from other values of parameters, from resources made anew, and from (name, path) edited.

    A resource made anew has other attributes, and replaces in turn what holds them in a property that can't change.
    """
    done = Update(set(replaced), set(), set(), set())
    changed, before = {*changed, *replaced}, None
    while changed != before:
        before = set(changed)
        changed |= {name for name, condition in CONDITIONS.items() if names(condition) & changed}
        for name, resource in RESOURCES.items():
            kind, paths = resource["Type"], reached_of(name, changed, edited)
            conditional = pointers(kind, "conditionalCreateOnlyProperties")
            fixed = {
                pointer
                for pointer in pointers(kind, "createOnlyProperties") + conditional
                if any(overlap(path, pointer) for path in paths)
            }
            done.conditionally.update(pointer[-1] for pointer in fixed if pointer in conditional)
            attributes = {key: value for key, value in resource.items() if key != "Properties"}
            if fixed:
                done.replaced.add(name)
                changed.add(name)
            elif paths or any(reached(attributes, changed)):
                done.in_place.add(name)
            if resource.get("Condition") in changed:
                done.made_or_removed.add(name)
            if any((kind, path) in RENEWS for path in paths):
                changed.add(name)
    return Update(done.replaced, done.made_or_removed, done.in_place - done.replaced, done.conditionally)


# ── What the page says ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    subject: str
    effect: str
    loss: str
    drain: str

    def says(self, verb):
        """Logical ids, or types, that the part of the effect beginning with this verb names."""
        return {name for part in self.effect.split(";") if part.strip().startswith(verb) for name in spans(part)}


def spans(markdown):
    return re.findall(r"`([^`]+)`", markdown)


def rows(heading):
    """Rows of the table in a section of the page, its header and rule left out."""
    page = (ROOT / "docs" / "updating.md").read_text()
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    cells = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Row(*map(str.strip, row)) for row in cells[2:]]


PARAMETER_ROWS = rows("Parameters")
EDIT_ROWS = rows("Changes of the template")


def disagreements(row: Row, found: Update) -> list[str]:
    """What a row says and the template doesn't do, and the other way round."""

    kinds = {name: resource["Type"] for name, resource in RESOURCES.items()}
    does = {"replaces": found.replaced, "makes or removes": found.made_or_removed, "in place": found.in_place}
    problems = []
    for verb, actual in does.items():
        said = row.says(verb)
        problems += [f"only said: {verb} {name}" for name in said - actual - {kinds[name] for name in actual}]
        # In place it names what matters: a change set shows the roles and alarms that follow.
        unsaid = {name for name in actual if not {name, kinds[name]} & said} if verb != "in place" else set()
        problems += [f"not said: {verb} {name}" for name in unsaid]
    if not any(map(row.says, does)):
        problems.append(f"nothing said: name a resource after one of {', '.join(does)}")
    problems += [f"not said: when {name} replaces" for name in found.conditionally if name not in row.loss]
    return problems


# ── Both agree ────────────────────────────────────────────────────────────────────────────────────


def test_every_parameter_has_a_row_and_every_row_is_of_a_parameter():
    told = [name for row in PARAMETER_ROWS for name in spans(row.subject)]
    missing, extra = PARAMETERS.keys() - set(told), set(told) - PARAMETERS.keys()
    problems = [f"no row: {name}" for name in missing] + [f"a row, but no parameter: {name}" for name in extra]
    assert not problems, "\n".join(problems)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("row", PARAMETER_ROWS, ids=lambda row: row.subject)
def test_a_parameter_does_what_its_row_says(row):
    problems = disagreements(row, update(spans(row.subject)))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("row", EDIT_ROWS, ids=lambda row: row.subject)
def test_a_change_of_the_template_does_what_its_row_says(row):
    if "logical id" in row.subject:
        found = update(replaced=spans(row.subject))
    else:
        found = update(
            edited=[
                (name, tuple(path.split(".")))
                for name, _, path in (subject.partition(".") for subject in spans(row.subject))
            ]
        )
    problems = disagreements(row, found)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("row", [*PARAMETER_ROWS, *EDIT_ROWS], ids=lambda row: row.subject)
def test_every_cell_says_something(row):
    assert all(astuple(row))
