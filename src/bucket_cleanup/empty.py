"""Deletes everything in a bucket, with several calls at the same time, for as long as S3 deletes anything."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

# A call ends within 47 s: two attempts of 3 s to connect and 20 s to answer, and a pause. Left are a deletion, the
# listing after it, and 30 s for the answer to CloudFormation.
_RESERVE_MS = 130_000
# Each call deletes up to 1,000 objects, and S3 takes 3,500 deletions per second for a prefix (Amazon S3 User Guide,
# "Best practices design patterns: optimizing Amazon S3 performance"). More calls at once would only be throttled.
_CALLS_AT_ONCE = 4
# How long to wait after each try that deleted nothing. After one more of those, the cleanup fails.
_PAUSES_SECONDS = (1, 2, 4, 8, 16, 30)

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)
s3 = boto3.client(
    "s3", config=Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 2})
)

_Page: TypeAlias = list[Any]
# botocore's parser raises an error of its own for an answer that was cut.
_FAILURES = (ClientError, BotoCoreError, ResponseParserError)

# Tests replace it with a clock of their own.
sleep = time.sleep


def empty(bucket: str, context: Any) -> int:  # noqa: ANN401 - the runtime's own type isn't importable
    """Delete every version and delete marker, and return their number.

    It tries again what S3 refuses: as long as S3 deletes anything in between, and a minute longer. Raises RuntimeError
    after that, and TimeoutError if the time of this call is over.
    """
    deleted, failures, problem = 0, 0, ""

    def is_over(pause_seconds: int = 0) -> bool:
        return bool(context.get_remaining_time_in_millis() < _RESERVE_MS + pause_seconds * 1000)

    while True:
        pages, listing_problem = _first_pages(bucket, is_over)
        if not pages and not listing_problem:
            return deleted
        if is_over():
            raise _time_is_over(deleted, listing_problem or problem)
        refused = _delete(bucket, pages)
        problem = _refusal(refused) if refused else listing_problem
        deleted_now = sum(map(len, pages)) - refused.total()
        deleted += deleted_now
        failures = 0 if deleted_now else failures + 1
        text = f"{objects(deleted)} deleted. {problem}".rstrip()
        logger.info("%s", text, extra={"bucket": bucket, "deleted": deleted})
        if failures > len(_PAUSES_SECONDS):
            raise RuntimeError(text)
        if problem:
            pause_seconds = _PAUSES_SECONDS[max(0, failures - 1)]
            if is_over(pause_seconds):
                raise _time_is_over(deleted, problem)
            sleep(pause_seconds)


def _time_is_over(deleted: int, problem: str) -> TimeoutError:
    return TimeoutError(f"{objects(deleted)} deleted in the time there is, but more are left. {problem}".rstrip())


def _refusal(codes: Counter[str]) -> str:
    return f"S3 refused to delete {objects(codes.total())}: {', '.join(sorted(codes))}."


def objects(number: int) -> str:
    return f"{number:,} {'object' if number == 1 else 'objects'}"


def _first_pages(bucket: str, is_over: Callable[[], bool]) -> tuple[list[_Page], str]:
    """Return the first pages of a listing, and why there are no more where S3 refused to list. It stops in time."""
    pages: list[_Page] = []
    try:
        for page in islice(_pages(bucket), _CALLS_AT_ONCE):
            pages.append(page)
            if is_over():
                break
    except _FAILURES as error:
        return pages, f"S3 refused to list the objects: {_code(error)}."
    return pages, ""


def _delete(bucket: str, pages: list[_Page]) -> Counter[str]:
    """Delete the objects of these pages, all pages at the same time; return the error codes of those that stay."""
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        return sum(pool.map(partial(_delete_page, bucket), pages), Counter[str]())


def _delete_page(bucket: str, page: _Page) -> Counter[str]:
    try:
        errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": page, "Quiet": True}).get("Errors", [])
    except _FAILURES as error:
        return Counter({_code(error): len(page)})
    return Counter(error.get("Code") or "no code" for error in errors)


def _pages(bucket: str) -> Iterator[_Page]:
    """Yield the versions and delete markers of the bucket, up to 1,000 at once; none if there is no such bucket."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            if "IsTruncated" not in page:
                raise RuntimeError("The answer about the bucket's objects is not S3's own.")
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if entries:
                yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
    except s3.exceptions.NoSuchBucket:
        return


def _code(error: Exception) -> str:
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return code or type(error).__name__
