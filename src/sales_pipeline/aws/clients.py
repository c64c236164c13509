"""Clients that threads share: a session of boto3 makes one only in one thread at a time."""

import threading
from dataclasses import replace
from typing import Any, cast

import boto3
from botocore.config import Config

from sales_pipeline.aws.stack import Stack


class _SharedClients:
    """In the place of a session: makes each client once. `config` gives way to what a caller asks for."""

    def __init__(self, session: boto3.Session, config: Config) -> None:
        self.region_name = session.region_name
        self._session = session
        self._config = config
        self._lock = threading.Lock()
        self._clients: dict[object, Any] = {}

    def client(self, service: str, config: Config | None = None) -> Any:  # noqa: ANN401 - of any service
        with self._lock:
            if (service, config) not in self._clients:
                merged = self._config.merge(config) if config else self._config
                made = self._session.client(service, config=merged)  # type: ignore[call-overload]
                self._clients[service, config] = made
            return self._clients[service, config]


def with_shared_clients(stack: Stack, config: Config) -> Stack:
    """Return a stack that threads may use at the same time, with this configuration of its clients."""
    return replace(stack, session=cast("boto3.Session", _SharedClients(stack.session, config)))
