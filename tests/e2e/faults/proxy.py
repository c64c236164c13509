"""A proxy on loopback between the stand-ins and the emulator. Tests choose calls to hold, change, refuse or answer.

The proxy forwards all other calls unchanged, with their signatures. Tests call the emulator directly.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 30
_HOP_BY_HOP = {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Request:
    """A call of AWS' API. `operation` names it as IAM does, but with the API's own service: `Kinesis.PutRecords`."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def operation(self) -> str:
        headers = {name.lower(): value for name, value in self.headers}
        if target := headers.get("x-amz-target"):
            service, _, operation = target.partition(".")
            return f"{service.partition('_')[0]}.{operation}"
        if self.path.endswith("/invocations"):
            return "Lambda.Invoke"
        if "/s3/" in headers.get("authorization", ""):
            is_list = "list-type=2" in self.path
            return f"S3.{'ListObjectsV2' if is_list else self.method.title() + 'Object'}"
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """The answer to a call."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=list)


# An act handles a call. It gets the request and a function that forwards it. If it returns None, the proxy closes the
# connection without an answer.
Act = Callable[[Request, Callable[[], Answer]], Answer | None]


@dataclass
class Rule:
    """`act` handles the next `times` calls of an operation with `part` in their path; `met` keeps those calls."""

    operation: str
    act: Act
    times: float
    part: str
    met: list[Request] = field(default_factory=list)

    def wants(self, request: Request) -> bool:
        return self.operation == request.operation and self.part in request.path and len(self.met) < self.times


class Held:
    """A call that waits at the proxy until it is released."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._arrived, self._released = threading.Event(), threading.Event()

    def act(self, _: Request, forward: Callable[[], Answer]) -> Answer:
        self._arrived.set()
        self._released.wait(PATIENCE_SECONDS)
        return forward()

    def wait(self) -> None:
        """Wait until the call has arrived."""
        assert self._arrived.wait(PATIENCE_SECONDS), f"no {self._operation} in {PATIENCE_SECONDS} s"

    def release(self) -> None:
        self._released.set()


class Proxy(ThreadingHTTPServer):
    """Handles calls by the first rule that matches; forwards all others to `target_url`."""

    daemon_threads = True

    def __init__(self, target_url: str) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.url = f"http://{LOOPBACK}:{self.server_address[1]}"
        self._target = urlsplit(target_url)
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @contextmanager
    def meet(self, operation: str, act: Act, times: float = float("inf"), part: str = "") -> Iterator[Rule]:
        """Let `act` handle the next `times` calls of an operation with `part` in their path."""
        rule = Rule(operation, act, times, part)
        with self._lock:
            self._rules.append(rule)
        try:
            yield rule
        finally:
            with self._lock:
                self._rules.remove(rule)

    @contextmanager
    def watch(self, operation: str) -> Iterator[Rule]:
        """Forward the calls of an operation, and keep them in the rule."""
        with self.meet(operation, lambda _, forward: forward()) as rule:
            yield rule

    @contextmanager
    def hold(self, operation: str) -> Iterator[Held]:
        """Hold the next call of an operation before the emulator gets it; release it at the end, or before."""
        held = Held(operation)
        with self.meet(operation, held.act, times=1):
            try:
                yield held
            finally:
                held.release()

    def answer(self, request: Request) -> Answer | None:
        """Handle a call by the first rule that matches it, or forward it."""
        with self._lock:
            rule = next((each for each in self._rules if each.wants(request)), None)
            if rule:
                rule.met.append(request)
        return rule.act(request, lambda: self._forward(request)) if rule else self._forward(request)

    def _forward(self, request: Request) -> Answer:
        connection = HTTPConnection(self._target.hostname, self._target.port, timeout=PATIENCE_SECONDS)
        try:
            connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            response = connection.getresponse()
            return Answer(response.status, response.read(), _end_to_end(response.getheaders()))
        finally:
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors of the proxy, but not that a caller was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.answer(Request(self.command, self.path, _end_to_end(self.headers.items()), body))
        self.close_connection = answer is None or self.close_connection
        if answer is None:
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = do_any  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


def _end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def json_answer(body: object, status: int = 200) -> Answer:
    """Return an answer in the form of the services with a JSON protocol."""
    return Answer(
        status,
        json.dumps(body).encode(),
        [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", "a-request")],
    )


def refuse(code: str, status: int = 400) -> Act:
    """Return an act that answers with an error, and forwards nothing."""
    return lambda *_: json_answer({"__type": code, "message": "a fault of a test"}, status)
