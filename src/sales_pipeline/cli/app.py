"""The command line, `sales`. Each command is a module of its own, which is imported when it is asked for."""

import importlib
import os
from typing import Annotated, Any

import typer

from common.printable import visible
from common.streams import read_input
from sales_pipeline.cli import recovery
from sales_pipeline.cli.group import Commands, option_names
from sales_pipeline.cli.options import Format, Profile, Region, ReportFormat, StackName, finite, locate
from sales_pipeline.errors import SalesError
from sales_pipeline.local import running
from sales_pipeline.plan.capacity import Load, PlanError

app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - takes a while

        typer.echo(f"sales {version('sales-data-projection')}")
        raise typer.Exit


@app.callback()
def sales(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run the sales pipeline, query it, check it, and repair it.

    Commands work on the pipeline that `sales up` runs on this machine, if there is one. Otherwise, and with
    --stack-name, --profile or --region, they work on a stack on AWS: by default sales-data-projection of your default
    profile.

    `sales up` and `sales demo` write to the folder .local of the clone, or to the folder that the environment variable
    SALES_HOME names. Only one `sales up` can run per folder.

    docs/glossary.md explains the words: stale, duplicate, dead letter and others. TIME is such as 2026-11-22T12:00.
    """


def _local(name: str) -> Any:  # noqa: ANN401 - a module
    """Return a module of `sales_pipeline.local`. Raises SalesError where what it needs is not installed."""
    try:
        module = importlib.import_module(f"sales_pipeline.local.{name}")
    except ModuleNotFoundError as missing:
        problem = f"the package {missing.name} is not installed"
    else:
        if running.TEMPLATE.exists():
            return module
        problem = "template.yaml is not there"
    raise SalesError(
        f"`sales {name}` runs only in a clone of the repository ({problem}): clone it, run `make setup` there, then "
        f".venv/bin/sales {name}"
    )


@app.command()
def demo() -> None:
    """Run the whole pipeline once on this machine and check it.

    It writes 300 orders, waits until they are rows in S3, runs the crawler and a query, and stops everything.

    Exit codes: 0 every order arrived exactly once; 1 one did not, or something failed.

    \b
    Example:
      sales demo
    """  # noqa: D301 - the backspace keeps the lines below it apart
    raise typer.Exit(_local("demo").run())


@app.command()
def up() -> None:
    """Run the pipeline on this machine until Ctrl-C.

    It writes an order every 3 seconds. Rows appear in S3 after about a minute, as on AWS.

    \b
    Example:
      sales up
    """  # noqa: D301
    raise typer.Exit(_local("up").run())


@app.command()
def down() -> None:
    """Stop the pipeline that `sales up` runs. Its table and its bucket are deleted.

    \b
    Example:
      sales down
    """  # noqa: D301
    ended = "has stopped" if running.stop() else "had died"
    typer.echo(f"The pipeline on this machine {ended}. Its table and its bucket are deleted.")


@app.command()
def env(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Print shell lines for the AWS CLI and boto3.

    They say how to reach the pipeline on this machine, and unset what would lead elsewhere. For a stack on AWS they set
    its region and the profile, and hold no access key.

    They also set the names of the pipeline's parts: SALES_STACK, SALES_TABLE, SALES_STREAM, SALES_BUCKET,
    SALES_WORKGROUP, SALES_CRAWLED_DATABASE, SALES_DECLARED_DATABASE and SALES_CRAWLER.

    \b
    Examples:
      eval "$(sales env)"
      sales env --profile my-profile
    """  # noqa: D301
    from sales_pipeline import env as command  # noqa: PLC0415

    inherited = dict(os.environ)  # before `locate` replaces it
    target = locate(stack_name, profile, region)
    settings = target.local.exports(inherited) if target.local else command.on_aws(target.stack, profile, inherited)
    typer.echo(command.lines(settings | command.names(target.stack)))


@app.command()
def generate(  # noqa: PLR0913 - one argument an option
    context: typer.Context,
    *,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", min=0.0001, max=86_400, callback=finite, help="Time between two orders; 3 by default."
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="N", min=0.0001, max=10_000, callback=finite, help="Orders per second, instead of --interval."
        ),
    ] = None,
    count: Annotated[int | None, typer.Option(metavar="N", min=1, help="Stop after this many orders.")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The same seed gives the same products and prices.")
    ] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Write mock orders into the table, one every 3 seconds.

    It ends after --count orders, or with Ctrl-C.

    Exit codes: 0 done, or stopped by Ctrl-C; 1 failed; 130 stopped by a second Ctrl-C.

    \b
    Examples:
      sales generate
      sales generate --rate 200 --count 10000 --seed 7
      sales generate --profile my-profile --interval 1
    """  # noqa: D301
    if interval and rate:
        raise typer.BadParameter("give --interval or --rate, not both")
    from sales_pipeline import generate as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    target.say_where("dynamodb")
    interval_seconds = interval or (1 / rate if rate else command.DEFAULT_INTERVAL_SECONDS)
    raise typer.Exit(command.run(target.stack, seed, count, interval_seconds, profile, option_names(context.command)))


@app.command()
def crawl(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Run the crawler, wait until it is done, and show its table.

    \b
    Examples:
      sales crawl
      sales crawl --profile my-profile
    """  # noqa: D301
    from sales_pipeline import crawl as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    target.say_where("glue")
    typer.echo(visible(command.run(target.stack, target.crawl)))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="The query; - reads it from standard input.")],
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.table,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Run SQL in Athena, in the workgroup of the stack.

    A table without a database is the crawler's. For programs, csv and json keep every text exactly. For Excel and
    others, spreadsheet is CSV in which no text is a formula.

    \b
    Examples:
      sales query "SELECT * FROM sales_data_projection_db_declared.orders LIMIT 10"
      sales query --format csv - < query.sql > result.csv
      sales query --format spreadsheet "SELECT * FROM sales_data" > for_excel.csv
    """  # noqa: D301
    from sales_pipeline import query as command  # noqa: PLC0415

    try:
        text = read_input() if sql == "-" else sql
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not text.strip():
        raise typer.BadParameter("expected SQL, found nothing")
    target = locate(stack_name, profile, region)
    target.say_where("athena")
    command.run(target.stack, text, output.value)


app.add_typer(recovery.app)


@app.command()
def plan(  # noqa: PLR0913
    *,
    orders_per_second: Annotated[float, typer.Option(metavar="N", callback=finite, help="Mean over a month.")],
    order_bytes: Annotated[
        int, typer.Option(metavar="BYTES", help="Size of an order in the table.")
    ] = Load.order_bytes,
    peak: Annotated[
        float,
        typer.Option(
            metavar="FACTOR",
            callback=finite,
            help="Orders in the busiest second, as a multiple of the mean (1 to 1000).",
        ),
    ] = Load.peak,
    shards: Annotated[
        int | None, typer.Option(metavar="N", help="ShardCount; by default as many as the busiest second needs.")
    ] = None,
    buffer_seconds: Annotated[
        int, typer.Option(metavar="SECONDS", help="BufferIntervalSeconds.")
    ] = Load.buffer_seconds,
    crawls_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Crawls per day by CrawlerSchedule; 0 for no crawler.")
    ] = Load.crawls_per_day,
    days: Annotated[
        int, typer.Option(metavar="N", help="Days of orders that the table and the bucket hold.")
    ] = Load.days,
    queries_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Queries of the table orders per day.")
    ] = Load.queries_per_day,
    query_days: Annotated[int, typer.Option(metavar="N", help="Days of rows that a query reads.")] = Load.query_days,
    view_queries_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Queries of sales_current per day; each reads all days.")
    ] = Load.view_queries_per_day,
    arm64: Annotated[
        bool, typer.Option("--arm64", help="Plan for functions on arm64: Architecture=arm64.")
    ] = Load.arm64,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to print the plan.")] = ReportFormat.text,
) -> None:
    """Show what a load needs, its first limit, and its cost.

    The plan is computed from list prices and from quotas that AWS documents. It needs no AWS account.

    \b
    Examples:
      sales plan --orders-per-second 1000
      sales plan --orders-per-second 50 --order-bytes 2000 --format json
    """  # noqa: D301
    from sales_pipeline.plan import report as command  # noqa: PLC0415

    try:
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
            view_queries_per_day=view_queries_per_day,
            arm64=arm64,
        )
    except PlanError as error:
        raise typer.BadParameter(str(error)) from None
    command.run(load, output.value)
