"""Carries requests through the gate: an ASGI application in front of MiniStack's."""

import logging
import math
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from ministack.core.iam_actions import access_denied_response  # type: ignore[import-untyped]
from ministack.core.responses import fix_error_content_type  # type: ignore[import-untyped]
from ministack.core.router import detect_service  # type: ignore[import-untyped]
from ministack.core.sigv4 import decode_header_value  # type: ignore[import-untyped]

from local_aws.gate import rules
from local_aws.gate.rules import Claim, Refusal, Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LOGGED_PATH_CHARACTERS = 100
# CloudFormation takes an answer of 4 KiB from the function of a custom resource.
UNSIGNED_BODY_BYTES_MAX = 4096

log = logging.getLogger("gate")


class Gate:
    """Passes on what the rules allow. Answers all else as the AWS service would, and logs one line without a key."""

    def __init__(self, app: App, secret_of: Callable[[str, str], str | Refusal]) -> None:
        self._app = app
        self._secret_of = secret_of

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = read(scope)
        if scope["type"] != "http":
            _log(request, rules.WEBSOCKET)
            await send({"type": "websocket.close", "code": 1008})
            return
        claim = rules.examine(request)
        secret = self._secret_of(claim.key_id, claim.token) if isinstance(claim, Claim) else claim
        if isinstance(secret, Refusal):
            await _refuse(request, secret, send)
        elif isinstance(claim, Claim) and secret is not None:
            messages = await _body(receive)
            body = b"".join(message.get("body", b"") for message in messages)
            if refusal := rules.verify(request, claim, secret, body, datetime.now(UTC)):
                await _refuse(request, refusal, send)
            else:
                await self._app(scope, _again(messages, receive), send)
        else:
            messages = await _body(receive, UNSIGNED_BODY_BYTES_MAX)
            if sum(map(_size, messages)) > UNSIGNED_BODY_BYTES_MAX:
                await _refuse(request, rules.TOO_LARGE, send)
            else:
                await self._app(scope, _again(messages, receive), send)


async def _body(receive: Receive, most_bytes: float = math.inf) -> list[Message]:
    """Return the messages with the body. All of it only for a known key, so that nobody else can fill the memory."""
    messages = [await receive()]
    size = _size(messages[0])
    while messages[-1].get("more_body") and size <= most_bytes:
        messages.append(await receive())
        size += _size(messages[-1])
    return messages


def _size(message: Message) -> int:
    return len(message.get("body", b""))


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a function that gives these messages again, and then those that follow."""
    left = iter(messages)

    async def receive_again() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return receive_again


def read(scope: Message) -> Request:
    """Return the request of an ASGI scope."""
    return Request(
        method=scope.get("method", "GET"),
        raw_path=scope["raw_path"].decode("ascii", "backslashreplace"),
        path=scope["path"],
        query=parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True),
        header_lines=[(name.decode("latin-1").lower(), decode_header_value(value)) for name, value in scope["headers"]],
    )


def _log(request: Request, refusal: Refusal) -> None:
    # The query and the headers can have a key in them.
    log.warning("refused %s %s: %s", request.method, request.raw_path[:LOGGED_PATH_CHARACTERS], refusal.text)


async def _refuse(request: Request, refusal: Refusal, send: Send) -> None:
    _log(request, refusal)
    service = detect_service(request.method, request.path, request.headers, request.query)
    if service == "unknown_query":  # the body, which was not read, names the action; the error's form is that of STS
        service = "sts"
    request_id = str(uuid.uuid4())
    status, headers, body = access_denied_response(
        service, "", "", request_id, error_code=refusal.code, message=refusal.text, headers=request.headers
    )
    fix_error_content_type(service, status, headers)
    headers |= {"Content-Length": str(len(body)), "x-amzn-requestid": request_id}
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
