"""The commands of `sales` that put orders in and get rows out, and `env`, by which other programs do the same."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from common.printable import visible
from common.streams import read_input
from sales_pipeline.cli.group import option_names
from sales_pipeline.cli.options import Format, Profile, Region, StackName, finite, locate, utc_time

app = typer.Typer()


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


@app.command()
def report(  # noqa: PLR0913
    *,
    since: Annotated[
        datetime | None, typer.Option(parser=utc_time, metavar="TIME", help="Only orders from this UTC time or later.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the report.")] = Path(
        "sales-report.html"
    ),
    reconcile: Annotated[
        bool | None,
        typer.Option(help="Also compare the table with the lake; by default if both are small.", show_default=False),
    ] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Write an HTML page with charts of what was sold.

    It shows revenue and units by day, hour and product, the latest and the most expensive orders, how long orders took
    to the lake, why records were refused, and the verdict of `sales reconcile`. The page needs no network.

    Exit codes: 0 the report was written, whatever it says; 1 something could not be read or written.

    \b
    Examples:
      sales report
      sales report --since 2026-11-01 --output november.html
    """  # noqa: D301
    if str(output) == "-":
        raise typer.BadParameter("--output - names no file: the summary is on standard output")
    if output.is_dir():
        raise typer.BadParameter(f"--output {output} is a folder: name a file in it")
    if not output.parent.is_dir():
        raise typer.BadParameter(f"--output {output}: there is no folder {output.parent}")
    from sales_pipeline.report import make as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    target.say_where("athena")
    command.run(target.stack, output, since, reconcile=reconcile)
