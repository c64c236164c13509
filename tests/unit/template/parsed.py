"""The parsed template, and the values that CloudFormation computes in it."""

import re

from samcli.yamlhelper import yaml_parse

from tests import ROOT

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
NO_VALUE = object()


def resolve(value, **parameters):  # noqa: C901, PLR0911 - a return per function
    """Value with these parameters in place of their defaults; resources stand for themselves by their logical ids."""
    match value:
        case {"Ref": "AWS::NoValue"}:
            return NO_VALUE
        case {"Ref": name}:
            return _of(name, parameters)
        case {"Fn::Sub": text}:
            for name in TEMPLATE["Parameters"].keys() | TEMPLATE["Resources"].keys():
                text = text.replace(f"${{{name}}}", str(_of(name, parameters)))
            return text.replace("${!", "${")
        case {"Fn::If": [condition, chosen, other]}:
            holds = resolve(TEMPLATE["Conditions"][condition], **parameters)
            return resolve(chosen if holds else other, **parameters)
        case {"Fn::Join": [delimiter, parts]}:
            return delimiter.join(resolve(parts, **parameters))
        case {"Fn::Equals": [one, other]}:
            return resolve(one, **parameters) == resolve(other, **parameters)
        case {"Fn::Not": [condition]}:
            return not resolve(condition, **parameters)
        case dict():
            members = {name: resolve(each, **parameters) for name, each in value.items()}
            return {name: each for name, each in members.items() if each is not NO_VALUE}
        case list():
            return [each for each in (resolve(each, **parameters) for each in value) if each is not NO_VALUE]
    return value


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
        found |= set(re.findall(r"\$\{(\w+)", value["Fn::Sub"]))
    return found.union(*map(references, value.values()))


def _of(name, parameters):
    return parameters.get(name, TEMPLATE["Parameters"].get(name, {}).get("Default", name))
