"""Starts a function as Lambda does, and lets it write the orders of one minute.

`python -m benchmarks.inside.generator PEER TABLE TIME`. TIME is the scheduled time. It is in the past, so all orders
are due at once. The environment names the endpoint and has its keys, as in Lambda. The peers are `ours`, `boto3` (the
smallest function that writes as many orders) and `bare` (writes nothing). The
result is as in `benchmarks.inside.cold_start`, with the peak memory.
"""

import os
import sys
import time
from collections.abc import Callable

from awslambdaric import bootstrap  # noqa: F401 - Lambda imports it, too

from benchmarks.inside import answer_with

OURS, BOTO3 = "ours", "boto3"
ORDERS = 20

Handler = Callable[[dict[str, str], object], object]


def handler_of(peer: str) -> Handler:
    """Import a peer and return its handler."""
    if peer == OURS:
        from generator.app import handler  # noqa: PLC0415 - the import is measured

        return handler
    if peer == BOTO3:
        import boto3  # noqa: PLC0415 - the import is measured

        def write(event: dict[str, str], _context: object) -> None:
            client = boto3.client("dynamodb")
            for number in range(ORDERS):
                item = {"orderid": {"S": f"{event['scheduled_time']}-{number}"}, "quantity": {"N": "1"}}
                client.put_item(TableName=os.environ["TABLE_NAME"], Item=item)

        return write
    return lambda _event, _context: None


def measure() -> dict[str, float]:
    peer, os.environ["TABLE_NAME"], scheduled_time = sys.argv[1:]
    begun = time.perf_counter()
    handler = handler_of(peer)
    imported = time.perf_counter()
    handler({"scheduled_time": scheduled_time}, None)
    answered = time.perf_counter()
    from benchmarks.processes import this_process  # noqa: PLC0415 - earlier, it would import modules for the handlers

    return {
        "import_seconds": imported - begun,
        "answer_seconds": answered - imported,
        "answered_at": answered,
        "peak_mib": this_process().peak_mib(),
    }


if __name__ == "__main__":
    answer_with(measure)
