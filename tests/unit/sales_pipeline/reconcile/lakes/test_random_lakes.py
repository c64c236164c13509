"""`sales reconcile` says of random lakes what the tables' own SQL says.

LAKES is how many lakes there are, FIRST_LAKE the number of the first: a number always makes the same lake.
"""

import copy
import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from common import clock as common_clock
from sales_pipeline.aws import pace, table
from sales_pipeline.failures import dead_letters
from sales_pipeline.reconcile import compare
from sales_pipeline.reconcile.compare import Sources
from sales_pipeline.reconcile.ledger import Ledger
from sales_pipeline.reconcile.report import to_json
from tests.unit.sales_pipeline.reconcile.lakes.generate import random_lake, right_lake
from tests.unit.sales_pipeline.reconcile.lakes.lake import IN_PROGRESS_SECONDS
from tests.unit.sales_pipeline.reconcile.lakes.schema import FOUR, OWN
from tests.unit.sales_pipeline.reconcile.lakes.services import Clock, stack_of
from tests.unit.sales_pipeline.reconcile.lakes.verdict import Expected, expected

LAKES = int(os.environ.get("LAKES", "500"))
FIRST_LAKE = int(os.environ.get("FIRST_LAKE", "0"))
BLOCK = 100  # lakes in one test: pytest-xdist gives out whole tests


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    for module in (compare, pace, table, dead_letters, common_clock):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(compare, "say", lambda _: None)
    return clock


def judged(lake, clock):
    """What reconcile says, in the form of what is expected."""
    clock.seconds = 0.0
    ledger = Ledger(Path(":memory:"))
    try:
        found = compare.compare(Sources(stack_of(lake), 25.0), ledger, IN_PROGRESS_SECONDS, samples=1000)
    finally:
        ledger.close()
    report = msgspec.json.decode(to_json(found))
    said = {name: set(each["samples"]) for name, each in report.items() if isinstance(each, dict) and "samples" in each}
    unread = report["unread"]
    said["unreadable"] = {*unread["rows"]["samples"], *unread.get("objects", {"samples": []})["samples"]}
    return Expected(report["verdict"], report["rows"], said)


def difference(lake, clock):
    """How reconcile's words differ from the truth: names of what differs, with both; empty if they agree."""
    truth, said = expected(lake), judged(lake, clock)
    return {
        name: (one, other)
        for name, one, other in [
            ("verdict", truth.verdict, said.verdict),
            ("rows", truth.rows, said.rows),
            *((name, ids, said.found.get(name, set())) for name, ids in truth.found.items()),
        ]
        if one != other
    }


def smallest(lake, clock):
    """The smallest lake that is judged wrong in the same way, found by leaving out one part after the other."""
    wanted = set(difference(lake, clock))
    found = True
    while found:
        found = next((smaller for smaller in _smaller(lake) if set(difference(smaller, clock)) == wanted), None)
        lake = found or lake
    return lake


def _smaller(lake):
    for name in ("objects", "items", "errors", "dead_letters", "sent"):
        for position in range(len(getattr(lake, name))):
            smaller = copy.deepcopy(lake)
            del getattr(smaller, name)[position]
            yield smaller
    for position, each in enumerate(lake.objects):
        for line in range(len(each.lines)):
            smaller = copy.deepcopy(lake)
            del smaller.objects[position].lines[line]
            yield smaller
        for simple in (
            replace(each, ends=b"\n"),
            replace(each, last_ends=True),
            replace(each, encoding="plain"),
            replace(each, storage_class="STANDARD"),
        ):
            if simple != each:
                smaller = copy.deepcopy(lake)
                smaller.objects[position] = copy.deepcopy(simple)
                yield smaller


@pytest.mark.parametrize("first", range(FIRST_LAKE, FIRST_LAKE + LAKES, BLOCK))
def test_reconcile_says_what_the_tables_show(first, clock):
    for number in range(first, min(first + BLOCK, FIRST_LAKE + LAKES)):
        lake = random_lake(number)
        if difference(lake, clock):
            lake = smallest(lake, clock)
            pytest.fail(f"FIRST_LAKE={number}\n{lake}\nexpected and found: {difference(lake, clock)}")


def test_what_a_working_pipeline_writes_is_equal(clock):
    for number in range(FIRST_LAKE, FIRST_LAKE + LAKES // 10):
        lake = right_lake(random.Random(number), OWN if number % 3 == 0 else FOUR)
        said = judged(lake, clock)
        unknown = said.found.pop("unknown")
        assert (said.verdict, any(said.found.values())) == ("accounted for" if unknown else "equal", False), str(lake)


def test_no_verdict_and_no_category_is_rare_among_the_lakes():
    truths = [expected(random_lake(number)) for number in range(250)]
    verdicts = Counter(truth.verdict for truth in truths)
    categories = Counter(name for truth in truths for name, ids in truth.found.items() if ids)
    assert min(verdicts[name] for name in ("equal", "accounted for", "not equal")) > 20, verdicts
    assert min(categories[name] for name in truths[0].found) > 1, categories
