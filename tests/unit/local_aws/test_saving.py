"""A stand-in that can't save its checkpoint says why, and what a person can do about it."""

import errno
import os

import pytest

from local_aws.saving import until_saved


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, ": free some space"), (errno.EDQUOT, ": free some space"), (errno.EIO, "")]
)
def test_it_reports_why_it_waits_with_advice_and_then_that_it_works(number, advice):
    reports = []
    errors = [OSError(number, os.strerror(number), "/state")]

    def save():
        if errors:
            raise errors.pop()

    until_saved(save, reports.append, lambda _: None)
    why = f"can't save its checkpoint ({os.strerror(number)}: /state){advice}"
    assert reports == [f"{why}. It does nothing until it can, so that nothing arrives twice", ""]
