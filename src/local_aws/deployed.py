"""The settings that were deployed: reads them from the stack's template, and refuses those that no stand-in takes."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from local_aws.errors import SettingsError
from sales_pipeline.aws.stack import Stack

ANY = object()
"""Stands for any value in `expect`."""

Template = dict[str, Any]


def read_template(stack: Stack) -> Template:
    """Return the template of a stack, after its transforms."""
    cloudformation = stack.session.client("cloudformation")
    answer: Any = cloudformation.get_template(StackName=stack.name, TemplateStage="Processed")
    template: Template = answer["TemplateBody"]
    return template


def find_properties(template: Template, resource_type: str) -> dict[str, Any]:
    """Return the properties of the template's one resource of this type."""
    [resource] = [each for each in template["Resources"].values() if each["Type"] == resource_type]
    properties: dict[str, Any] = resource["Properties"]
    return properties


def expect(where: str, found: Mapping[str, Any], expected: Mapping[str, object], ignored: Collection[str] = ()) -> None:
    """Raise SettingsError unless all `expected` settings are there, each with its value, and no others.

    Values are compared as text, because the emulator answers with texts for some numbers and booleans. An empty value
    counts as no setting. Settings named in `ignored` may have any value, or be missing.
    """
    for name, wanted in expected.items():
        if name not in found:
            raise SettingsError(f"{where} has no {name}, which the stand-in needs: set it as template.yaml does.")
        if wanted is not ANY and _text(found[name]) != _text(wanted):
            raise SettingsError(f"{where} has {name} {found[name]}, and the stand-in takes only {wanted}.")
    for name, value in found.items():
        if value and name not in expected and name not in ignored:
            raise SettingsError(f"{where} has {name}, which the stand-in does not take: remove it.")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True).replace('"', "").lower()


def number(where: str, found: Mapping[str, Any], name: str, least: float, most: float) -> float:
    """Return a setting that is a number in these limits. Raises SettingsError for every other value."""
    try:
        value = float(found[name])
    except (TypeError, ValueError):
        value = float("nan")
    if not least <= value <= most:
        raise SettingsError(f"{where} has {name} {found[name]}, and the stand-in takes {least} to {most}.")
    return value
