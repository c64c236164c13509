"""`sales crawl` waits for a crawl, and says when it did not finish."""

from types import SimpleNamespace

import pytest

from sales_pipeline import crawl
from sales_pipeline.errors import SalesError


class Glue:
    """Glue with a crawler that takes a few looks to get ready, and ends as `last` says."""

    class exceptions:  # noqa: N801 - boto3's name
        class CrawlerRunningException(Exception):  # noqa: N818
            pass

    def __init__(self, last, *, is_running=False):
        self._last, self._is_running = {"StartTime": "now"} | last, is_running
        self._looks = 0

    def start_crawler(self, **_):
        if self._is_running:
            raise self.exceptions.CrawlerRunningException

    def get_crawler(self, **_):
        self._looks += 1
        if self._looks < 4:
            return {"Crawler": {"State": "STOPPING" if self._looks == 3 else "RUNNING"}}
        return {"Crawler": {"State": "READY", "LastCrawl": self._last}}


@pytest.fixture
def crawl_with(monkeypatch):
    monkeypatch.setattr(crawl, "POLL_SECONDS", 0.0)

    def run(glue):
        stack = type("Stack", (dict,), {"session": SimpleNamespace(client=lambda _: glue)})
        crawl.crawl(stack(CrawlerName="crawler"))

    return run


@pytest.mark.parametrize("is_running", [False, True])
def test_a_crawl_that_finishes_is_waited_for(crawl_with, is_running):
    crawl_with(Glue({"Status": "SUCCEEDED"}, is_running=is_running))


@pytest.mark.parametrize(
    ("last", "says"),
    [
        ({"Status": "FAILED", "ErrorMessage": "Access denied."}, r"^the crawl failed: Access denied\. See log group"),
        ({"Status": "CANCELLED"}, r"^somebody stopped the crawl before its end: run `sales crawl` again$"),
    ],
)
def test_a_crawl_that_did_not_finish_is_an_error(crawl_with, last, says):
    with pytest.raises(SalesError, match=says):
        crawl_with(Glue(last))
