"""Begin as Lambda does, and answer one event: `python -m benchmarks.inside.cold_start PEER`; the event's JSON is stdin.

The runtime client is there before the function: its imports are nobody's. The answer says how long the handler's import
and its first answer took, and when that was on the clock that the calling process shares.
"""

import sys
import time

from awslambdaric import bootstrap  # noqa: F401 - what Lambda itself imports
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
