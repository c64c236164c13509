"""Writes orders at the pace asked for, and shows on the terminal how far it is."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from rich.live import Live

from common.aws_errors import ADVICE, explain
from common.console import PlainConsole
from common.streams import discard_output
from generator.orders import Order
from generator.pace import Stop, paced
from generator.writer import WRITE_ERRORS, Tally, Writer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PLAIN_PROGRESS_SECONDS = 10.0

_THROTTLED = "{what} throttled every attempt for too long: lower --rate, or raise the table's capacity"
_UNANSWERED = "{place} did not answer: check the network and the endpoint, then check the orders that are in doubt"
# The advice that differs for a write of orders.
WRITE_ADVICE = {
    **ADVICE,
    "ConnectionClosedError": _UNANSWERED,
    "DifferentItemError": "{what} has another order under id {message}: choose another --seed",
    "HTTPClientError": _UNANSWERED,
    "ProvisionedThroughputExceededException": _THROTTLED,
    "ReadTimeoutError": _UNANSWERED,
    "RequestLimitExceeded": _THROTTLED,
    "ResourceNotFoundException": "{what} does not exist: deploy the stack, or check {target}",
    "ThrottledError": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "ValidationException": (
        "{what} does not take orders: its key must be orderid (S) alone, but DynamoDB says: {message}"
    ),
}


def write_orders(  # noqa: PLR0913, PLR0917 - one argument an option
    client: "DynamoDBClient",
    table_name: str,
    orders: Iterator[Order],
    count: int | None,
    interval_seconds: float,
    profile: str | None,
    options: Collection[str],
    screen: AbstractContextManager[object] | None = None,
) -> int:
    """Write `count` orders, or orders until Ctrl-C, then print a summary; return the exit code.

    `screen` shows the progress for as long as it is entered; without one, this prints it.

    `options` are the options of the command; an error names no others. Exit codes: 0 done, or stopped by the first
    Ctrl-C; 1 failed, with one line on standard error; 130 stopped by a second Ctrl-C.
    """
    stop = Stop()
    writer = Writer(client, table_name, stop.wait)
    progress = Progress(writer.tally, stop, screen)
    problem, exit_code = None, 0
    with stop.by_signal():
        try:
            with progress.live:
                for batch in paced(orders, count, interval_seconds, stop.wait):
                    progress.show(writer.write(batch))
        except WRITE_ERRORS as error:
            place = f"{client.meta.region_name} ({client.meta.endpoint_url})"
            what = f'table "{table_name}" in {place}'
            problem, exit_code = explain_write(error, what, place, profile, options), 1
        except KeyboardInterrupt:
            problem, exit_code = "stopped without waiting for DynamoDB's answer", 130
        except OSError as error:  # such as a closed pipe; the summary then goes to standard error
            problem, exit_code = f"stopped, because writing to standard output failed: {error.strerror or error}", 1
            progress.to_standard_error()
    progress.summarize(asked_per_second=1 / interval_seconds)
    if problem:
        PlainConsole(stderr=True).print(f"error: {problem}")
    return exit_code


def explain_write(error: Exception, what: str, place: str, profile: str | None, options: Collection[str]) -> str:
    """Return one line about one of `WRITE_ERRORS` or a ValueError of boto3; arguments as in `aws_errors.explain`."""
    return explain(error, what=what, place=place, options=options, profile=profile, advice=WRITE_ADVICE)


class Progress:
    """Prints the progress: on a terminal the orders above a live line, elsewhere plain lines; then a summary.

    Where a `screen` shows it, only the summary.
    """

    def __init__(self, tally: Tally, stop: Stop, screen: AbstractContextManager[object] | None = None) -> None:
        self._tally = tally
        self._stop = stop
        self._console = PlainConsole()
        self._started = self._last_line = time.monotonic()
        self._has_screen = screen is not None
        self.live = screen or (
            Live(console=self._console, get_renderable=self._status, transient=True)
            if self._console.is_interactive
            else nullcontext()
        )

    def to_standard_error(self) -> None:
        """Print to standard error from now on, and flush nothing more to standard output, which nobody reads."""
        self._console = PlainConsole(stderr=True)
        discard_output()

    def show(self, settled: Sequence[Order]) -> None:
        if self._has_screen:
            return
        if len(settled) == 1:
            (order,) = settled
            known = "" if order.orderid == self._tally.last_orderid else "  (already there)"
            self._console.print(f"{order.orderid}  {order.quantity} x {order.product_name}, {order.price} each{known}")
        elif not self._console.is_interactive and time.monotonic() - self._last_line > PLAIN_PROGRESS_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(self._status())

    def summarize(self, asked_per_second: float) -> None:
        tally, seconds = self._tally, time.monotonic() - self._started
        lines = {
            "written": f"{tally.written:,}",
            "already there": f"{tally.already_there:,}",
            "not written": f"{tally.not_written:,}",
            "in doubt": ", ".join([f"{len(tally.in_doubt)}", *tally.in_doubt]),
            "retries": f"{tally.retries:,}",
            "units": f"{tally.units:,}",
            "revenue": f"{tally.revenue:,.2f}",
            "time": f"{seconds:,.1f} s",
            "rate": f"{tally.written / seconds:,.2f} orders/s, asked for {asked_per_second:,.2f}",
            "ids": f"{tally.first_orderid} to {tally.last_orderid}" if tally.written else "none",
        }
        for name, text in lines.items():
            self._console.print(f"{name:<14} {text}")

    def _status(self) -> str:
        tally = self._tally
        again = f", {tally.retries:,} retries" if tally.retries else ""
        stop = "stopping (Ctrl-C: at once)" if self._stop.requested else "Ctrl-C stops"
        return f"{tally.written:,} written, {tally.units:,} units, revenue {tally.revenue:,.2f}{again}; {stop}"
