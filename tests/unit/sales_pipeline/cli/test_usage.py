"""What no command can make sense of is refused as wrong usage, before anything is looked for."""

import shlex

import pytest
from typer.testing import CliRunner

from sales_pipeline.cli import app as cli


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
        ("plan --orders-per-second 0", "--orders-per-second 0 is out of bounds"),
    ],
)
def test_wrong_usage_says_what_is_wrong(command, says):
    result = CliRunner().invoke(cli.app, shlex.split(command))
    assert result.exit_code == 2, result.output
    assert says in " ".join(result.output.split())
