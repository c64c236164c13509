"""`sales crawl`: runs the crawler and waits until it has finished."""

import time
from collections.abc import Callable
from contextlib import suppress

from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError

CRAWL_SECONDS = 900.0
POLL_SECONDS = 0.5


def run(stack: Stack, crawl: Callable[[Stack], None]) -> str:
    """Call `crawl`, which runs the crawler and waits; return one line about the crawled table.

    Raises SalesError if the crawl fails or makes no table.
    """
    crawl(stack)
    glue = stack.session.client("glue")
    database, _, table_name = stack["CrawledTable"].partition(".")
    try:
        table = glue.get_table(DatabaseName=database, Name=table_name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        raise SalesError(
            f"the crawler made no table, because no row is in {stack['DataLocation']} yet: wait a minute, then run "
            "`sales crawl` again. If rows are there, see log group /aws-glue/crawlers"
        ) from None
    partitions = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table_name)
    days = sum(len(page["Partitions"]) for page in partitions)
    columns = ", ".join(f"{column['Name']} {column['Type']}" for column in table["StorageDescriptor"]["Columns"])
    return f"{database}.{table_name} ({columns}), {days} {'day' if days == 1 else 'days'}"


def crawl(stack: Stack) -> None:
    """Start the stack's crawler and wait until it is done.

    Raises SalesError if it fails, is stopped, or takes over 15 minutes.
    """
    glue = stack.session.client("glue")
    name = stack["CrawlerName"]
    before = glue.get_crawler(Name=name)["Crawler"].get("LastCrawl", {}).get("StartTime")
    with suppress(glue.exceptions.CrawlerRunningException):  # then it waits for the crawl that is running
        glue.start_crawler(Name=name)
    deadline = time.monotonic() + CRAWL_SECONDS
    while True:
        crawler = glue.get_crawler(Name=name)["Crawler"]
        last = crawler.get("LastCrawl", {})
        if crawler["State"] == "READY" and last.get("StartTime") != before:
            break
        if time.monotonic() > deadline:
            raise SalesError(
                f"crawler {name} is still {crawler['State']} after {CRAWL_SECONDS / 60:.0f} minutes: see log group "
                "/aws-glue/crawlers"
            )
        time.sleep(POLL_SECONDS)
    if last.get("Status") == "FAILED":
        raise SalesError(f"the crawl failed: {last.get('ErrorMessage')} See log group /aws-glue/crawlers")
    if last.get("Status") == "CANCELLED":
        raise SalesError("somebody stopped the crawl before its end: run `sales crawl` again")
