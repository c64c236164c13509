"""The checkpoint: every call for a crawl gets one, however often the worker is killed."""

import threading
from datetime import UTC, datetime

import pytest

from local_aws.crawler.checkpoint import CrawlCheckpoint
from local_aws.errors import CrawlError


def test_a_crawl_that_ended_is_remembered_by_its_beginning(tmp_path):
    before = datetime.now(UTC)
    with CrawlCheckpoint(tmp_path / "state").crawling():
        during = datetime.now(UTC)
    assert before <= CrawlCheckpoint(tmp_path / "state").read() <= during


def test_a_crawl_that_failed_waits_for_the_next_call(tmp_path):
    with pytest.raises(CrawlError), CrawlCheckpoint(tmp_path).crawling():
        raise CrawlError
    assert CrawlCheckpoint(tmp_path).read()


def test_a_crawl_that_was_ended_half_way_is_called_for_still(tmp_path):
    with pytest.raises(SystemExit), CrawlCheckpoint(tmp_path).crawling():
        raise SystemExit
    assert CrawlCheckpoint(tmp_path).read() is None


def test_two_crawls_wait_for_each_other(tmp_path):
    inside = threading.Event()

    def second():
        with CrawlCheckpoint(tmp_path).crawling():
            inside.set()

    with CrawlCheckpoint(tmp_path).crawling():
        other = threading.Thread(target=second)
        other.start()
        assert not inside.wait(0.2)
    other.join(5)
    assert inside.is_set()
