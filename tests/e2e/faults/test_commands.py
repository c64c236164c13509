"""The operator's commands find what is missing and why, and repair it until the verdict is equal."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.faults.pipeline import TRANSFORM

SALES = Path(sys.executable).with_name("sales")
LONG_ID = "long-" + "x" * 300  # more characters than a partition key of Kinesis may have


@pytest.fixture
def sales(pipeline):
    def sales(*command):
        """Run a command as an operator does; return its exit code and all that it printed."""
        done = subprocess.run(
            [SALES, *command, "--stack-name", pipeline.stack.name],
            env=pipeline.emulator.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return sales


def test_from_not_equal_to_equal(pipeline, sales):
    def verdict():
        code, printed = sales("reconcile", "--wait", "0")
        return code, printed.splitlines()[-1]

    pipeline.put("kept")
    pipeline.settle()
    (delivered,) = pipeline.keys("sales_data/")
    pipeline.break_transform("faults.handler")
    pipeline.put("raises-0", "raises-1", LONG_ID)
    pipeline.settle()
    pipeline.client("s3").delete_object(Bucket=pipeline.stack["BucketName"], Key=delivered)

    code, last_line = verdict()
    assert code == 1
    assert "0 rows in the lake, 2 in errors/, 1 in the DLQ, 1 missing" in last_line
    code, printed = sales("failures")
    assert code == 0
    assert "Lambda.FunctionError" in printed
    assert "Pipe.RetryAttemptsExhausted" in printed
    assert sales("status")[0] == 1

    pipeline.break_transform(TRANSFORM)
    code, printed = sales("replay", "--yes")
    assert code == 0, printed
    replayed = "3 changes were replayed, the last .*"
    assert re.fullmatch(f"{replayed} No other failure is in errors/ .*\n", sales("failures")[1])
    assert re.search("errors +none now; 3 changes were replayed", sales("status")[1])
    pipeline.settle()
    assert verdict() == (1, "NOT EQUAL: 4 orders in the table, 3 rows in the lake, 1 missing, 0 stale, 0 duplicate.")
    code, printed = sales("backfill", "--yes", "--wait", "0")
    assert code == 0, printed
    pipeline.settle()
    assert verdict() == (0, "Equal: 4 orders in the table, 4 rows in the lake, 0 missing, 0 stale, 0 duplicate.")
    assert re.fullmatch(
        f"No failure is in errors/ .*\n|{replayed} No other failure is in errors/ .*\n", sales("failures")[1]
    )
