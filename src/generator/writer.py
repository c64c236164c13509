"""Writes orders into a DynamoDB table, and counts what happened to each of them."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from botocore.parsers import ResponseParserError

from common.answers import AnswerError, check_answers, error_code, error_status
from common.backoff import backoff_seconds
from generator.orders import Order, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THROTTLED_PATIENCE_SECONDS = 60.0
NETWORK_PATIENCE_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 2.0

_THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
_REFUSED = 400
_SERVER_ERROR = 500  # with this HTTP status or a higher one, DynamoDB may or may not have taken the write
# After botocore's HTTPClientError the request may have been sent. After its ConnectionError it was not.
_UNANSWERED = (botocore.exceptions.HTTPClientError, ResponseParserError, AnswerError)
_NETWORK = (*_UNANSWERED, botocore.exceptions.ConnectionError)


class DifferentItemError(Exception):
    """The table holds another order under this order's id; the argument is the id."""


class ThrottledError(Exception):
    """DynamoDB returned items unprocessed until THROTTLED_PATIENCE_SECONDS were over."""


@dataclass
class Tally:
    """How many orders were written, and how many were not; units, revenue and ids are those of the written ones."""

    written: int = 0
    already_there: int = 0
    not_written: int = 0
    in_doubt: list[str] = field(default_factory=list)
    """Ids of orders that were sent and never answered: DynamoDB may hold them."""
    retries: int = 0
    units: int = 0
    revenue: Decimal = Decimal(0)
    first_orderid: str | None = None
    last_orderid: str | None = None

    def count_written(self, order: Order) -> None:
        self.written += 1
        self.units += order.quantity
        self.revenue += order.quantity * order.price
        self.first_orderid = self.first_orderid or order.orderid
        self.last_orderid = order.orderid


def connect(profile: str | None, region: str | None, endpoint_url: str | None) -> "DynamoDBClient":
    """Return a client that gives up within seconds and never sends a request twice.

    The writer sends requests again, because only the writer knows whether an earlier answer was lost.
    """
    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:  # an empty AWS_DEFAULT_REGION would fail later, with an unclear error
        raise NoRegionError
    check_answers(session.events)
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})
    return session.client("dynamodb", endpoint_url=endpoint_url, config=config)


WRITE_ERRORS = (ClientError, BotoCoreError, ResponseParserError, DifferentItemError, ThrottledError)
"""The errors that `connect` and `Writer.write` raise."""


class Writer:
    """Writes orders to one table. `tally` stays correct after every error, and after a KeyboardInterrupt.

    `wait` sleeps for a number of seconds and returns whether to go on after it.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str, wait: Callable[[float], bool]) -> None:
        self.tally = Tally()
        self._client = client
        self._table_name = table_name
        self._wait = wait
        self._pending: list[Order] = []
        self._in_flight = False
        self._answer_lost = False

    def write(self, orders: Sequence[Order]) -> list[Order]:
        """Write one order on condition that its id is new, or up to 25 as a batch, which takes no condition.

        Returns the orders that the table surely holds: all of them, unless `wait` returned False. Orders that are
        throttled, unprocessed or unanswered are sent again under the same id, for 60 s when throttled and 10 s
        otherwise. After that time, or at once where sending again cannot help, it counts every order and raises one of
        `WRITE_ERRORS`.
        """
        self._pending, self._in_flight, self._answer_lost = list(orders), False, False
        try:
            self._send_until_settled(self._put if len(orders) == 1 else self._put_batch)
        finally:
            if self._in_flight or self._answer_lost:
                self.tally.in_doubt += [order.orderid for order in self._pending]
            else:
                self.tally.not_written += len(self._pending)
        return [order for order in orders if order not in self._pending]

    def _send_until_settled(self, send: Callable[[], None]) -> None:
        last_progress = time.monotonic()
        for failures in count(1):
            before = len(self._pending)
            error = self._try_once(send)
            if not self._pending:
                return
            if len(self._pending) < before:
                last_progress = time.monotonic()
            if time.monotonic() - last_progress >= _patience_seconds(error):
                raise error
            self.tally.retries += 1
            if not self._wait(_jittered_backoff_seconds(failures)):
                return

    def _try_once(self, send: Callable[[], None]) -> Exception:
        """Send the pending orders; return the error to raise if some of them stay pending."""
        self._in_flight = True  # it stays True when an interrupt comes before the answer
        error: Exception = ThrottledError()
        try:
            send()
        except (ClientError, BotoCoreError, ResponseParserError) as caught:
            error = caught
            self._answer_lost |= _may_have_been_taken(caught)
        self._in_flight = False
        return error

    def _put(self) -> None:
        (order,) = self._pending
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item=to_item(order),
                ConditionExpression="attribute_not_exists(orderid)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            response: Any = error.response
            if not _is_same(response.get("Item", {}), order):
                self._in_flight = self._answer_lost = False
                raise DifferentItemError(order.orderid) from None
            if not self._answer_lost:
                self._pending = []
                self.tally.already_there += 1
                return
            # An earlier attempt wrote this item, and its answer was lost.
        self._pending = []
        self.tally.count_written(order)

    def _put_batch(self) -> None:
        answer = self._client.batch_write_item(
            RequestItems={
                self._table_name: [{"PutRequest": {"Item": to_item(order)}} for order in self._pending],
            },
        )
        unprocessed = {
            request["PutRequest"]["Item"]["orderid"]["S"]
            for requests in answer.get("UnprocessedItems", {}).values()
            for request in requests
        }
        sent, self._pending = self._pending, [order for order in self._pending if order.orderid in unprocessed]
        for order in sent:
            if order.orderid not in unprocessed:
                self.tally.count_written(order)


def _is_same(stored: Mapping[str, Any], order: Order) -> bool:
    # DynamoDB returns 349.00 as 349, so numbers are compared as numbers.
    try:
        return len(stored) == len(order) and order == (
            stored["orderid"]["S"],
            stored["product_name"]["S"],
            int(stored["quantity"]["N"]),
            Decimal(stored["price"]["N"]),
        )
    except (KeyError, ValueError):
        return False


def _may_have_been_taken(error: Exception) -> bool:
    # A proxy that refuses a request, such as with 403, has not passed it on.
    status = error_status(error)
    return status >= _SERVER_ERROR if status and status >= _REFUSED else isinstance(error, _UNANSWERED)


def _patience_seconds(error: Exception) -> float:
    if isinstance(error, ThrottledError):
        return THROTTLED_PATIENCE_SECONDS
    if isinstance(error, ClientError) and error_code(error) in _THROTTLED:
        return THROTTLED_PATIENCE_SECONDS
    if isinstance(error, _NETWORK) or _may_have_been_taken(error):
        return NETWORK_PATIENCE_SECONDS
    return 0


def _jittered_backoff_seconds(failures: int) -> float:
    longest_seconds = backoff_seconds(failures, FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
    return longest_seconds * random.uniform(0.5, 1)  # noqa: S311 - so that two writers do not retry at the same moments
