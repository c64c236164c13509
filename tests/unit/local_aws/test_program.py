"""A program ends with one line about an error, and with an exit code that says whether to start it again."""

import os
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_aws import program
from local_aws.errors import SETTINGS_EXIT_CODE, CrawlError, SettingsError
from sales_pipeline.aws.stack import StackError

DENIED = ClientError(
    {"Error": {"Code": "AccessDeniedException", "Message": "role may\nnot do that"}}, "DescribeDeliveryStream"
)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("Pipe p has no filter."), SETTINGS_EXIT_CODE, "Pipe p has no filter."),
        (CrawlError("The crawl failed."), 1, "The crawl failed."),
        (StackError("There is no stack s."), 1, "There is no stack s."),
        (DENIED, 1, "AccessDeniedException: role may not do that"),
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1"),
            1,
            'Could not connect to the endpoint URL: "http://',
        ),
    ],
)
def test_an_expected_error_is_one_line_and_an_exit_code(caplog, error, code, line):
    def work():
        raise error

    assert program.run(work) == code
    [record] = caplog.records
    assert record.getMessage().startswith(line)
    assert "\n" not in record.getMessage()


def test_a_mistake_in_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        program.run(lambda: 1 // 0)


def test_without_an_error_the_works_exit_code_is_the_programs():
    assert program.run(lambda: 0) == 0


def test_a_line_of_the_log_holds_no_command_and_no_other_line():
    script = """
import logging
from local_aws import program
def work():
    logging.getLogger().info("Left out s3://bucket/%s", "a\\x1b[31m\\u202e\\nb")
    raise RuntimeError("\\x9b1m")
program.run(work)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    first, *others = ended.stderr.splitlines()
    assert first.endswith("INFO Left out s3://bucket/a\\x1b[31m\\u202e\\nb")
    assert others[-1] == "RuntimeError: \\x9b1m"
    assert "".join(others).isprintable()


def test_a_program_that_only_works_gives_signs_of_life_and_no_report(monkeypatch):
    monkeypatch.setattr(program, "BEAT_SECONDS", 0.01)
    ours, theirs = os.pipe()
    report = program.reporter(theirs)
    with os.fdopen(ours) as lines:
        assert [next(lines) for _ in range(3)] == [f"{program.BEAT}\n"] * 3
        report("can't\nsave")
        assert next(line for line in lines if line != f"{program.BEAT}\n") == "can't save\n"
