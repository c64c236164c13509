"""Requests as botocore signs them, for the rules of the gate."""

from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_aws.gate.rules import Request

HOST = "127.0.0.1:4566"
KEY_ID, SECRET = "LOCAL0123456789ABCDEF0123456789ABCDEF", "a secret"
LIST_TABLES = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}


def request(method="POST", target="/", *lines, host=HOST):
    path, _, query = target.partition("?")
    return Request(
        method,
        path,
        unquote(path),
        parse_qs(query, keep_blank_values=True),
        [*([("host", host)] if host is not None else []), *((name.lower(), value) for name, value in lines)],
    )


def signed(method="POST", target="/", *, body=b"", host=HOST, key=(KEY_ID, SECRET), **headers):
    """Return a request signed in its headers."""
    unsigned = AWSRequest(method, f"http://{HOST}{target}", {"Host": host} | (headers or LIST_TABLES), body)
    SigV4Auth(Credentials(*key), "dynamodb", "us-east-1").add_auth(unsigned)
    return request(method, target, *unsigned.headers.items(), host=None)


def presigned(method="GET", target="/bucket/key", *lines, key_id=KEY_ID, seconds=60):
    """Return a request signed in its query."""
    unsigned = AWSRequest(method, f"http://{HOST}{target}")
    SigV4QueryAuth(Credentials(key_id, SECRET), "dynamodb", "us-east-1", seconds).add_auth(unsigned)
    parts = urlsplit(unsigned.url)
    return request(method, f"{parts.path}?{parts.query}", *lines)
