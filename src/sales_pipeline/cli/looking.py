"""The commands of `sales` that show how the pipeline does, and where one order is."""

from datetime import datetime
from typing import Annotated

import typer

from sales_pipeline import defaults
from sales_pipeline.cli.options import Profile, Region, ReportFormat, StackName, finite, locate, utc_time

app = typer.Typer()


@app.command()
def status(
    *,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to print the report.")] = ReportFormat.text,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show every stage on one screen, and what is wrong.

    Counts are those of the last hour. "not measured here" stands for a count that this machine does not make.

    Exit codes: 0 nothing is wrong; 1 a stage is down or could not be read, a dead letter or an error record waits, the
    last crawl failed, or an alarm fires.

    \b
    Examples:
      sales status
      sales status --format json
    """  # noqa: D301
    from sales_pipeline.status import read as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    raise typer.Exit(command.run(target.stack, output.value, target.measurements))


@app.command()
def watch(stack_name: StackName = None, profile: Profile = None, region: Region = None) -> None:
    """Show the stages live, and the newest orders, until Ctrl-C.

    Where standard output is no terminal, it prints a line per minute, and one when other stages have a problem.

    Exit codes: 0 stopped by Ctrl-C; 1 the pipeline on this machine ended, or the credentials are not valid any more.

    \b
    Examples:
      sales watch
      sales watch --profile my-profile
      sales watch > log.txt
    """  # noqa: D301
    from sales_pipeline.watch import run as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    target.say_where("kinesis")
    raise typer.Exit(command.run(target.stack, target.measurements, target.check))


@app.command()
def trace(  # noqa: PLR0913 - one argument an option
    order_id: Annotated[str, typer.Argument(metavar="ORDERID", help="The order's id; after -- if it begins with -.")],
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow an order in progress until it arrives or fails.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(parser=utc_time, metavar="TIME", help="Look at all days from this UTC time on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(parser=utc_time, metavar="TIME", help="With --since: up to this UTC time.")
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=1, max=3_600, callback=finite, help="How long to read in each place at most."
        ),
    ] = defaults.TRACE_SECONDS,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to print the report.")] = ReportFormat.text,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Say where one order is, from the table to the lake.

    It looks at the table, its stream, the Kinesis stream, dead letters, errors/, the lake and the tables in Athena. It
    looks at the days that the time in a UUIDv7 id gives, and at the last three days. The last line is the verdict.

    Exit codes: 0 the lake has it, it is in progress, or it was deleted; 1 it failed, is late, missing, stale or
    undetermined, was never in the table, or nobody knows where it is.

    \b
    Examples:
      sales trace 01a215b4-6d30-7000-ac2a-f2751951c545
      sales trace --watch 01a215b4-6d30-7000-ac2a-f2751951c545
      sales trace --since 2026-08-01 --format json order-7
      sales trace -- --odd-id
    """  # noqa: D301
    if until and not since:
        raise typer.BadParameter("--until needs --since")
    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until")
    from sales_pipeline.trace import command  # noqa: PLC0415
    from sales_pipeline.trace.where import Period  # noqa: PLC0415

    try:
        checked = command.order_id(order_id)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    target = locate(stack_name, profile, region)
    target.say_where("athena")
    period = Period.of(since, until)
    raise typer.Exit(command.run(target.stack, checked, output.value, period=period, seconds=seconds, watch=watch))
