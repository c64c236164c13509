"""`sales trace`: says where one order is, from the table to the lake."""

import sys
import time
from typing import Literal

from common.clock import now_ms
from common.printable import visible
from sales_pipeline import defaults
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.keys import KEY_BYTES_MAX, Keys, id_of_number
from sales_pipeline.aws.stack import Stack
from sales_pipeline.terminal.table import print_table
from sales_pipeline.terminal.times import time_of_day
from sales_pipeline.terminal.wrap import terminal_width, wrap
from sales_pipeline.trace import report
from sales_pipeline.trace.found import Evidence
from sales_pipeline.trace.look import Looker
from sales_pipeline.trace.verdict import Verdict, decide
from sales_pipeline.trace.where import Period
from transform.column_types import Column
from transform.columns import KEY

POLL_SECONDS = 5.0
_DELIVERIES = 3
"""An order is followed for so many times as long as it may take."""


def order_id(text: str, key: Column = KEY) -> str:
    """Return the id that a person means, a number in its one form. Raises ValueError for what no order can have."""
    keys = Keys(key)
    if not text:
        raise ValueError("expected an order's id, found nothing")
    if not keys.is_text:
        try:
            return id_of_number(text)
        except ValueError:
            raise ValueError(
                f"expected a number, because the table's key {key.attribute} is one, found other text"
            ) from None
    if not keys.can_be(text):
        raise ValueError(f"an order's id has at most {KEY_BYTES_MAX:,} bytes, found {len(text.encode()):,}")
    return text


def run(  # noqa: PLR0913 - one argument an option
    stack: Stack,
    order_id: str,
    output: Literal["text", "json"],
    *,
    period: Period = Period(),  # noqa: B008 - it can't be changed
    seconds: float = defaults.TRACE_SECONDS,
    watch: bool = False,
) -> int:
    """Print where the order is, and return the exit code of the verdict.

    `period` is looked at beside the days that the id gives. `seconds` bounds how long each place is read. With `watch`,
    an order that may still arrive is followed until it has arrived or failed, or its time is over. Raises QueryError,
    and boto3's error if no place could be looked at.
    """
    looker = Looker(stack, order_id, period, seconds)
    found = looker.look()
    verdict = decide(found)
    if watch and verdict.is_open:
        _follow(looker, verdict, _DELIVERIES * delivery_seconds(stack))
        found = looker.look()
        verdict = decide(found)
    if output == "json":
        sys.stdout.write(report.to_json(found, verdict) + "\n")
    else:
        _print(found, verdict)
    return verdict.exit_code


def _follow(looker: Looker, verdict: Verdict, seconds: float) -> None:
    """Look again until the order has arrived or failed, and say on standard error where it is."""
    deadline = time.monotonic() + seconds
    said = ""
    while verdict.is_open:
        if verdict.text.partition(", ")[0] != said:
            said = verdict.text.partition(", ")[0]
            sys.stderr.write(f"{time_of_day(now_ms())}  {verdict.text}\n")
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            sys.stderr.write(f"It did not arrive in {seconds:.0f} s.\n")
            return
        time.sleep(min(POLL_SECONDS, left_seconds))
        verdict = decide(looker.look(again=True))


def _print(found: Evidence, verdict: Verdict) -> None:
    print_table(report.places(found))
    steps, below = report.steps(found)
    if steps.rows:
        sys.stdout.write("\n")
        print_table(steps)
        sys.stdout.writelines(f"{visible(line)}\n" for line in below)
    notes = [*report.notes(found)]
    if notes:
        sys.stdout.write("\n")
    width = terminal_width()
    for text in (*notes, "", verdict.text):
        shown = visible(text)
        sys.stdout.writelines(f"{line}\n" for line in (wrap(shown, width) if width else [shown]))
