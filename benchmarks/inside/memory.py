"""Answers one event and returns the peak memory: `python -m benchmarks.inside.memory PEER`.

Standard input is the event's JSON. With `bare` as the peer the runtime only parses the event. The peak is VmHWM of
Linux, in KiB, because getrusage may return the peak of the process that started this one. Source: proc(5), VmHWM;
getrusage(2), ru_maxrss.
"""

import sys
from pathlib import Path

from awslambdaric import bootstrap  # noqa: F401 - Lambda imports it, too
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from benchmarks.inside import BARE, answer_with
from benchmarks.peers import handler_of


def measure() -> dict[str, int]:
    runtime = LambdaMarshaller()
    body = sys.stdin.buffer.read()
    peer = sys.argv[1]
    answer = b""
    if peer == BARE:
        runtime.unmarshal_request(body)
    else:
        handler = handler_of(peer)
        answer, _ = runtime.marshal_response(handler(runtime.unmarshal_request(body), None))
    return {"event_bytes": len(body), "answer_bytes": len(answer), "peak_kib": _peak_kib()}


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    answer_with(measure)
