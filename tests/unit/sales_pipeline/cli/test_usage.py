"""What no command can make sense of is refused as wrong usage, in one line, before anything is looked for."""

import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

from generator.mock_data_generator_for_dynamodb import app as generator
from sales_pipeline.cli.app import app

COMMANDS = typer.main.get_command(app).commands


def refused(command, program=app):
    """Run what is wrong usage; return the one line that it prints."""
    result = CliRunner().invoke(program, shlex.split(command), prog_name="sales" if program is app else "generator")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr.rstrip("\n")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("failures --since 2026-11-23 --until 2026-11-20", "--since must be before --until"),
        ("replay --since 2026-11-23 --until 2026-11-23", "--since must be before --until"),
        ("reconcile --wait inf", "--wait"),
        ("backfill --wait nan", "--wait"),
        ("backfill --rate 0", "--rate"),
        ("backfill --read-units nan", "--read-units"),
        ("generate --interval nan", "--interval"),
        ("plan --orders-per-second nan", "--orders-per-second"),
        ("generate --rate 5 --interval 1", "not both"),
        ("query ''", "expected SQL"),
        ("trace", "Missing argument 'ORDERID'"),
        ("trace ''", "expected an order's id, found nothing"),
        ("trace --odd", "No such option: --odd"),
        ("trace o --until 2026-11-23", "--until needs --since"),
        ("trace o --since 2026-11-23 --until 2026-11-20", "--since must be before --until"),
        ("trace o --seconds nan", "--seconds"),
        ("trace o p", "unexpected extra argument"),
        ("query", "Missing argument 'SQL'"),
        ("query --format", "Option '--format' requires an argument"),
        ("replay --yes=1", "Option '--yes' does not take a value"),
        ("plan", "Missing option '--orders-per-second'"),
        ("plan --orders-per-second 0", "--orders-per-second 0 is out of bounds"),
        ("report --output -", "--output - names no file"),
        ("report --output /", "--output / is a folder: name a file in it"),
        ("report --output /nowhere/report.html", "--output /nowhere/report.html: there is no folder /nowhere"),
        ("report --since tomorrow", "expected a UTC time such as 2026-11-22 or 2026-11-22T12:00, found 'tomorrow'"),
        ("failures --since '2026\n\x1b[2J'", r"found '2026\n\x1b[2J'"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_where_the_right_usage_is(command, says):
    line = refused(command)
    assert line.startswith("error: ")
    assert says in line
    assert line.endswith(f" See `sales {command.split()[0]} --help`.")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_option_that_it_lacks_in_one_line(command):
    assert refused(f"{command} --no-such") == f"error: No such option: --no-such. See `sales {command} --help`."


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("--no-such", "error: No such option: --no-such. See `sales --help`."),
        ("reconcil", "error: No such command 'reconcil'. Did you mean 'reconcile'? See `sales --help`."),
    ],
)
def test_the_program_itself_refuses_in_one_line(command, says):
    assert refused(command) == says


@pytest.mark.parametrize("command", ["--no-such", "--rate 5 --interval 1", "--table -", "--start-time noon", "--count"])
def test_the_generator_s_script_refuses_in_one_line_too(command):
    assert re.fullmatch(r"error: .*\. See `\S+ --help`\.", refused(command, generator))


def test_without_a_command_the_help_is_shown():
    result = CliRunner().invoke(app, [])
    assert (result.exit_code, "Commands:\n" in result.stderr) == (2, True)
