"""Keeps when the last crawl began, and lets one crawl run at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from common.files import replace_text
from local_aws.errors import LocalAwsError

_NEVER = datetime.min.replace(tzinfo=UTC)


class CrawlCheckpoint:
    """When the last crawl that ended began. It has served every call and every due time before that."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._path = state_dir / "crawler-began"
        self._lock_path = state_dir / "crawler.lock"
        self._began = _NEVER

    def read(self) -> datetime:
        """Return when it began. Before the first crawl, return a time before all others."""
        try:
            return max(self._began, datetime.fromisoformat(self._path.read_text()))
        except FileNotFoundError:
            return self._began

    @contextmanager
    def crawling(self) -> Iterator[None]:
        """Wait for another process' crawl to end. When this crawl has succeeded or failed, it is there to `save`."""
        with self._lock():
            began = datetime.now(UTC)
            try:
                yield
            except LocalAwsError:
                self._began = began
                raise
            self._began = began

    def save(self) -> None:
        """Write it, so that it outlives this process. Raises OSError."""
        with self._lock():  # another process can have crawled since
            replace_text(self._path, self.read().isoformat())

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._lock_path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
