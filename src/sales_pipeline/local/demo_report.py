"""The report that `sales demo` leaves: a page with charts of its orders."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import boto3

from sales_pipeline.aws.stack import Stack, find
from sales_pipeline.local import folders
from sales_pipeline.reconcile.report import Reconciliation
from sales_pipeline.report import make
from sales_pipeline.report.page import page

NAME = "report.html"


class Comparison(threading.Thread):
    """Compares table and lake while the demo goes on: most of its time, SQS waits for dead letters."""

    def __init__(self, stack_name: str) -> None:
        super().__init__(daemon=True)
        self._stack_name = stack_name
        self._found: list[Reconciliation] = []
        self._failures: list[Exception] = []

    def run(self) -> None:
        try:
            # A session of boto3 is not for two threads.
            self._found.append(make.compared(find(boto3.Session(), self._stack_name)))
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self._failures.append(error)

    def result(self) -> Reconciliation:
        """Wait for the comparison. Raises its error."""
        self.join()
        for failure in self._failures:
            raise failure
        return self._found[0]


def write(stack: Stack, path: Path, comparison: Comparison) -> None:
    """Write the report. Raises SalesError, and boto3's errors."""
    folders.write(path, page(replace(make.collect(stack), reconciliation=comparison.result())))


def invitation(path: Path) -> str:
    """Return a line that says where the report is, as a person in the current folder would write the path."""
    here = os.path.relpath(path)
    return f"Charts of what was sold: open {path if here.startswith(os.pardir) else here} in a browser."
