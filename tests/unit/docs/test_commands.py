"""docs/commands.md has a section for each command, with an example and every option."""

import re

import pytest
import typer

from sales_pipeline.cli.app import app
from tests import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text()
COMMANDS = typer.main.get_command(app).commands
COMMON = PAGE.partition("## What all commands have in common")[2].partition("\n## ")[0]


def section(command):
    found = re.search(rf"^## sales {command}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section for sales {command}"
    return found[1]


def every(parameter):
    """Return all names of an option: `--reconcile` and `--no-reconcile` are one."""
    return (*parameter.opts, *parameter.secondary_opts)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_options_and_an_example(command):
    text = section(command)
    options = {option for parameter in COMMANDS[command].params for option in every(parameter)}
    options = {option for option in options if option.startswith("--")}
    missing = {option for option in options if f"`{option}" not in text and f"`{option}" not in COMMON}
    assert missing == set()
    assert f"$ sales {command}" in text or "shows its output" in " ".join(text.split())
    assert f"](#sales-{command})" in PAGE


@pytest.mark.parametrize("command", COMMANDS)
def test_no_section_has_an_option_that_the_command_lacks(command):
    named = set(re.findall(r"`(--[a-z0-9-]+)", section(command)))
    assert named <= {option for parameter in COMMANDS[command].params for option in every(parameter)}


def test_the_program_s_own_options_are_there():
    for parameter in typer.main.get_command(app).params:
        assert f"`sales {parameter.opts[0]}`" in COMMON
