"""Starts a handler as Lambda does, and answers one event: `python -m benchmarks.inside.cold_start PEER`.

Standard input is the event's JSON. The runtime client is imported first, so its imports do not count for a handler. The
result has the seconds of the handler's import and of its first answer, and the time of the answer on the clock that the
calling process uses too.
"""

import sys
import time

from awslambdaric import bootstrap  # noqa: F401 - Lambda imports it, too
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from benchmarks.inside import answer_with
from benchmarks.peers import handler_of


def measure() -> dict[str, float]:
    runtime = LambdaMarshaller()
    body = sys.stdin.buffer.read()
    begun = time.perf_counter()
    handler = handler_of(sys.argv[1])
    imported = time.perf_counter()
    runtime.marshal_response(handler(runtime.unmarshal_request(body), None))
    answered = time.perf_counter()
    return {"import_seconds": imported - begun, "answer_seconds": answered - imported, "answered_at": answered}


if __name__ == "__main__":
    answer_with(measure)
