"""docs/updating.md says what an update replaces: held against the template and the resource schemas of cfn-lint.

A resource is replaced if a property that its schema calls create-only depends on what changes. That is all these tests
know of CloudFormation. What is lost, and how to prepare, is the page's own.
"""

import re

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests import ROOT
from tests.unit.template.parsed import TEMPLATE, as_list

PARAMETERS, CONDITIONS, RESOURCES = (TEMPLATE[section] for section in ("Parameters", "Conditions", "Resources"))
LINES = ("Replaces", "In place", "What is lost", "Before you deploy")
# SAM makes the one of the other.
GENERATED = {"AWS::Serverless::Function": "AWS::Lambda::Function"}


def sections(heading):
    """Sections of a part of the page: under their heading, what each of their lines says, by its bold name."""
    page = (ROOT / "docs" / "updating.md").read_text()
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", part, re.MULTILINE | re.DOTALL)
    return {
        title: dict(re.findall(r"^- \*\*(.+?):\*\* (.+?)(?=^- |\Z)", body, re.MULTILINE | re.DOTALL))
        for title, body in found
    }


PARAMETER_SECTIONS = sections("Parameters")
EDIT_SECTIONS = sections("Changes of the template")
RENAMED = {
    title.split("`")[1]: lines for title, lines in EDIT_SECTIONS.items() if title.endswith("under another logical id")
}


def resources_in(line):
    """Logical ids in the first sentence of a line. A type stands for every resource of it."""
    return {
        name
        for span in re.findall(r"`([\w:]+)`", line.split(". ")[0])
        for name, resource in RESOURCES.items()
        if span in {name, resource["Type"]}
    }


def names(value):
    """Parameters, conditions and resources that intrinsic functions name anywhere in a value."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]} | {"Condition": str(name)}:
            return {name}
        case {"Fn::Sub": text}:
            text, *variables = as_list(text)
            return set(re.findall(r"\$\{(\w+)", text)) - set().union(*variables) | names(variables)
        case {"Fn::If": [condition, *branches]}:
            return {condition} | names(branches)
        case dict():
            return names(list(value.values()))
        case list():
            return set().union(*map(names, value))
    return set()


def at(value, path):
    """Return what stands at a property's path, or None; a function on the way stands for all that is below it."""
    for key in path:
        if not isinstance(value, dict) or any(name.startswith(("Ref", "Fn::")) for name in value):
            return value
        value = value.get(key)
    return value


def with_conditions(reason):
    """Return these names, and those of the conditions that depend on them."""
    while (more := {name for name, each in CONDITIONS.items() if names(each) & reason}) - reason:
        reason |= more
    return reason


def replaced_with(*changed):
    """Logical ids of what is replaced once these parameters have other values, or these resources are made anew."""
    replaced = {name for name in changed if name in RESOURCES}
    before = None
    while replaced != before:
        before = set(replaced)
        reason = with_conditions({*changed, *replaced})
        for name, resource in RESOURCES.items():
            kind = GENERATED.get(resource["Type"], resource["Type"])
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
            fixed = [pointer.split("/")[2:] for pointer in schema.get("createOnlyProperties", [])]
            if any(names(at(resource["Properties"], path)) & reason for path in fixed):
                replaced.add(name)
    return replaced


def test_every_parameter_has_a_section_and_every_section_a_parameter():
    assert [title.strip("`") for title in PARAMETER_SECTIONS] == list(PARAMETERS)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_replaces_what_its_section_says(parameter):
    assert resources_in(PARAMETER_SECTIONS[f"`{parameter}`"]["Replaces"]) == replaced_with(parameter)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_section_names_what_its_parameter_creates_or_deletes(parameter):
    reason = with_conditions({parameter})
    conditional = {name for name, each in RESOURCES.items() if each.get("Condition") in reason}
    text = " ".join(PARAMETER_SECTIONS[f"`{parameter}`"].values())
    assert conditional <= set(re.findall(r"`(\w+)`", text))


@pytest.mark.parametrize("resource", RENAMED)
def test_another_logical_id_replaces_what_its_section_says(resource):
    assert resources_in(RENAMED[resource]["Replaces"]) == replaced_with(resource)


def test_another_stream_of_the_table_replaces_what_its_section_says():
    # DynamoDB gives the table another stream, though CloudFormation updates the table in place (AWS CloudFormation
    # Template Reference, "AWS::DynamoDB::Table StreamSpecification").
    (lines,) = (lines for title, lines in EDIT_SECTIONS.items() if title.startswith("`StreamViewType`"))
    assert resources_in(lines["Replaces"]) == replaced_with("OrderTable") - {"OrderTable"}


@pytest.mark.parametrize(("title", "lines"), [*PARAMETER_SECTIONS.items(), *EDIT_SECTIONS.items()])
def test_every_section_has_the_same_lines(title, lines):
    assert [name for name in lines if name in LINES] == list(LINES), title
    assert all(map(str.strip, lines.values()))


@pytest.mark.parametrize(("title", "lines"), [*PARAMETER_SECTIONS.items(), *EDIT_SECTIONS.items()])
def test_what_changes_in_place_is_in_the_template_and_not_replaced(title, lines):
    said = set(re.findall(r"`([A-Z]\w+)`", lines["In place"]))
    assert said <= RESOURCES.keys(), title
    assert not said & resources_in(lines["Replaces"])
