"""The parsed template, and the values that CloudFormation computes in it."""

import re

from samcli.yamlhelper import yaml_parse

from tests import ROOT

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
NO_VALUE = object()


def resolve(value, **parameters):  # noqa: C901, PLR0911 - a return per function
    """Value with these parameters in place of their defaults.

    Resources, their attributes and AWS' own parameters stand for themselves: `Bucket`, `Bucket.Arn`, `AWS::Region`. The
    parameters can have values for them too.
    """
    match value:
        case {"Ref": "AWS::NoValue"}:
            return NO_VALUE
        case {"Ref": name}:
            return _of(name, parameters)
        case {"Fn::Sub": [text, variables]}:
            for name, each in resolve(variables, **parameters).items():
                text = text.replace(f"${{{name}}}", each)
            return resolve({"Fn::Sub": text}, **parameters)
        case {"Fn::Sub": text}:
            filled = re.sub(r"\$\{([\w:.]+)\}", lambda found: str(_of(found[1], parameters)), text)
            return filled.replace("${!", "${")
        case {"Fn::GetAtt": [name, attribute]}:
            return _of(f"{name}.{attribute}", parameters)
        case {"Fn::Select": [index, parts]}:
            return resolve(parts, **parameters)[index]
        case {"Fn::Split": [delimiter, text]}:
            return resolve(text, **parameters).split(delimiter)
        case {"Fn::If": [condition, yes, no]}:
            return resolve(yes if holds(condition, **parameters) else no, **parameters)
        case {"Fn::Join": [delimiter, parts]}:
            return delimiter.join(resolve(parts, **parameters))
        case dict():
            members = {name: resolve(each, **parameters) for name, each in value.items()}
            return {name: each for name, each in members.items() if each is not NO_VALUE}
        case list():
            return [each for each in (resolve(each, **parameters) for each in value) if each is not NO_VALUE]
    return value


def holds(condition, **parameters):
    """Say whether a condition, by its name or as the template has it, holds with these parameters."""
    match condition:
        case str(name) | {"Condition": name}:
            return holds(TEMPLATE["Conditions"][name], **parameters)
        case {"Fn::Equals": [one, other]}:
            return resolve(one, **parameters) == resolve(other, **parameters)
        case {"Fn::Not": [each]}:
            return not holds(each, **parameters)
        case {"Fn::And": conditions}:
            return all(holds(each, **parameters) for each in conditions)
        case {"Fn::Or": conditions}:
            return any(holds(each, **parameters) for each in conditions)
    raise AssertionError(condition)


def chosen(value, **parameters):
    """Value with every Fn::If replaced by its branch; other functions stay as they are."""
    match value:
        case {"Fn::If": [condition, yes, no]}:
            return chosen(yes if holds(condition, **parameters) else no, **parameters)
        case {"Ref": "AWS::NoValue"}:
            return NO_VALUE
        case dict():
            members = {name: chosen(each, **parameters) for name, each in value.items()}
            return {name: each for name, each in members.items() if each is not NO_VALUE}
        case list():
            return [each for each in (chosen(each, **parameters) for each in value) if each is not NO_VALUE]
    return value


def present(section, **parameters):
    """Entries of a section of the template that a stack with these parameters has, each with its branches chosen."""
    return {
        name: chosen(each, **parameters)
        for name, each in TEMPLATE[section].items()
        if "Condition" not in each or holds(each["Condition"], **parameters)
    }


def statements(role, **parameters):
    """What a role of a stack with these parameters may do."""
    return [
        statement
        for policy in chosen(TEMPLATE["Resources"][role]["Properties"]["Policies"], **parameters)
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def as_list(value):
    return value if isinstance(value, list) else [value]


def references(value):
    """Names in Ref, Fn::GetAtt, Fn::Sub and DependsOn anywhere below a value."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found = set(as_list(value["DependsOn"])) if "DependsOn" in value else set()
    if "Ref" in value:
        found.add(value["Ref"])
    if "Fn::GetAtt" in value:
        found.add(as_list(value["Fn::GetAtt"])[0].partition(".")[0])
    if "Fn::Sub" in value:
        text, *variables = as_list(value["Fn::Sub"])
        found |= set(re.findall(r"\$\{(\w+)", text)) - set().union(*variables)
    return found.union(*map(references, value.values()))


def _of(name, parameters):
    return parameters.get(name, TEMPLATE["Parameters"].get(name, {}).get("Default", name))
