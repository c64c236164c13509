"""The gate passes a request on as it came, answers what it refuses in the service's form, and logs no key."""

import asyncio
import json
import logging

import pytest

from local_aws.gate.asgi import Gate
from local_aws.gate.rules import UNKNOWN_KEY
from tests.unit.local_aws.gate.signed import KEY_ID, SECRET, presigned, request, signed


def scope(sent, kind="http"):
    query = "&".join(f"{name}={value}" for name, values in sent.query.items() for value in values)
    return {
        "type": kind,
        "method": sent.method,
        "raw_path": sent.raw_path.encode(),
        "path": sent.path,
        "query_string": query.replace("/", "%2F").encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.header_lines],
    }


class Visit:
    """One request: what the application behind the gate reads of it, and what the client gets."""

    def __init__(self, sent, *messages, kind="http"):
        self.left = list(messages)
        self.seen = []
        self.answers = []
        gate = Gate(self.app, lambda key_id, _token: SECRET if key_id == KEY_ID else UNKNOWN_KEY)
        asyncio.run(gate(scope(sent, kind), self.receive, self.send))

    async def app(self, _scope, receive, send):
        while not self.seen or self.seen[-1].get("more_body"):
            self.seen.append(await receive())
        await send({"type": "passed"})

    async def receive(self):
        return self.left.pop(0)

    async def send(self, message):
        self.answers.append(message)

    @property
    def passed(self):
        return self.answers == [{"type": "passed"}]


def part(body, more_body=False):  # noqa: FBT002 - ASGI's own name
    return {"type": "http.request", "body": body, "more_body": more_body}


@pytest.mark.parametrize("size", [4096, 4097])
def test_a_body_without_a_signature_passes_only_if_it_is_small(size):
    answer = request("PUT", "/_ministack/cfn-response/00000000-0000-0000-0000-000000000000")
    visit = Visit(answer, part(b"x" * 4096, more_body=True), part(b"x" * (size - 4096), more_body=size > 4096))
    assert visit.passed is (size == 4096)
    if not visit.passed:
        assert visit.seen == []
        assert visit.answers[0]["status"] == 403


def test_a_body_in_parts_passes_unchanged():
    parts = [part(b"{", more_body=True), part(b"", more_body=True), part(b"}")]
    visit = Visit(signed(body=b"{}"), *parts)
    assert visit.passed
    assert visit.seen == parts


def test_the_health_check_passes_without_a_look_at_the_body():
    visit = Visit(request("GET", "/_ministack/health"), part(b""))
    assert visit.passed
    assert visit.seen == [part(b"")]


@pytest.mark.parametrize("key_id", ["test", "000000000000", "AKIAXXXXXXXXXXXXXXXX"])
def test_the_body_of_an_unknown_key_is_not_read(key_id):
    visit = Visit(signed(key=(key_id, SECRET)), part(b"much", more_body=True))
    assert visit.left
    assert not visit.seen


def test_a_request_that_breaks_off_does_not_pass():
    visit = Visit(signed(body=b"{}"), part(b"{", more_body=True), {"type": "http.disconnect"})
    assert not visit.seen


def test_a_refusal_has_the_form_of_the_service():
    start, body = Visit(signed(key=("test", SECRET))).answers
    assert start["status"] == 400  # DynamoDB's
    assert json.loads(body["body"])["__type"] == "UnrecognizedClientException"

    start, body = Visit(request("GET", "/bucket/key")).answers
    assert start["status"] == 403
    assert b"<Code>AccessDenied</Code>" in body["body"]

    form = ("Content-Type", "application/x-www-form-urlencoded")
    start, body = Visit(request("POST", "/", form)).answers
    assert start["status"] == 403
    assert b"<ErrorResponse" in body["body"]
    assert b"<Code>MissingAuthenticationToken</Code>" in body["body"]


def test_no_answer_lets_a_page_read_it():
    start, _ = Visit(request("OPTIONS", "/", ("Origin", "http://evil.example"))).answers
    assert not [name for name, _ in start["headers"] if name.startswith(b"access-control")]


def test_a_websocket_is_refused():
    visit = Visit(request("GET", "/_aws/execute-api/id/stage"), kind="websocket")
    assert visit.answers == [{"type": "websocket.close", "code": 1008}]


def test_a_refusal_is_one_line_without_a_key(caplog):
    with caplog.at_level(logging.WARNING):
        Visit(presigned("GET", "/bucket/a%0Ab", ("Authorization", f"AWS {KEY_ID}:x")))
        Visit(signed(key=("test", SECRET)))
    unsupported, unknown = caplog.messages
    assert unsupported.startswith("refused GET /bucket/a%0Ab: The emulator takes one signature per request")
    assert unknown.startswith("refused POST /: The security token included in the request is invalid.")
    assert KEY_ID not in caplog.text
    assert "\n" not in unsupported + unknown
