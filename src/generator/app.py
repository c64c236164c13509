"""The scheduled function: writes mock orders into the order table, one every three seconds of a minute.

EventBridge Scheduler invokes it every minute and names the minute in its input. The ids and the content of the
minute's orders depend on that minute alone. So a second invocation for the same minute writes only the orders that
are not in the table yet.
"""

import logging
import os
import time
from collections import Counter
from datetime import datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from generator.orders import Order, planned_orders, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDERS_PER_MINUTE = 20
INTERVAL_SECONDS = 3
MAX_AHEAD_SECONDS = 60

EXPECTED_EVENT = (
    'the event must be {"scheduled_time": "2026-11-22T16:26:00Z"}, UTC and at most a minute ahead; '
    'give the schedule the Input {"scheduled_time": "<aws.scheduler.scheduled-time>"}'
)

LOGGER = logging.getLogger(__name__)
LOGGER.setLevel(logging.INFO)

# Tests replace these two with a clock of their own.
now = time.time
sleep = time.sleep


def handler(event: dict[str, str], _context: object) -> dict[str, int]:
    """Write the orders of one minute, each when it is due, and return how many were written or already there.

    `event` is `{"scheduled_time": "2026-11-22T16:26:00Z"}`. An order whose time has passed is written at once. After a
    put that fails, the next orders are still written. Then a RuntimeError makes Lambda invoke the function again.
    """
    start_ms = _scheduled_ms(event)
    table_name = os.environ.get("TABLE_NAME")
    if not table_name:
        raise RuntimeError("TABLE_NAME is not set: put the order table's name in the function's environment")
    outcomes: Counter[str] = Counter()
    orders = planned_orders(start_ms, start_ms=start_ms, interval_seconds=INTERVAL_SECONDS)
    for position, order in enumerate(islice(orders, ORDERS_PER_MINUTE)):
        _wait_until(start_ms / 1000 + position * INTERVAL_SECONDS)
        outcomes[_put(table_name, order)] += 1
    summary = {outcome: outcomes.pop(outcome, 0) for outcome in ("written", "already_there")}
    # In Lambda's JSON log format `extra` gives fields of their own; in its text format the text has them.
    line = {"scheduled_time": event["scheduled_time"], **summary, "failed": dict(outcomes)}
    LOGGER.info("%s", line, extra=line)
    if outcomes:
        reasons = ", ".join(f"{code} ({times})" for code, times in outcomes.most_common())
        raise RuntimeError(f"{outcomes.total()} of {ORDERS_PER_MINUTE} orders not written: {reasons}")
    return summary


def _scheduled_ms(event: dict[str, str]) -> int:
    try:
        scheduled = datetime.fromisoformat(event["scheduled_time"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{EXPECTED_EVENT}; found {event!r:.200}") from None
    # Python would read a time without an offset in this machine's time zone.
    if scheduled.tzinfo is None or not 0 <= scheduled.timestamp() <= now() + MAX_AHEAD_SECONDS:
        raise ValueError(f"{EXPECTED_EVENT}; found {event!r:.200}")
    return int(scheduled.timestamp() * 1000)


def _wait_until(due_seconds: float) -> None:
    while (wait_seconds := due_seconds - now()) > 0:
        sleep(wait_seconds)


def _put(table_name: str, order: Order) -> str:
    """Return "written", "already_there", or the name of the error."""
    try:
        _client().put_item(
            TableName=table_name,
            Item=to_item(order),
            ConditionExpression="attribute_not_exists(orderid)",
        )
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code") or "ClientError"
        return "already_there" if code == "ConditionalCheckFailedException" else code
    except Exception as error:  # noqa: BLE001 - boto3 can't read an answer that is not AWS' own, and raises anything
        return type(error).__name__
    return "written"


@cache
def _client() -> "DynamoDBClient":
    # Twenty puts share one minute: a put that hangs must give up while there is time for the others.
    config = Config(connect_timeout=2, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client("dynamodb", config=config)
