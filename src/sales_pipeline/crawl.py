"""`sales crawl`: start the crawler and wait for it."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from sales_pipeline.aws.stack import Stack, StackError

CRAWL_SECONDS = 900.0
POLL_SECONDS = 0.5


def run(stack: Stack, local_state_dir: Path | None = None) -> str:
    """Crawl, and return a line about the table; `local_state_dir` is that of a pipeline on this machine.

    Raises StackError when the crawl fails or takes over 15 minutes.
    """
    if local_state_dir:
        _crawl_here(stack, local_state_dir)
    else:
        _crawl(stack)

    glue = stack.session.client("glue")
    database, _, table_name = stack["CrawledTable"].partition(".")
    try:
        table = glue.get_table(DatabaseName=database, Name=table_name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        raise StackError(
            f"The crawler made no table: nothing is delivered yet to {stack['DataLocation']}, or it failed; "
            "see log group /aws-glue/crawlers."
        ) from None
    partitions = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table_name)
    days = sum(len(page["Partitions"]) for page in partitions)
    columns = ", ".join(f"{column['Name']} {column['Type']}" for column in table["StorageDescriptor"]["Columns"])
    return f"{database}.{table_name} ({columns}), {days} {'day' if days == 1 else 'days'}"


def _crawl(stack: Stack) -> None:
    glue = stack.session.client("glue")
    name = stack["CrawlerName"]
    before = glue.get_crawler(Name=name)["Crawler"].get("LastCrawl", {}).get("StartTime")
    with suppress(glue.exceptions.CrawlerRunningException):  # then wait for the crawl that runs
        glue.start_crawler(Name=name)
    deadline = time.monotonic() + CRAWL_SECONDS
    while True:
        crawler = glue.get_crawler(Name=name)["Crawler"]
        last = crawler.get("LastCrawl", {})
        if crawler["State"] == "READY" and last.get("StartTime") != before:
            break
        if time.monotonic() > deadline:
            raise StackError(f"Crawler {name} is still {crawler['State']} after {CRAWL_SECONDS / 60:.0f} minutes.")
        time.sleep(POLL_SECONDS)
    if last.get("Status") == "FAILED":
        raise StackError(f"The crawl failed: {last.get('ErrorMessage')} See log group /aws-glue/crawlers.")


def _crawl_here(stack: Stack, state_dir: Path) -> None:
    # The emulator says SUCCEEDED after 5 s, whatever its crawler did; the stand-in says how its own crawl ended.
    command = [sys.executable, "-m", "local_aws.crawler", "--once"]
    command += ["--stack-name", stack.name, "--state-dir", str(state_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CRAWL_SECONDS, check=False)  # noqa: S603
    if done.returncode:
        raise StackError(f"The crawl failed: {done.stderr.strip().splitlines()[-1]}")
