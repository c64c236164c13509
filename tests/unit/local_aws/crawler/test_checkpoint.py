"""The checkpoint: every call for a crawl gets one, however often the worker is killed."""

import threading
from datetime import UTC, datetime

import pytest

from local_aws.crawler.checkpoint import CrawlCheckpoint
from local_aws.errors import CrawlError


def test_a_crawl_that_ended_is_remembered_by_its_beginning(tmp_path):
    before = datetime.now(UTC)
    checkpoint = CrawlCheckpoint(tmp_path / "state")
    with checkpoint.crawling():
        during = datetime.now(UTC)
    checkpoint.save()
    assert before <= CrawlCheckpoint(tmp_path / "state").read() <= during


def test_a_crawl_that_failed_waits_for_the_next_call(tmp_path):
    before, checkpoint = datetime.now(UTC), CrawlCheckpoint(tmp_path)
    with pytest.raises(CrawlError), checkpoint.crawling():
        raise CrawlError
    checkpoint.save()
    assert CrawlCheckpoint(tmp_path).read() >= before


def test_a_crawl_that_was_ended_half_way_is_called_for_still(tmp_path):
    before, checkpoint = datetime.now(UTC), CrawlCheckpoint(tmp_path)
    with pytest.raises(SystemExit), checkpoint.crawling():
        raise SystemExit
    checkpoint.save()
    assert CrawlCheckpoint(tmp_path).read() < before


def test_an_older_crawl_of_another_process_does_not_hide_a_newer_one(tmp_path):
    old, new = CrawlCheckpoint(tmp_path), CrawlCheckpoint(tmp_path)
    for each in (old, new):
        with each.crawling():
            pass
    new.save()
    newest = new.read()
    old.save()
    assert CrawlCheckpoint(tmp_path).read() == newest


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
