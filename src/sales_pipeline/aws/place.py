"""Says where a stack is."""

import ipaddress
from urllib.parse import urlsplit

from sales_pipeline.aws.stack import Stack


def is_here(endpoint_url: str) -> bool:
    """Say whether an endpoint is on this machine."""
    host = urlsplit(endpoint_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def describe(stack: Stack, service: str) -> str:
    """Return one line that says where the stack is, and which endpoint a client of this service asks."""
    endpoint_url = stack.session.client(service).meta.endpoint_url  # type: ignore[call-overload]  # any service
    place = "this machine" if is_here(endpoint_url) else "AWS"
    return f"stack {stack.name} on {place}, account {stack.account}, {stack.session.region_name}, {endpoint_url}"
