"""Writes mock orders from a laptop into the order table; `--help` shows how."""

import json
import math
import re
import sys
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

if __name__ == "__main__":
    # When it is run by its path, from any folder, imports must start in src/ as in the installed package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

try:
    import typer

    from common.clock import now_ms
    from common.printable import visible
    from common.streams import standard_streams
    from common.usage import OneCommand
    from generator.console import explain_write, write_orders
    from generator.orders import live_orders, planned_orders, to_item
    from generator.pace import DEFAULT_INTERVAL_SECONDS
    from generator.writer import WRITE_ERRORS, connect
except KeyboardInterrupt:
    sys.exit(130)
except ModuleNotFoundError as missing:
    sys.exit(f"error: {missing.name} is not installed for {sys.executable}: run `make setup`, use .venv")

DRY_RUN_COUNT = 10

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"expected a number, found {value}")  # typer's bounds let nan pass
    return value


def _start_ms(text: str) -> int:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None or start.timestamp() < 0:
        raise typer.BadParameter("expected a time since 1970 with its offset, such as 2026-11-22T16:00:00Z")
    return int(start.timestamp() * 1000)


def _endpoint_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise typer.BadParameter("expected a URL such as http://localhost:8000")
    return text


def _table(text: str) -> str:
    # PutItem and BatchWriteItem take a name or an ARN. botocore does not check it.
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}|arn:\S+", text):
        raise typer.BadParameter("expected 3 to 255 letters, digits, '_', '.' and '-'")
    return text


@app.command(cls=OneCommand)
def generate(  # noqa: PLR0913 - one argument an option
    context: typer.Context,
    *,
    profile: Annotated[str | None, typer.Option(help="Named profile of the AWS CLI.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS region, if not the profile's.")] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option(parser=_endpoint_url, metavar="URL", help="Endpoint of DynamoDB, such as an emulator's."),
    ] = None,
    table: Annotated[str, typer.Option(parser=_table, metavar="NAME", help="The order table.")] = "order_table",
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.0001,
            max=86_400,
            callback=_finite,
            help="Time between two orders; 3 by default.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="N", min=0.0001, max=10_000, callback=_finite, help="Orders per second, instead of --interval."
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after this many orders; 10 in a dry run.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The same seed gives the same products and prices.")
    ] = None,
    start_ms: Annotated[
        int | None,
        typer.Option(
            "--start-time",
            parser=_start_ms,
            metavar="ISO8601",
            help="Time of the first order, in its id; with --seed the ids are the same each time.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the items, one per line; uses no AWS.")] = False,
) -> None:
    """Write mock orders into a DynamoDB table, one every 3 seconds, until Ctrl-C.

    Above 10 orders per second it writes them in batches. A second Ctrl-C does not wait for DynamoDB's answer.

    \b
    Examples:
      mock_data_generator_for_dynamodb.py --profile my-profile
      mock_data_generator_for_dynamodb.py --profile my-profile --rate 200 --count 10000
      mock_data_generator_for_dynamodb.py --endpoint-url http://localhost:8000 --region us-east-1
      mock_data_generator_for_dynamodb.py --dry-run --seed 7 --start-time 2026-11-22T16:00:00Z

    \b
    Exit codes: 0 done, or stopped by Ctrl-C; 1 failed; 2 wrong usage; 130 stopped by a second Ctrl-C.
    """  # noqa: D301 - the backspaces keep the lines below them apart
    if interval and rate:
        raise typer.BadParameter("give --interval or --rate, not both")
    interval_seconds = interval or (1 / rate if rate else DEFAULT_INTERVAL_SECONDS)
    if start_ms is None:
        orders = live_orders(seed, clock_ms=now_ms)
    else:
        orders = planned_orders(seed, start_ms=start_ms, interval_seconds=interval_seconds)
    if dry_run:
        for order in islice(orders, count or DRY_RUN_COUNT):
            typer.echo(json.dumps(to_item(order)))
        return

    options = [option for parameter in context.command.params for option in parameter.opts]
    try:
        client = connect(profile, region, endpoint_url)
    except (*WRITE_ERRORS, ValueError) as error:
        typer.echo(f"error: {visible(explain_write(error, f'table {table}', 'AWS', profile, options))}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"using table {table} in {client.meta.region_name}, {client.meta.endpoint_url}", err=True)
    raise typer.Exit(write_orders(client, table, orders, count, interval_seconds, profile, options))


if __name__ == "__main__":
    with standard_streams():
        try:
            app()
        except KeyboardInterrupt:
            sys.exit(130)
