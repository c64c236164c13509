"""Times handlers in turns, round after round: `python -m benchmarks.inside.timing SECONDS ROUNDS_MIN`.

Standard input is JSON: the peers, whether the runtime client's JSON is timed too, and the batches by name. The result
has the seconds of every peer, batch and round. Each round begins with another peer, so that the same peer does not
always run after the slowest one. The garbage collector runs, as on Lambda. The seconds are CPU time: a handler waits
for nothing, and so other programs on the machine do not count.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from benchmarks import interleaved
from benchmarks.inside import answer_with
from benchmarks.peers import FLOOR, Handler, handler_of
from benchmarks.rows import require_equal_rows

WARM_UP_ROUNDS = 3

Call = Callable[[], object]


def measure() -> dict[str, dict[str, list[float]]]:
    seconds, rounds_min = float(sys.argv[1]), int(sys.argv[2])
    question = json.load(sys.stdin)
    handlers = {peer: handler_of(peer) for peer in question["peers"]}
    answer = {}
    for name, event in question["batches"].items():
        require_equal_rows({peer: handler(event, None) for peer, handler in handlers.items() if peer != FLOOR})
        calls = {peer: _call(handler, event, whole=question["whole"]) for peer, handler in handlers.items()}
        answer[name] = _timed(calls, seconds, rounds_min)
    return answer


def _timed(calls: dict[str, Call], seconds: float, rounds_min: int) -> dict[str, list[float]]:
    end = time.perf_counter() + seconds
    return interleaved.seconds(
        calls,
        lambda rounds: rounds < rounds_min or time.perf_counter() < end,
        clock=time.thread_time,
        warm_up_rounds=WARM_UP_ROUNDS,
    )


def _call(handler: Handler, event: dict[str, Any], *, whole: bool) -> Call:
    if not whole:
        return lambda: handler(event, None)
    runtime = LambdaMarshaller()
    body = json.dumps(event, separators=(",", ":")).encode()
    return lambda: runtime.marshal_response(handler(runtime.unmarshal_request(body), None))


if __name__ == "__main__":
    answer_with(measure)
