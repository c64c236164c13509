"""Reads the DynamoDB table within a bound on its read capacity."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sales_pipeline.aws import parallel
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.pace import Pace
from sales_pipeline.aws.retry import PATIENT_CLIENT, waits
from sales_pipeline.aws.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GET_KEYS = 100
"""Keys in one call: DynamoDB API reference, BatchGetItem."""
SEGMENTS = 4

Item = dict[str, Any]
"""Attributes by name, each as boto3's low-level client has it: `{"price": {"N": "349.99"}}`."""
Read = TypeVar("Read")


class Table:
    """The stack's table. Its reads consume fewer read capacity units per second than this, on average."""

    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self._dynamodb: DynamoDBClient = stack.session.client("dynamodb", config=PATIENT_CLIENT)
        self._name = stack["TableName"]
        self._keys = Keys(stack.key)
        self._units_per_second = units_per_second
        self._pace = Pace(units_per_second)

    def scan(self, read: Callable[[Item], Read], attributes: Sequence[str]) -> Iterator[list[Read]]:
        """Yield `read` of every item, a page at a time and in no order. Threads call `read`, one for each segment.

        The items have these attributes only; without `attributes` they are whole. The reads are eventually consistent:
        an item can be a second old.
        """

        def segment(number: int) -> Iterator[list[Read]]:
            pace = Pace(self._units_per_second / SEGMENTS)
            pages = self._dynamodb.get_paginator("scan").paginate(
                TableName=self._name,
                Segment=number,
                TotalSegments=SEGMENTS,
                ReturnConsumedCapacity="TOTAL",
                **_projection(attributes),
            )
            for page in pages:
                yield [read(item) for item in page["Items"]]
                pace.pay(_units(page.get("ConsumedCapacity")))

        return parallel.batches(segment, range(SEGMENTS), SEGMENTS)

    def items(self, order_ids: Iterable[str], attributes: Sequence[str] = ()) -> dict[str, Item]:
        """Return up to GET_KEYS orders by id as they are now, without those that the table does not hold.

        Without `attributes` the items are whole; otherwise these must name the key too. Raises RetryError.
        """
        found: dict[str, Item] = {}
        left: list[Any] = [self._keys.of(each) for each in order_ids if self._keys.can_be(each)]
        if not left:
            return found
        for wait_seconds in waits(f"Table {self._name} does not answer"):
            request: Any = {self._name: {"Keys": left, "ConsistentRead": True, **_projection(attributes)}}
            answer = self._dynamodb.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL")
            found |= {self._keys.id_of(item): item for item in answer["Responses"].get(self._name, [])}
            self._pace.pay(_units(next(iter(answer.get("ConsumedCapacity", [])), None)))
            left = list(answer["UnprocessedKeys"][self._name]["Keys"]) if answer.get("UnprocessedKeys") else []
            if not left:
                break
            time.sleep(wait_seconds)
        return found

    def pages(self, page_items: int) -> Iterator[list[Item]]:
        """Yield all items whole, up to so many at a time, each as it is when its page is read."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._name,
            ConsistentRead=True,
            ReturnConsumedCapacity="TOTAL",
            PaginationConfig={"PageSize": page_items},
        )
        for page in pages:
            yield page["Items"]
            self._pace.pay(_units(page.get("ConsumedCapacity")))


def _projection(attributes: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that ask for these attributes alone; names can be words that DynamoDB reserves."""
    if not attributes:
        return {}
    names = {f"#{number}": attribute for number, attribute in enumerate(attributes)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _units(consumed: Any) -> float:  # noqa: ANN401 - ConsumedCapacity of one table, None where the answer has none
    return float(consumed["CapacityUnits"]) if consumed else 0.0
