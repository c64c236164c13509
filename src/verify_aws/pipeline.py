"""What a check gets: the deployed stack, what was written into it, and patience."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from common.clock import now_ms
from sales_pipeline import crawl
from sales_pipeline.aws.bucket import Bucket
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.stack import Stack
from verify_aws import messages

POLL_SECONDS = 0.5
POLL_SHARE = 0.05
POLL_SECONDS_MOST = 10.0
UPDATE_SECONDS = 300.0

Found = TypeVar("Found")


class NotShownError(Exception):
    """What AWS did is not the behaviour. The text says what was seen instead."""


def give_up_soon(stack: Stack) -> None:
    """Let the pipe give up after one attempt, and wait until it runs with that. The template's pipe tries for an hour.

    A pipe that is updated keeps its place in the table's stream. EventBridge takes the settings of a source as one unit
    (Amazon EventBridge Pipes API Reference, UpdatePipe), so all of them are sent again.
    """
    pipes: Any = stack.session.client("pipes")
    name = stack["PipeName"]
    pipe = pipes.describe_pipe(Name=name)
    source = dict(pipe["SourceParameters"])
    settings = dict(source["DynamoDBStreamParameters"]) | {"MaximumRetryAttempts": 0}
    del settings["StartingPosition"]  # it can't be changed
    source["DynamoDBStreamParameters"] = settings
    pipes.update_pipe(Name=name, RoleArn=pipe["RoleArn"], SourceParameters=source)
    deadline = time.monotonic() + UPDATE_SECONDS
    while (state := pipes.describe_pipe(Name=name)["CurrentState"]) != "RUNNING":
        if time.monotonic() > deadline:
            raise NotShownError(f"the pipe is {state} {UPDATE_SECONDS:.0f} s after a change of its settings")
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Place:
    """What differs between AWS and a stand-in for it."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the stack, besides those that give names."""
    beside: Callable[[Stack], AbstractContextManager[object]] = nullcontext
    """What has to run while there is a stack."""
    crawl: Callable[[Stack], None] = crawl.crawl
    give_up_soon: Callable[[Stack], None] = give_up_soon
    unanswerable: Mapping[str, str] = field(default_factory=dict)
    """Why a check can't be answered, by the behaviour's id. Such a check has no patience, and can't fail."""


@dataclass
class Pipeline:
    """The deployed stack. Ids of orders begin with `prefix`, which sorts behind all ids of the generator."""

    stack: Stack
    place: Place
    messages_url: str
    """Queue that gets the messages of the stack's topic."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Before the deploy."""
    written_ms: dict[str, int] = field(default_factory=dict)
    """When an order was first written, in milliseconds since 1970, by its id."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    """The stack's resources, as CloudFormation lists them."""
    patient: bool = True
    delete: Callable[[], None] = lambda: None
    """Deletes the stack."""
    updated: datetime | None = None
    """When a check had updated the stack."""
    _bodies: dict[str, bytes] = field(default_factory=dict)
    _messages: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prefix = f"verify-{int(self.started.timestamp()):x}-"

    def client(self, service: str) -> Any:  # noqa: ANN401 - .venv has no type stubs of most services
        return self.stack.session.client(service)  # type: ignore[call-overload]

    def wait(self, look: Callable[[], Found], seconds: float) -> Found:
        """Call `look` until it raises no NotShownError, for so long at most; return what it returns.

        The longer it waits, the less often it looks: the APIs of AWS take few calls per second.
        """
        begun = time.monotonic()
        deadline = begun + (seconds if self.patient else 0)
        while True:
            try:
                return look()
            except NotShownError as seen:
                if time.monotonic() >= deadline:
                    raise NotShownError(f"{seen} (after {seconds:.0f} s)" if self.patient else str(seen)) from None
            time.sleep(min(max(POLL_SECONDS, POLL_SHARE * (time.monotonic() - begun)), POLL_SECONDS_MOST))

    @property
    def delivery_seconds(self) -> float:
        """How long an order may take to S3."""
        return delivery_seconds(self.stack)

    def put(self, name: str, *, price: str | dict[str, str]) -> str:
        """Write an order under a name, with a price that is a number or an attribute of any type; return its id."""
        order_id = f"{self.prefix}{name}"
        item = {"orderid": {"S": order_id}, "product_name": {"S": self.product}, "quantity": {"N": "1"}}
        item["price"] = {"N": price} if isinstance(price, str) else price
        self.client("dynamodb").put_item(TableName=self.stack["TableName"], Item=item)
        self.written_ms.setdefault(order_id, now_ms())
        return order_id

    def remove(self, name: str) -> None:
        """Delete an order from the table."""
        key = {"orderid": {"S": f"{self.prefix}{name}"}}
        self.client("dynamodb").delete_item(TableName=self.stack["TableName"], Key=key)

    @property
    def product(self) -> str:
        """Product of all orders of this run, and of no other."""
        return f"Käse \U0001f9c0 {self.prefix}"

    def objects(self, folder: str = "sales_data/") -> dict[str, bytes]:
        """Return the objects of a folder by their keys. Each is read once, because nothing ever changes one."""
        bucket = Bucket.of(self.stack)
        keys = list(bucket.list(folder))
        for key in keys:
            if key not in self._bodies:
                self._bodies[key] = bucket.read(key) or b""
        return {key: self._bodies[key] for key in keys}

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages of the topic that have come until now."""
        self._messages += messages.take(self.stack.session, self.messages_url)
        return self._messages

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows in S3 of this run's orders, and the key of the object of each as `key`."""
        return [
            json.loads(line, parse_float=Decimal) | {"key": key}
            for key, body in self.objects().items()
            for line in body.splitlines()
            if self.prefix.encode() in line
        ]

    def rows_of(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of one order."""
        return [row for row in self.rows() if row["orderid"] == f"{self.prefix}{name}"]
