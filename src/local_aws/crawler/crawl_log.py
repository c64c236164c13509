"""The log stream of a crawler in CloudWatch, which its role writes to."""

import logging
import uuid
from typing import Any

import boto3

from common.clock import now_ms

LOG_GROUP = "/aws-glue/crawlers"  # of all crawlers of an account, with a log stream for each

log = logging.getLogger(__name__)


class CrawlLog:
    """The lines of one crawl. All but errors go to standard error too."""

    def __init__(self, session: boto3.Session, crawler_name: str) -> None:
        self._client: Any = session.client("logs")
        self._stream = {"logGroupName": LOG_GROUP, "logStreamName": crawler_name}
        self._crawl_id = uuid.uuid4()
        self._events: list[dict[str, Any]] = []

    def line(self, level: str, text: str) -> None:
        log.log(logging.WARNING if level == "WARN" else logging.INFO, text)
        self._add(level, text)

    def error(self, text: str) -> None:
        self._add("ERROR", text)  # the caller of the crawl reports it on standard error

    def _add(self, level: str, text: str) -> None:
        self._events.append({"timestamp": now_ms(), "message": f"[{self._crawl_id}] {level} : {text}"})

    def flush(self) -> None:
        try:
            self._put()
        except self._client.exceptions.ResourceNotFoundException:
            self._make()
            self._put()
        self._events.clear()

    def _put(self) -> None:
        self._client.put_log_events(**self._stream, logEvents=self._events)

    def _make(self) -> None:
        for make, arguments in (
            (self._client.create_log_group, {"logGroupName": LOG_GROUP}),
            (self._client.create_log_stream, self._stream),
        ):
            try:
                make(**arguments)
            except self._client.exceptions.ResourceAlreadyExistsException:
                continue
