"""The command line, `sales`: a line or two for each command, which is a module of its own."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from generator.explain import explain
from sales_pipeline import crawl as crawl_command
from sales_pipeline import generate as generate_command
from sales_pipeline import query as query_command
from sales_pipeline.local import demo as demo_command
from sales_pipeline.local import running
from sales_pipeline.local import up as up_command
from sales_pipeline.local.deploy import DeployError
from sales_pipeline.local.emulator import EmulatorError
from sales_pipeline.local.running import RunningError
from sales_pipeline.query import QueryError
from sales_pipeline.stack import DEFAULT_STACK_NAME, Stack, StackError, find

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

StackName = Annotated[str | None, typer.Option(metavar="NAME", help="Stack to work on.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Named profile of the AWS CLI.")]
Region = Annotated[str | None, typer.Option(metavar="NAME", help="AWS region, if not the profile's.")]


class Format(StrEnum):
    """Forms of an answer."""

    table = "table"
    csv = "csv"
    json = "json"


@app.callback()
def sales() -> None:
    """Run and ask the sales pipeline, on AWS or on this machine.

    Without --stack-name, --profile and --region a command works on the pipeline that `sales up` keeps running here, if
    there is one, and otherwise on the stack sales-data-projection of your default profile.

    What runs on this machine writes to .local in the clone, or to the folder that SALES_HOME names: each can have a
    `sales up` of its own.
    """


@app.command()
def demo() -> None:
    """Run the whole pipeline once on this machine: orders in, a query's answer out, and a verdict.

    Exit codes: 0 every order arrived once; 1 it did not, or something failed.

    \b
    Example:
      sales demo
    """  # noqa: D301 - the backspace keeps the lines below it apart
    raise typer.Exit(demo_command.run())


@app.command()
def up() -> None:
    """Keep the pipeline running on this machine, with an order every 3 seconds, until Ctrl-C or `sales down`.

    \b
    Example:
      sales up
    """  # noqa: D301
    raise typer.Exit(up_command.run())


@app.command()
def down() -> None:
    """End the pipeline that `sales up` keeps running in another terminal, or in one that was lost.

    \b
    Example:
      sales down
    """  # noqa: D301
    running.stop()


@app.command()
def generate(  # noqa: PLR0913 - one argument an option
    *,
    interval: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.0001, max=86_400, help="From one order to the next; 3 by default."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="ORDERS/S", min=0.0001, max=10_000, help="In place of --interval.")
    ] = None,
    count: Annotated[int | None, typer.Option(metavar="N", min=1, help="Stop after so many.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="The same seed orders the same things.")] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Write mock orders into the pipeline's table, one every 3 seconds, until Ctrl-C.

    \b
    Examples:
      sales generate
      sales generate --rate 200 --count 10000 --seed 7
      sales generate --profile my-profile --interval 1
    """  # noqa: D301
    if interval and rate:
        raise typer.BadParameter("give --interval or --rate, not both")
    stack = _locate(stack_name, profile, region)
    interval_seconds = interval or (1 / rate if rate else generate_command.DEFAULT_INTERVAL_SECONDS)
    raise typer.Exit(generate_command.run(stack, seed, count, interval_seconds, profile))


@app.command()
def crawl(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Start the crawler, wait until it is done, and show the table that it keeps.

    \b
    Examples:
      sales crawl
      sales crawl --profile my-profile
    """  # noqa: D301
    local = _local(stack_name, profile, region)
    state_dir = Path(local.state_dir) / "crawler" if local else None
    typer.echo(crawl_command.run(_locate(stack_name, profile, region), state_dir))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="What to ask, in Athena's SQL; - reads it from standard input.")],
    output: Annotated[Format, typer.Option("--format", help="Form of the answer.")] = Format.table,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Ask Athena, in the pipeline's workgroup.

    \b
    Examples:
      sales query "SELECT * FROM sales_data_projection_db_declared.orders ORDER BY orderid DESC LIMIT 10"
      sales query --format csv "SELECT product_name, price FROM sales_data_projection_db.sales_data" > prices.csv
    """  # noqa: D301
    stack = _locate(stack_name, profile, region)
    query_command.show(query_command.ask(stack, sys.stdin.read() if sql == "-" else sql), output.value)


def _local(stack_name: str | None, profile: str | None, region: str | None) -> running.Running | None:
    """Return the pipeline on this machine, if one runs and nothing else is asked for."""
    return None if stack_name or profile or region else running.find()


def _locate(stack_name: str | None, profile: str | None, region: str | None) -> Stack:
    if local := _local(stack_name, profile, region):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(local.environment)
        return find(boto3.Session(), local.stack_name)
    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:
        raise StackError("No AWS region: name a --region, set one in the profile, or start a pipeline here: sales up")
    return find(session, stack_name or DEFAULT_STACK_NAME)


def main() -> None:
    """Run a command; an error that a person can do something about is one line and exit code 1."""
    try:
        app()
    except (StackError, QueryError, EmulatorError, DeployError, RunningError) as error:
        problem = str(error)
    except (ClientError, BotoCoreError) as error:
        problem = explain(error, what="the stack", place="AWS", profile=None)
    sys.exit(f"error: {problem}")
