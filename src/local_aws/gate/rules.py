"""Decides which requests may reach the emulator. Pure: it knows no network, no clock and no MiniStack state.

A request has to say who signs it (`examine`), and that has to be true (`verify`). Where several readers of one request
could find different keys in it, it is refused.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from ministack.core.sigv4 import (  # type: ignore[import-untyped]
    HeaderSignature,
    header_signature_failure,
    parse_header_signature,
    parse_query_signature,
    request_time_failure,
)

HEALTH = "/_ministack/health"
_HOST = re.compile(r"127\.0\.0\.1(:[0-9]{1,5})?")
# The function of a custom resource answers CloudFormation here, without a signature. On AWS the URL is presigned. Here
# it has a random id, and MiniStack ignores all others.
_CUSTOM_RESOURCE_ANSWER = re.compile(r"/_ministack/cfn-response/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CREDENTIAL = r"[0-9A-Za-z]{1,128}/[0-9]{8}/[0-9A-Za-z-]+/[0-9A-Za-z-]+/aws4_request"
_AUTHORIZATION = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={_CREDENTIAL}, ?SignedHeaders=[0-9a-z;._-]+, ?Signature=[0-9a-f]{{64}}"
)
_PRESIGNED = {
    "X-Amz-Algorithm": re.compile("AWS4-HMAC-SHA256"),
    "X-Amz-Credential": re.compile(_CREDENTIAL),
    "X-Amz-Date": re.compile("[0-9]{8}T[0-9]{6}Z"),
    "X-Amz-Expires": re.compile("[0-9]{1,6}"),  # in seconds, at most a week
    "X-Amz-SignedHeaders": re.compile("[0-9a-z;._-]+"),
    "X-Amz-Signature": re.compile("[0-9a-f]{64}"),
}
_TOKEN = "X-Amz-Security-Token"  # noqa: S105 - the name of a header, and of a parameter of a query
# MiniStack takes a key from any of them, in lower case too. The last is that of signature version 2.
_QUERY_NAMES = {name.lower() for name in (*_PRESIGNED, _TOKEN, "AWSAccessKeyId")}
_SHA256 = re.compile("[0-9a-f]{64}")
_CLOCKS_DIFFER = timedelta(minutes=15)


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused. Neither the code, which is MiniStack's name for it, nor the text has a key in it."""

    code: str
    text: str


UNSIGNED = Refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
UNKNOWN_KEY = Refusal(
    "UnrecognizedClientException",
    "The security token included in the request is invalid. The emulator takes the access key of its own run, and keys "
    "that its IAM or STS gave out.",
)
UNSUPPORTED = Refusal(
    "UnsupportedSignature",
    "The emulator takes one signature per request, of version 4 with HMAC-SHA256, in the header or in the query.",
)
PARTLY_SIGNED = Refusal("UnsupportedSignature", "The signature must cover the header Host and each header X-Amz-*.")
FROM_A_PAGE = Refusal("AccessDenied", "The emulator takes no requests of web pages.")
FOREIGN_HOST = Refusal("AccessDenied", "The emulator answers only where the header Host names 127.0.0.1, once.")
NOT_OPEN = Refusal("AccessDenied", "The emulator does not open this path.")
TOO_LARGE = Refusal("AccessDenied", "The emulator takes only a small body without a signature.")
WEBSOCKET = Refusal("AccessDenied", "The emulator opens no WebSocket.")
EXPIRED = ("RequestExpired", "Request has expired")
OTHER_BODY = Refusal("XAmzContentSHA256Mismatch", "The body is not the one that x-amz-content-sha256 names.")


@dataclass(frozen=True)
class Request:
    """A request without its body, as it was sent. Header names are in lower case. Only `path` is decoded."""

    method: str
    raw_path: str
    path: str
    query: dict[str, list[str]]
    header_lines: Sequence[tuple[str, str]]

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers by name; lines of one name are joined as signature version 4 says."""
        joined: dict[str, str] = {}
        for name, value in self.header_lines:
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        return joined

    def lines(self, name: str) -> list[str]:
        return [value for each, value in self.header_lines if each == name]


@dataclass(frozen=True)
class Claim:
    """The signature of a request, and the session token that goes with its key (or ""), both not checked yet."""

    signature: HeaderSignature
    token: str
    is_presigned: bool

    @property
    def key_id(self) -> str:
        return str(self.signature.access_key_id)


def examine(request: Request) -> Claim | Refusal | None:
    """Return who signed the request, as it says; None if it needs no signature; or why it is refused."""
    # A browser sends Origin with each request that can change something, and Sec-Fetch-Site with all. `none` is a
    # person who opens a link, a presigned URL for example.
    if request.lines("origin") or any(site != "none" for site in request.lines("sec-fetch-site")):
        return FROM_A_PAGE
    # A page can let the name of its own host point to this machine. Then the browser sends that name.
    hosts = request.lines("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return FOREIGN_HOST
    if request.method == "GET" and request.path == HEALTH:
        return None
    if request.method == "PUT" and _CUSTOM_RESOURCE_ANSWER.fullmatch(request.path):
        return None
    # No path of AWS' own begins with an underscore. MiniStack puts its admin routes and invocations without IAM there.
    if not request.raw_path.startswith("/") or request.path.startswith("/_"):
        return NOT_OPEN
    return _claim(request)


def _claim(request: Request) -> Claim | Refusal:
    in_header = request.lines("authorization")
    in_query = {name for name in request.query if name.lower() in _QUERY_NAMES}
    if not in_header and not in_query:
        return UNSIGNED
    is_whole = _is_presigned(request.query, in_query) if in_query else _AUTHORIZATION.fullmatch(in_header[0])
    if not is_whole or len(in_header) + bool(in_query) > 1:
        return UNSUPPORTED
    if in_query:
        signature, token = parse_query_signature(request.query), request.query.get(_TOKEN, [""])[0]
    else:
        signature, token = parse_header_signature(request.headers), request.headers.get(_TOKEN.lower(), "")
    if not isinstance(signature, HeaderSignature):
        return UNSUPPORTED  # it has no date
    signed = signature.signed_headers.split(";")
    if "host" not in signed or any(name.startswith("x-amz-") and name not in signed for name in request.headers):
        return PARTLY_SIGNED
    return Claim(signature, token, is_presigned=bool(in_query))


def _is_presigned(query: Mapping[str, list[str]], names: AbstractSet[str]) -> bool:
    """Say whether a query has all that a signature needs, once and in its form, and nothing else that names a key."""
    return names - {_TOKEN} == _PRESIGNED.keys() and all(
        len(query[name]) == 1 and form.fullmatch(query[name][0]) for name, form in _PRESIGNED.items()
    )


def verify(request: Request, claim: Claim, secret: str, body: bytes, now: datetime) -> Refusal | None:
    """Return why the signature is wrong or too old, or None. `secret` is the secret access key of the claimed key."""
    failure = (
        _untimely_url(request, claim, now) if claim.is_presigned else request_time_failure(claim.signature, now=now)
    )
    if failure:
        return Refusal(*failure)
    promised = request.headers.get("x-amz-content-sha256", "")
    if _SHA256.fullmatch(promised) and promised != hashlib.sha256(body).hexdigest():
        return OTHER_BODY
    failure = header_signature_failure(
        claim.signature,
        secret,
        request.method,
        request.raw_path,
        request.query,
        request.headers,
        body,
        presigned=claim.is_presigned,
    )
    return Refusal(*failure) if failure else None


def _untimely_url(request: Request, claim: Claim, now: datetime) -> tuple[str, str] | None:
    try:
        signed_at = datetime.strptime(claim.signature.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # there is no such day
        return EXPIRED
    ends_at = signed_at + timedelta(seconds=int(request.query["X-Amz-Expires"][0]))
    return None if signed_at - _CLOCKS_DIFFER <= now <= ends_at else EXPIRED
