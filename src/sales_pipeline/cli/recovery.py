"""The commands of `sales` that find what is lost or failed, and repair it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sales_pipeline import defaults
from sales_pipeline.cli.options import (
    Format,
    Profile,
    ReadUnits,
    Reason,
    Region,
    ReportFormat,
    Samples,
    Since,
    StackName,
    Until,
    Wait,
    Yes,
    finite,
    locate,
    utc_time,
)

if TYPE_CHECKING:
    from sales_pipeline.failures.records import Selection

app = typer.Typer()


def _selection(since: datetime | None, until: datetime | None, reason: str) -> "Selection":
    if since and until and since >= until:
        raise typer.BadParameter("--since must be before --until")
    from sales_pipeline.failures.records import Selection  # noqa: PLC0415

    return Selection.of(since, until, reason)


@app.command()
def reconcile(  # noqa: PLR0913 - one argument an option
    *,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to print the report.")] = ReportFormat.text,
    wait: Wait = None,
    samples: Samples = defaults.SAMPLES,
    read_units: ReadUnits = defaults.READ_UNITS_PER_SECOND,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Compare every order of the table with the rows in S3.

    It judges the rows as Athena shows them. The report counts orders that are missing, stale, undetermined, duplicate
    or unknown, and says what explains them.

    Exit codes: 0 every order is in S3, in progress, or known to have failed; 1 something is missing, stale,
    undetermined or unreadable, or reconcile failed.

    \b
    Examples:
      sales reconcile
      sales reconcile --format json --samples 20
    """  # noqa: D301
    from sales_pipeline.reconcile import compare as command  # noqa: PLC0415

    stack = locate(stack_name, profile, region).stack
    raise typer.Exit(
        command.run(stack, output.value, in_progress_seconds=wait, samples=samples, units_per_second=read_units)
    )


@app.command()
def failures(  # noqa: PLR0913
    *,
    since: Since = None,
    until: Until = None,
    reason: Reason = "",
    each: Annotated[
        bool, typer.Option("--each", help="One line per error record or dead letter, not per reason.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print the list.")] = Format.table,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List what failed, by reason: error records and dead letters.

    Exit codes: 0 the list was printed, whether or not something failed; 1 it could not be read.

    \b
    Examples:
      sales failures
      sales failures --reason price --since 2026-11-22 --each
    """  # noqa: D301
    selection = _selection(since, until, reason)
    from sales_pipeline.failures import report as command  # noqa: PLC0415

    command.run(locate(stack_name, profile, region).stack, selection, output.value, each=each)


@app.command()
def replay(  # noqa: PLR0913
    *,
    yes: Yes = False,
    since: Since = None,
    until: Until = None,
    reason: Reason = "",
    replays: Annotated[
        int, typer.Option(metavar="N", min=1, help="Do not send a change that was sent this often already.")
    ] = defaults.REPLAYS_MAX,
    discard_trimmed: Annotated[
        bool,
        typer.Option("--discard-trimmed", help="Delete dead letters whose changes DynamoDB no longer has."),
    ] = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send changes that failed to the Kinesis stream again.

    Fix the cause first. A change is set aside, and not sent, if the table now holds another version of its order. You
    can stop a replay and run it again. Run one at a time: two at once send everything twice.

    Exit codes: 0 done, or only shown; 1 something was left where it is, or an error.

    \b
    Examples:
      sales replay
      sales replay --yes
      sales replay --yes --reason Lambda.FunctionError --until 2026-11-22T12:00
    """  # noqa: D301
    selection = _selection(since, until, reason)
    from sales_pipeline.failures import replay as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    if yes:
        target.say_where("kinesis")
    raise typer.Exit(
        command.run(target.stack, selection, send=yes, replays_max=replays, discard_trimmed=discard_trimmed)
    )


@app.command()
def backfill(  # noqa: PLR0913
    *,
    yes: Yes = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Send every order of the table, also those that S3 has.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=utc_time, metavar="TIME", help="Only orders whose id (UUIDv7) is from this UTC time or later."
        ),
    ] = None,
    rate: Annotated[
        float,
        typer.Option(
            metavar="N", min=0.1, max=10_000, callback=finite, help="Orders per second to send to the Kinesis stream."
        ),
    ] = defaults.BACKFILL_ORDERS_PER_SECOND,
    read_units: ReadUnits = defaults.READ_UNITS_PER_SECOND,
    wait: Wait = None,
    samples: Samples = defaults.SAMPLES,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send missing, stale and undetermined orders from the table.

    It first compares the table with S3, as `sales reconcile` does. It does not send orders that are in progress, nor
    those that `sales replay` can send.

    Run `sales status` first. If a stage stands still, the orders that it holds count as missing, and would arrive
    twice. You can stop a backfill and run it again; with --all it then starts from the beginning. Run one at a time.

    Exit codes: 0 done, or only shown; 1 an order was left, or an error.

    \b
    Examples:
      sales backfill
      sales backfill --yes --rate 500
      sales backfill --yes --all --since 2026-11-01
    """  # noqa: D301
    from sales_pipeline.reconcile import backfill as command  # noqa: PLC0415

    target = locate(stack_name, profile, region)
    if yes:
        target.say_where("kinesis")
    raise typer.Exit(
        command.run(
            target.stack,
            send=yes,
            everything=everything,
            since=since,
            orders_per_second=rate,
            units_per_second=read_units,
            in_progress_seconds=wait,
            samples=samples,
        )
    )
