"""Says where a stack is."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from sales_pipeline.aws.stack import Stack


def is_here(endpoint_url: str) -> bool:
    """Say whether an endpoint is on this machine."""
    host = urlsplit(endpoint_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_local(stack: Stack, service: str) -> bool:
    """Say whether a stack is on this machine. `service` is one that its clients ask."""
    return is_here(_endpoint_url(stack, service))


def place(stack: Stack, service: str) -> str:
    """Return where a stack is: this machine, or AWS with account and region. `service` is one that its clients ask."""
    if is_local(stack, service):
        return "this machine"
    return f"AWS, account {stack.account}, {stack.session.region_name}"


def describe(stack: Stack, service: str) -> str:
    """Return one line that says where the stack is, and which endpoint a client of this service asks."""
    endpoint_url = _endpoint_url(stack, service)
    where = "this machine" if is_here(endpoint_url) else "AWS"
    return f"stack {stack.name} on {where}, account {stack.account}, {stack.session.region_name}, {endpoint_url}"


def _endpoint_url(stack: Stack, service: str) -> str:
    client: Any = stack.session.client(service)  # type: ignore[call-overload]  # any service
    return str(client.meta.endpoint_url)
