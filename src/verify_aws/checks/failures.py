"""What fails, and replay."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from sales_pipeline.defaults import REPLAYS_MAX
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.messages import DeadLetter
from sales_pipeline.failures.outcomes import ReplayOutcome, ReplayTally
from sales_pipeline.failures.records import REFUSED_BY_TRANSFORM, ErrorRecord, Selection, read_error_object
from sales_pipeline.failures.replay import Replay
from sales_pipeline.orders.change import change_of
from verify_aws import orders
from verify_aws.checks.shapes import records
from verify_aws.pipeline import NotShownError, Pipeline

FUNCTION_ERROR = "Lambda.FunctionError"
UPDATE_SECONDS = 120.0
RETRIES_SECONDS = 240.0
LETTER_SECONDS = 600.0
LONG = "long-" + "x" * 300
"""Name of an order whose id has more characters than a partition key of Kinesis may have."""


def refused_record(pipeline: Pipeline) -> str:
    order_id = f"{pipeline.prefix}{orders.REFUSED}"
    key, record = pipeline.wait(lambda: _error_of(pipeline, order_id), 2 * pipeline.delivery_seconds)
    members = {name: type(value).__name__ for name, value in json.loads(record.line).items()}
    seen = f"{key}: {record.reason}; {', '.join(f'{name} ({kind})' for name, kind in sorted(members.items()))}"
    if not key.startswith("errors/processing-failed/dt=") or record.error != REFUSED_BY_TRANSFORM:
        raise NotShownError(seen)
    if None in {record.attempts, record.oldest_ms, record.attempted_ms}:
        raise NotShownError(f"a number is missing: {seen}")
    if record.data not in {each["Data"] for each in records(pipeline)}:
        raise NotShownError(f"the record is not as it was in the Kinesis stream: {seen}")
    return seen


def corrected_order(pipeline: Pipeline) -> str:
    pipeline.put(orders.REFUSED, price="7.25")
    pipeline.wait(lambda: _price_is(pipeline, orders.REFUSED, "7.25"), 2 * pipeline.delivery_seconds)
    tally = _replay(pipeline)
    set_aside = sum(count for (outcome, _), count in tally.changes.items() if outcome is ReplayOutcome.SET_ASIDE)
    if not set_aside:
        raise NotShownError(f"the replay did {_outcomes(tally)}")
    return _outcomes(tally)


def function_error(pipeline: Pipeline) -> str:
    """Let the function fail by a handler that does not exist, until its batch is in errors/."""
    with _broken_function(pipeline):
        order_id = pipeline.put("function-error", price="8.5")
        seconds = pipeline.delivery_seconds + RETRIES_SECONDS
        key, record = pipeline.wait(lambda: _error_of(pipeline, order_id), seconds)
    if record.error != FUNCTION_ERROR:
        raise NotShownError(f"{key}: {record.reason}")
    tally = _replay(pipeline)
    pipeline.wait(lambda: _price_is(pipeline, "function-error", "8.5"), 2 * pipeline.delivery_seconds)
    return f"{record.reason}, after {record.attempts} attempts; {_outcomes(tally)}"


def dead_letter(pipeline: Pipeline) -> str:
    pipeline.place.give_up_soon(pipeline.stack)
    pipeline.put(LONG, price="9.5")

    def look() -> DeadLetter:
        letters = dead_letters.list_all(pipeline.stack).letters
        for each in letters:
            if each.range:
                return each
        raise NotShownError(f"the queue has {len(letters)} messages: {', '.join(each.reason for each in letters)}")

    letter = pipeline.wait(look, LETTER_SECONDS)
    form = _form(pipeline)
    tally = _replay(pipeline)
    pipeline.wait(lambda: _price_is(pipeline, LONG, "9.5"), 2 * pipeline.delivery_seconds)
    return f"{letter.reason}, {letter.changes} changes; {_outcomes(tally)}; the message was {form}"


def _form(pipeline: Pipeline) -> str:
    """Return the members of a message of the queue, and the types of their values; the message stays."""
    url = pipeline.stack["PipeDeadLetterQueueUrl"]
    found = pipeline.client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages", [])
    return json.dumps([_types(json.loads(each["Body"])) for each in found])


def _types(value: Any) -> Any:  # noqa: ANN401 - whatever a message holds
    if isinstance(value, dict):
        return {name: _types(each) for name, each in value.items()}
    return type(value).__name__


def _error_of(pipeline: Pipeline, order_id: str) -> tuple[str, ErrorRecord]:
    """Return the newest error record of an order, and the key of its object."""
    objects = pipeline.objects("errors/")
    for key in sorted(objects, reverse=True):
        for record in read_error_object(objects[key]):
            change = change_of(record.data) if record.data is not None else None
            if change and change.order_id == order_id:
                return key, record
    raise NotShownError(f"none of {len(objects)} objects in errors/ has the order {order_id}")


def _price_is(pipeline: Pipeline, name: str, price: str) -> None:
    prices = [row["price"] for row in pipeline.rows_of(name)]
    if Decimal(price) not in prices:
        raise NotShownError(f"the rows of {name[:20]} have the prices {prices}")


def _replay(pipeline: Pipeline) -> ReplayTally:
    return Replay(pipeline.stack, Selection(), send=True, replays_max=REPLAYS_MAX, discard_trimmed=False).run()


def _outcomes(tally: ReplayTally) -> str:
    return ", ".join(f"{count} {outcome.value}" for (outcome, _), count in tally.changes.items()) or "nothing"


@contextmanager
def _broken_function(pipeline: Pipeline) -> Iterator[None]:
    name = pipeline.stack["TransformFunctionName"]
    handler = pipeline.client("lambda").get_function_configuration(FunctionName=name)["Handler"]
    try:
        _set_handler(pipeline, "transform.app.no_such_function")
        yield
    finally:
        _set_handler(pipeline, handler)


def _set_handler(pipeline: Pipeline, handler: str) -> None:
    function, name = pipeline.client("lambda"), pipeline.stack["TransformFunctionName"]

    def look() -> None:
        found = function.get_function_configuration(FunctionName=name)
        if found.get("LastUpdateStatus", "Successful") == "InProgress":
            raise NotShownError("the update of the function is in progress")

    pipeline.wait(look, UPDATE_SECONDS)  # Lambda refuses a change during another one
    function.update_function_configuration(FunctionName=name, Handler=handler)
    pipeline.wait(look, UPDATE_SECONDS)
