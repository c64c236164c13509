"""The command line, `sales`: a line or two for each command, which is a module of its own."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from common.aws_errors import explain
from generator.pace import DEFAULT_INTERVAL_SECONDS
from local_aws.deploy import DeployError
from local_aws.emulator import EmulatorError
from sales_pipeline import crawl as crawl_command
from sales_pipeline import generate as generate_command
from sales_pipeline import query as query_command
from sales_pipeline.aws.retry import RetryError
from sales_pipeline.aws.stack import StackError
from sales_pipeline.cli import recovery as cli_recovery
from sales_pipeline.cli.options import Format, Profile, Region, ReportFormat, StackName, find_local, locate
from sales_pipeline.failures.dead_letters import ReplayError
from sales_pipeline.local import demo as demo_command
from sales_pipeline.local import running
from sales_pipeline.local import up as up_command
from sales_pipeline.local.running import RunningError
from sales_pipeline.plan import report as plan_command
from sales_pipeline.plan.capacity import Load, PlanError
from sales_pipeline.query import QueryError
from sales_pipeline.reconcile.compare import LedgerError

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


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
    stack = locate(stack_name, profile, region)
    interval_seconds = interval or (1 / rate if rate else DEFAULT_INTERVAL_SECONDS)
    raise typer.Exit(generate_command.run(stack, seed, count, interval_seconds, profile))


@app.command()
def crawl(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Start the crawler, wait until it is done, and show the table that it keeps.

    \b
    Examples:
      sales crawl
      sales crawl --profile my-profile
    """  # noqa: D301
    local = find_local(stack_name, profile, region)
    state_dir = Path(local.state_dir) / "crawler" if local else None
    typer.echo(crawl_command.run(locate(stack_name, profile, region), state_dir))


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
    stack = locate(stack_name, profile, region)
    query_command.show(query_command.ask(stack, sys.stdin.read() if sql == "-" else sql), output.value)


app.add_typer(cli_recovery.app)


@app.command()
def plan(  # noqa: PLR0913
    *,
    orders_per_second: Annotated[float, typer.Option(metavar="N", help="Mean of a month.")],
    order_bytes: Annotated[int, typer.Option(metavar="BYTES", help="Size of an item in the table.")] = Load.order_bytes,
    peak: Annotated[float, typer.Option(metavar="FACTOR", help="The busiest second over the mean.")] = Load.peak,
    shards: Annotated[int | None, typer.Option(metavar="N", help="ShardCount; what the peak needs by default.")] = None,
    buffer_seconds: Annotated[
        int, typer.Option(metavar="SECONDS", help="BufferIntervalSeconds.")
    ] = Load.buffer_seconds,
    crawls_per_day: Annotated[
        float, typer.Option(metavar="N", help="What CrawlerSchedule says; 0 for no crawler.")
    ] = Load.crawls_per_day,
    days: Annotated[int, typer.Option(metavar="N", help="Days of orders that table and bucket hold.")] = Load.days,
    queries_per_day: Annotated[float, typer.Option(metavar="N", help="Queries to Athena.")] = Load.queries_per_day,
    query_days: Annotated[int, typer.Option(metavar="N", help="Days of rows that a query scans.")] = Load.query_days,
    arm64: Annotated[bool, typer.Option("--arm64", help="Architecture=arm64.")] = Load.arm64,
    output: Annotated[ReportFormat, typer.Option("--format", help="Form of the plan.")] = ReportFormat.text,
) -> None:
    """Say what a load needs, which quota stops it first, and what it costs a month, in both modes of the stream.

    It is computed from list prices and AWS' documented quotas, and asks no AWS account.

    \b
    Examples:
      sales plan --orders-per-second 1000
      sales plan --orders-per-second 50 --order-bytes 2000 --crawls-per-day 1 --format json
    """  # noqa: D301
    load = Load(
        orders_per_second=orders_per_second,
        order_bytes=order_bytes,
        peak=peak,
        shards=shards,
        buffer_seconds=buffer_seconds,
        crawls_per_day=crawls_per_day,
        days=days,
        queries_per_day=queries_per_day,
        query_days=query_days,
        arm64=arm64,
    )
    plan_command.run(load, output.value)


def main() -> None:
    """Run a command; an error that a person can do something about is one line and exit code 1."""
    try:
        app()
    except (
        StackError,
        QueryError,
        EmulatorError,
        DeployError,
        LedgerError,
        PlanError,
        ReplayError,
        RetryError,
        RunningError,
    ) as error:
        problem = str(error)
    except (ClientError, BotoCoreError) as error:
        problem = explain(error, what="the stack", place="AWS", profile=None)
    except OSError as error:
        problem = f"{error}. Nothing on AWS is the matter: see to this machine."
    sys.exit(f"error: {problem}")
