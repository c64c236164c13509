"""The commands of `sales` that find out what is lost or failed, and put it back; cli.py has the others."""

from datetime import datetime
from typing import Annotated

import typer

from sales_pipeline.cli.options import (
    TIMES,
    Format,
    Profile,
    ReadUnits,
    Reason,
    Region,
    ReportFormat,
    Since,
    StackName,
    Until,
    Wait,
    locate,
)
from sales_pipeline.failures import replay as replay_command
from sales_pipeline.failures import report as failures_command
from sales_pipeline.failures.records import Selection, select
from sales_pipeline.orders.change import REPLAYS_MAX
from sales_pipeline.reconcile import backfill as backfill_command
from sales_pipeline.reconcile import compare as reconcile_command
from sales_pipeline.status import read as status_command

app = typer.Typer()


def _selection(since: datetime | None, until: datetime | None, reason: str) -> Selection:
    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until")
    return select(since, until, reason)


@app.command()
def status(
    *,
    output: Annotated[ReportFormat, typer.Option("--format", help="Form of the report.")] = ReportFormat.text,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show each stage of the pipeline on one screen: its state, the last hour's counts, and what is wrong with it.

    Exit codes: 0 every stage could be read, table, pipe, stream, Firehose and transform are up, no dead letter and no
    error object waits to be put back, the last crawl did not fail and no alarm rings; 1 otherwise. A count that
    CloudWatch doesn't make here is "not measured here", never 0.

    \b
    Examples:
      sales status
      sales status --format json
    """  # noqa: D301
    raise typer.Exit(status_command.run(locate(stack_name, profile, region), output.value))


@app.command()
def reconcile(  # noqa: PLR0913 - one argument an option
    *,
    output: Annotated[ReportFormat, typer.Option("--format", help="Form of the report.")] = ReportFormat.text,
    wait: Wait = None,
    samples: Annotated[
        int, typer.Option(metavar="N", min=0, help="Sample ids of each kind.")
    ] = reconcile_command.SAMPLES,
    read_units: ReadUnits = reconcile_command.READ_UNITS_PER_SECOND,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Prove that the lake holds the table: what is missing, stale, doubled or unknown, and what accounts for it.

    Exit codes: 0 every order is in the lake, on its way, or waits in errors/ or the dead-letter queue, and the last
    line says how many wait; 1 something is missing, stale or unreadable, or reconcile failed.

    \b
    Examples:
      sales reconcile
      sales reconcile --format json --samples 20
    """  # noqa: D301
    stack = locate(stack_name, profile, region)
    raise typer.Exit(
        reconcile_command.run(stack, output.value, in_flight_seconds=wait, samples=samples, units_per_second=read_units)
    )


@app.command()
def failures(  # noqa: PLR0913
    *,
    since: Since = None,
    until: Until = None,
    reason: Reason = "",
    each: Annotated[bool, typer.Option("--each", help="A line a record or dead letter, not one a reason.")] = False,
    output: Annotated[Format, typer.Option("--format", help="Form of the answer.")] = Format.table,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show what the transform refused and the pipe gave up on, by reason. Exit codes: 0 shown; 1 an error.

    \b
    Examples:
      sales failures
      sales failures --reason price --since 2026-11-22 --each
    """  # noqa: D301
    selection = _selection(since, until, reason)
    failures_command.run(locate(stack_name, profile, region), selection, output.value, each=each)


@app.command()
def replay(  # noqa: PLR0913
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")] = False,
    since: Since = None,
    until: Until = None,
    reason: Reason = "",
    replays: Annotated[
        int, typer.Option(metavar="N", min=1, help="Leave what was replayed so often already.")
    ] = REPLAYS_MAX,
    discard_trimmed: Annotated[
        bool, typer.Option("--discard-trimmed", help="Forget dead letters whose changes DynamoDB no longer has.")
    ] = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Put back what failed, into the Kinesis stream, once its cause is mended. It can be stopped and run again.

    What the table has in another version by now, or no longer, is set aside instead. Run one at a time: two at once
    send everything twice. Exit codes: 0 done, or only shown; 1 something was left as it was, or an error.

    \b
    Examples:
      sales replay
      sales replay --yes
      sales replay --yes --reason Lambda.FunctionError --until 2026-11-22T12:00
    """  # noqa: D301
    selection = _selection(since, until, reason)
    stack = locate(stack_name, profile, region)
    raise typer.Exit(
        replay_command.run(stack, selection, send=yes, replays_max=replays, discard_trimmed=discard_trimmed)
    )


@app.command()
def backfill(  # noqa: PLR0913
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only show what would be done.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every order of the table, whether the lake has it or not.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=TIMES, metavar="TIME", help="Only orders whose UUIDv7 ids are from then on; in UTC."),
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="ORDERS/S", min=0.1, max=10_000, help="How fast they go into Kinesis.")
    ] = backfill_command.ORDERS_PER_SECOND,
    read_units: ReadUnits = reconcile_command.READ_UNITS_PER_SECOND,
    wait: Wait = None,
    samples: Annotated[int, typer.Option(metavar="N", min=0, help="Sample ids.")] = reconcile_command.SAMPLES,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send what `sales reconcile` reports missing or stale from the table, through the same stream and transform.

    What is on its way is left alone, and so is what `sales replay` can put back. What a stage that stands still holds
    for longer than the buffers counts as missing, and would arrive twice: see `sales status` first. It can be stopped
    and run again; with --all it then starts anew. Run one at a time. Exit codes: 0 done, or only shown; 1 something
    was left, or an error.

    \b
    Examples:
      sales backfill
      sales backfill --yes --rate 500
      sales backfill --yes --all --since 2026-11-01
    """  # noqa: D301
    stack = locate(stack_name, profile, region)
    raise typer.Exit(
        backfill_command.run(
            stack,
            send=yes,
            everything=everything,
            since=since,
            orders_per_second=rate,
            units_per_second=read_units,
            in_flight_seconds=wait,
            samples=samples,
        )
    )
