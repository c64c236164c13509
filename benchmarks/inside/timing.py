"""Times handlers in turns, round after round: `python -m benchmarks.inside.timing SECONDS ROUNDS_MIN`.

Standard input is JSON: the peers, the ways, the sizes of the batches, and the path of each stream, a file of
`benchmarks.batches.write_stream`. The result is a list with one case for each stream, size and way. A case has the
seconds of every peer and round. In the way `handler` only the handler is timed, in the way `invocation` also the
runtime client's JSON.

Each round gets the stream's next records, in new objects, as on Lambda: what a handler keeps of one batch helps it with
a later one only as far as their orders are alike. Each round begins with another peer, so that the same peer does not
always run after the slowest one. The garbage collector runs, as on Lambda. The seconds are CPU time: a handler waits
for nothing, and so other programs on the machine do not count.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from benchmarks import interleaved
from benchmarks.inside import INVOCATION, answer_with
from benchmarks.peers import FLOOR, Handler, handler_of
from benchmarks.rows import require_equal_rows

WARM_UP_ROUNDS = 3
COMPARED = 500
"""Records per batch when the rows are compared."""

runtime = LambdaMarshaller()


class Stream:
    """The records of a stream, and the batch of the current round: as JSON, and as the runtime parses it."""

    def __init__(self, path: str) -> None:
        self._head, *self._records = Path(path).read_bytes().splitlines()
        self.body = b""
        self.event: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._records)

    def take(self, number: int, records: int) -> None:
        """Make the batch of a round. After the stream's last record comes its first."""
        first = number * records % len(self)
        self.body = self._head + b",".join(self._records[first : first + records]) + b"]}"
        self.event = json.loads(self.body)


def measure() -> list[dict[str, Any]]:
    seconds, rounds_min = float(sys.argv[1]), int(sys.argv[2])
    question = json.load(sys.stdin)
    handlers = {peer: handler_of(peer) for peer in question["peers"]}
    cases = []
    for path in question["streams"]:
        stream = Stream(path)
        _require_equal_rows(handlers, stream)
        for records in question["sizes"]:
            for way in question["ways"]:
                calls = {peer: _call(handler, stream, way) for peer, handler in handlers.items()}
                taken = _timed(calls, stream, records, seconds, rounds_min)
                cases.append({"stream": path, "records": records, "way": way, "seconds": taken})
    return cases


def _require_equal_rows(handlers: dict[str, Handler], stream: Stream) -> None:
    answering = {peer: handler for peer, handler in handlers.items() if peer != FLOOR}
    for number in range(len(stream) // COMPARED or 1):
        stream.take(number, COMPARED)
        require_equal_rows({peer: handler(stream.event, None) for peer, handler in answering.items()})


def _timed(
    calls: dict[str, Callable[[], object]], stream: Stream, records: int, seconds: float, rounds_min: int
) -> dict[str, list[float]]:
    end = time.perf_counter() + seconds
    return interleaved.seconds(
        calls,
        lambda rounds: rounds < rounds_min or time.perf_counter() < end,
        clock=time.thread_time,
        warm_up_rounds=WARM_UP_ROUNDS,
        prepare=lambda number: stream.take(number, records),
    )


def _call(handler: Handler, stream: Stream, way: str) -> Callable[[], object]:
    if way == INVOCATION:
        return lambda: runtime.marshal_response(handler(runtime.unmarshal_request(stream.body), None))
    return lambda: handler(stream.event, None)


if __name__ == "__main__":
    answer_with(measure)
