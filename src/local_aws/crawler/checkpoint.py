"""Keeps when the last crawl began, and lets one crawl run at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from common.files import replace_text
from local_aws.errors import LocalAwsError


class CrawlCheckpoint:
    """When the last crawl that ended began. It has served every call and every due time before that."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._path = state_dir / "crawler-began"
        self._lock_path = state_dir / "crawler.lock"

    def read(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self._path.read_text())
        except FileNotFoundError:
            return None

    @contextmanager
    def crawling(self) -> Iterator[None]:
        """Wait for another process' crawl to end; write the checkpoint when this crawl has succeeded or failed."""
        with self._lock_path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            began = datetime.now(UTC)
            try:
                yield
            except LocalAwsError:
                self._write(began)
                raise
            self._write(began)

    def _write(self, began: datetime) -> None:
        replace_text(self._path, began.isoformat())
