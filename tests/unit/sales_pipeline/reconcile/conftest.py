"""Fixtures for tests of `sales reconcile` on a stack of moto's."""

import json

import pytest
from moto import mock_aws

from common import clock as common_clock
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.reconcile import compare
from tests.unit.sales_pipeline.reconcile.stacks import Clock, new_stack

IN_PROGRESS_SECONDS = 60.0


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(compare, "time", clock)
    monkeypatch.setattr(common_clock, "time", clock)
    return clock


@pytest.fixture
def change_columns():
    """The stack's parameter ChangeColumns; a test that needs the other value parametrizes it."""
    return "NONE"


@pytest.fixture
def stack(monkeypatch, change_columns):
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing([]))
    with mock_aws():
        yield new_stack(change_columns)


@pytest.fixture
def run(stack, clock, capsys):  # noqa: ARG001 - waits on it
    def run(output="json", samples=5):
        code = compare.run(stack, output, in_progress_seconds=IN_PROGRESS_SECONDS, samples=samples)
        out = capsys.readouterr().out
        return code, json.loads(out) if output == "json" else out

    return run
