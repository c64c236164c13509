"""The crawler's worker serves StartCrawler, whatever else fails."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import EndpointConnectionError

from local_aws.crawler import __main__ as worker
from local_aws.crawler.checkpoint import CrawlCheckpoint
from local_aws.crawler.schedule import NEVER
from local_aws.errors import CrawlError, SettingsError

DEPLOYED = datetime(2026, 11, 22, tzinfo=UTC)
EVERY_FIVE_MINUTES = "cron(0/5 * * * ? *)"


class Ended(BaseException):
    """The process ends."""


class Glue:
    """Answers GetCrawler with one answer after the other, and ends the process after the last."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def get_crawler(self, **_):
        if not self.answers:
            raise Ended
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Crawler": answer}


def crawler(state="READY", schedule=None):
    return {"State": state, "LastUpdated": DEPLOYED, "Schedule": {"ScheduleExpression": schedule} if schedule else {}}


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Serve the calls in these answers; return how often it crawled."""

    def serve(*answers, crawl=lambda _: None, sleep=lambda _: None, report=lambda _: None):
        crawls = []
        monkeypatch.setattr(worker.time, "sleep", sleep)
        monkeypatch.setattr(worker, "crawl", lambda seen: (crawls.append(seen), crawl(seen)))
        with pytest.raises(Ended):
            worker.serve(Glue(*answers), "crawler", CrawlCheckpoint(tmp_path), report)
        return len(crawls)

    return serve


def test_a_schedule_that_is_due_and_a_start_crawl_once_each(serve):
    assert serve(crawler(schedule=EVERY_FIVE_MINUTES), crawler(schedule=EVERY_FIVE_MINUTES)) == 1
    assert serve(crawler("RUNNING"), crawler("RUNNING"), crawler()) == 1


def test_a_schedule_that_is_off_is_never_due_and_start_crawler_is_served(serve, caplog):
    assert serve(*[crawler(schedule=NEVER)] * 3, crawler("RUNNING", NEVER), crawler(schedule=NEVER)) == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_schedule_that_can_not_be_read_is_logged_once_and_start_crawler_is_served(serve, caplog):
    unread = "cron(0 0 L * ? *)"
    assert serve(*[crawler(schedule=unread)] * 3, crawler("RUNNING", unread), crawler(schedule=unread)) == 1
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert unread in line


@pytest.mark.parametrize("error", [CrawlError("no permission"), SettingsError("other settings")])
def test_a_crawl_that_fails_is_logged_and_the_next_call_crawls_again(serve, caplog, error):
    def crawl(_):
        raise error

    assert serve(crawler("RUNNING"), crawler(), crawler("RUNNING"), crawl=crawl) == 2
    assert caplog.text.count(str(error)) == 2


def test_a_crawler_that_can_not_be_seen_is_logged_once(serve, caplog):
    gone = EndpointConnectionError(endpoint_url="http://127.0.0.1")
    assert serve(gone, gone, crawler("RUNNING")) == 1
    assert caplog.text.count("Can't see crawler") == 1


def test_a_crawl_that_no_checkpoint_tells_of_is_not_repeated_however_long_the_disk_is_full(serve, tmp_path):
    away, reports, seconds = tmp_path.with_name("away"), [], []

    def sleep(wait):
        seconds.append(wait)
        if sum(seconds) >= 60 and away.exists():
            away.rename(tmp_path)

    due = [crawler(schedule=EVERY_FIVE_MINUTES)] * 3
    assert serve(*due, crawl=lambda _: tmp_path.rename(away), sleep=sleep, report=reports.append) == 1
    assert sum(seconds) >= 60
    assert "can't save its checkpoint (No such file or directory: " in reports[1]
    assert (reports[0], reports[-1]) == ("", "")
