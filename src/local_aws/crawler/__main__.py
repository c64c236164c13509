"""Stands in for the Glue crawler: crawls on its schedule and whenever somebody calls StartCrawler.

`python -m local_aws.crawler --stack-name NAME --state-dir DIR [--once]`; with --once it crawls at once and
ends with exit code 0, or 1 when the crawl failed. A failed crawl is not repeated: as on AWS, the next call or the
schedule tries again.
"""

import argparse
import fcntl
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.files import replace_text
from local_aws.crawler.run import crawl
from local_aws.crawler.schedule import ScheduleError, call_to_crawl
from local_aws.crawler.settings import CrawlError
from sales_pipeline.aws import stack

# StartCrawler shows for 5 s in the emulator, and in LastCrawl ever after.
POLL_SECONDS = 0.5
RETRY_SECONDS = 5

log = logging.getLogger("local_aws.crawler")


class Checkpoint:
    """When the last crawl that ended began: whatever called for a crawl before that has had it."""

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
        """Wait for a crawl beside this one to end; write the checkpoint when this one has ended, well or not."""
        with self._lock_path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            began = datetime.now(UTC)
            try:
                yield
            except CrawlError:
                self._write(began)
                raise
            self._write(began)

    def _write(self, began: datetime) -> None:
        replace_text(self._path, began.isoformat())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws.crawler", description=__doc__)
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--once", action="store_true", help="crawl once, now")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s crawler: %(message)s", level=logging.WARNING, stream=sys.stderr
    )
    logging.getLogger("sales_pipeline").setLevel(logging.INFO)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    try:
        session = boto3.Session()
        name = stack.find(session, options.stack_name)["CrawlerName"]
        checkpoint = Checkpoint(options.state_dir)
        glue: Any = session.client("glue")
        if options.once:
            return 0 if _crawl(glue.get_crawler(Name=name)["Crawler"], checkpoint) else 1
        _serve(glue, name, checkpoint)
    except (stack.StackError, ScheduleError, ClientError, BotoCoreError) as error:
        log.error("%s", error)  # noqa: TRY400 - the line says it all
    return 1


def _serve(glue: Any, name: str, checkpoint: Checkpoint) -> None:  # noqa: ANN401 - no stubs for Glue in .venv
    """Crawl whenever something calls for it, until a signal ends the process."""
    was_running = False
    answered = True
    while True:
        try:
            crawler = glue.get_crawler(Name=name)["Crawler"]
        except (ClientError, BotoCoreError) as error:
            if answered:
                log.warning("cannot see crawler %s, asking again every %s s: %s", name, RETRY_SECONDS, error)
            answered = False
            time.sleep(RETRY_SECONDS)
            continue
        answered = True
        call = call_to_crawl(
            crawler, was_running=was_running, last_crawl_began=checkpoint.read(), now=datetime.now(UTC)
        )
        was_running = crawler["State"] == "RUNNING"
        if not call:
            time.sleep(POLL_SECONDS)
            continue
        log.info("called by %s", call)
        _crawl(crawler, checkpoint)


def _crawl(crawler: dict[str, Any], checkpoint: Checkpoint) -> bool:
    try:
        with checkpoint.crawling():
            crawl(crawler)
    except CrawlError as error:
        log.error("%s", error)  # noqa: TRY400 - the line says it all
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
