"""Stands in for the Glue crawler: crawls on its schedule, and at every StartCrawler.

`python -m local_aws.crawler --stack-name NAME --state-dir DIR [--once]` runs until SIGTERM or SIGINT. With --once it
crawls at once and ends: with exit code 0, or with another when the crawl failed. A failed crawl is not repeated: as on
AWS, the next call or the schedule tries again.
"""

import logging
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local_aws import program
from local_aws.crawler.checkpoint import CrawlCheckpoint
from local_aws.crawler.crawl import crawl
from local_aws.crawler.schedule import NEVER, Schedule, call_to_crawl
from local_aws.crawler.settings import CrawlerSettings
from local_aws.errors import LocalAwsError, SettingsError, one_line
from local_aws.saving import Report, until_saved
from sales_pipeline.aws.stack import find

POLL_SECONDS = 1.0  # the emulator shows a StartCrawler as RUNNING for 5 s
RETRY_SECONDS = 5

log = logging.getLogger(__name__)


def main() -> int:
    """Crawl once, or until a signal ends the process; return the exit code."""
    parser = program.parser("local_aws.crawler")
    parser.add_argument("--once", action="store_true", help="crawl once, now")
    arguments = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: sys.exit(0))
    report = program.reporter(arguments.report_fd)
    return program.run(lambda: _run(arguments.stack_name, arguments.state_dir, report, once=arguments.once))


def _run(stack_name: str, state_dir: Path, report: Report, *, once: bool) -> int:
    session = boto3.Session()
    name = find(session, stack_name)["CrawlerName"]
    glue: Any = session.client("glue")
    crawler = glue.get_crawler(Name=name)["Crawler"]
    CrawlerSettings.of(crawler)  # refuses the settings now, and not only at the first crawl
    checkpoint = CrawlCheckpoint(state_dir)
    if once:
        try:
            with checkpoint.crawling():
                crawl(crawler)
        finally:
            checkpoint.save()
        return 0
    return serve(glue, name, checkpoint, report)


def serve(glue: Any, name: str, checkpoint: CrawlCheckpoint, report: Report) -> NoReturn:  # noqa: ANN401 - no stubs
    """Crawl whenever something calls for it, until the process ends.

    It does not crawl while it can't save a checkpoint: the same call would call for crawl after crawl.
    """
    was_running, answered = False, True
    until_saved(checkpoint.save, report, time.sleep)
    report("")
    expression, schedule = None, None
    while True:
        try:
            crawler = glue.get_crawler(Name=name)["Crawler"]
        except (ClientError, BotoCoreError) as error:
            if answered:
                log.warning("Can't see crawler %s, asking every %d s: %s", name, RETRY_SECONDS, one_line(error))
            answered = False
            time.sleep(RETRY_SECONDS)
            continue
        answered = True
        latest = (crawler.get("Schedule") or {}).get("ScheduleExpression")
        if latest != expression:
            expression, schedule = latest, _read_schedule(latest)
        call = call_to_crawl(
            crawler, schedule, was_running=was_running, last_crawl_began=checkpoint.read(), now=datetime.now(UTC)
        )
        was_running = crawler["State"] == "RUNNING"
        if not call:
            time.sleep(POLL_SECONDS)
            continue
        log.info("Called by %s", call)
        try:
            with checkpoint.crawling():
                crawl(crawler)
        except LocalAwsError as error:
            log.error("%s", one_line(error))  # noqa: TRY400 - the line says it all
        until_saved(checkpoint.save, report, time.sleep)


def _read_schedule(expression: str | None) -> Schedule | None:
    """Return the schedule; None without one, and after a line in the log for one that can't be read."""
    try:
        return Schedule(expression) if expression not in (None, NEVER) else None
    except SettingsError as error:
        log.error("%s", one_line(error))  # noqa: TRY400 - likewise
        return None


if __name__ == "__main__":
    sys.exit(main())
