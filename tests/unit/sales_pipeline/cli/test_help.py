"""The help fits a terminal, and every error of a command becomes one line."""

import pytest
import typer
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from sales_pipeline.cli.app import app
from sales_pipeline.cli.group import Commands
from sales_pipeline.errors import SalesError

COMMANDS = typer.main.get_command(app).commands


def shown(*arguments):
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert result.exit_code == 0
    return result.output


def test_every_summary_fits_beside_its_command():
    lines = shown("--help").partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert [line for line in lines if line.endswith("...") or len(line) > 80] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_and_explains_every_option(command):
    text = shown(command, "--help")
    assert f"  sales {command}" in text
    assert [parameter.opts for parameter in COMMANDS[command].params if not parameter.help] == []


def test_the_version_is_that_of_the_package():
    assert shown("--version").startswith("sales 0.")


def failing(error):
    broken = typer.Typer(cls=Commands)

    @broken.callback()
    def _all():
        pass

    @broken.command()
    def fail(profile: str | None = None):  # noqa: ARG001 - the option is there to be advised
        raise error

    return CliRunner().invoke(broken, ["fail"])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (SalesError("this is wrong: do that"), "error: this is wrong: do that\n"),
        (OSError("disk full"), "error: disk full. This is a problem on this machine, not on AWS\n"),
        (
            ClientError({"Error": {"Code": "NoRegionError", "Message": ""}}, "Get"),
            "error: no AWS region: choose one with AWS_REGION, or set one in the profile\n",
        ),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(error, says):
    result = failing(error)
    assert (result.exit_code, result.output) == (1, says)


def test_a_subclass_is_printed_as_its_base_is():
    assert failing(type("NewError", (SalesError,), {})("so")).output == "error: so\n"


def test_a_mistake_of_the_program_is_not_hidden():
    assert isinstance(failing(ZeroDivisionError("oops")).exception, ZeroDivisionError)
