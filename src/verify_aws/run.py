"""Deploys, checks, deletes and checks that nothing is left: the order of things, and what is kept of them."""

import importlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from sales_pipeline.aws.stack import StackError, find
from sales_pipeline.errors import SalesError
from verify_aws import leftover, messages, orders
from verify_aws.behaviours import Behaviour
from verify_aws.names import Names
from verify_aws.pipeline import NotShownError, Pipeline, Place
from verify_aws.sam import Sam


class Outcome(StrEnum):
    """What a run says of a behaviour."""

    shown = "shown"
    failed = "FAILED"
    """AWS did something else, or the check could not be made."""
    not_answerable = "not answerable here"
    """What stands in for AWS here can't tell."""
    not_run = "not run"


@dataclass(frozen=True)
class Result:
    """What was seen of one behaviour."""

    behaviour: Behaviour
    outcome: Outcome
    evidence: str
    seconds: float = 0.0


@dataclass
class Run:
    """One run: its results, and why it ended early, if it did."""

    names: Names
    region: str
    account: str = ""
    results: list[Result] = field(default_factory=list)
    problem: str = ""
    kept: bool = False
    was_stopped: bool = False
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> int:
        """Return how many behaviours have this outcome."""
        return sum(each.outcome is outcome for each in self.results)

    def exit_code(self) -> int:
        """Return 0 if all that was to be checked was, and nothing failed."""
        return int(bool(self.problem) or any(each.outcome is Outcome.failed for each in self.results))


def say(text: str) -> None:
    """Tell a person what happens now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def verify(  # noqa: PLR0913 - what a run is about, one argument each
    session: boto3.Session, sam: Sam, names: Names, place: Place, behaviours: Iterable[Behaviour], *, keep: bool
) -> Run:
    """Deploy, check and delete. A first Ctrl-C ends the checks; the stack is deleted all the same.

    What keeps a run from going on is its `problem`, and not raised.
    """
    run = Run(names, session.region_name or "")
    begun = time.monotonic()
    behaviours = list(behaviours)
    try:
        with _problems(run), _removed(run, session, sam, keep=keep):
            pipeline = _deploy(run, session, sam, place)
            with place.beside(pipeline.stack):
                orders.write(pipeline)
                _check(run, pipeline, [each for each in behaviours if each.group != "deletion"])
            if not keep:
                _check(run, pipeline, [each for each in behaviours if each.group == "deletion"])
    finally:
        reason = run.problem or ("the stack was kept" if keep else "")
        done = {each.behaviour.id for each in run.results}
        run.results += [
            Result(each, Outcome.not_run, each.unchecked or reason) for each in behaviours if each.id not in done
        ]
        run.results.sort(key=lambda each: behaviours.index(each.behaviour))
        run.seconds = time.monotonic() - begun
    return run


@contextmanager
def _problems(run: Run) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        run.problem, run.was_stopped = "stopped by Ctrl-C", True
    except (SalesError, ClientError, BotoCoreError, NotShownError) as error:
        run.problem = _one_line(error)
    if run.problem:
        say(run.problem)


@contextmanager
def _removed(run: Run, session: boto3.Session, sam: Sam, *, keep: bool) -> Iterator[None]:
    try:
        yield
    finally:
        if keep:
            run.kept = True
            say(f"The stack {run.names.stack} stays. The next run asks whether to use or to delete it.")
        else:
            try:
                leftover.remove(session, sam, run.names, say)
            except BaseException:
                say(f"The stack {run.names.stack} may be left. Run this again: it asks whether to delete it.")
                raise


def _deploy(run: Run, session: boto3.Session, sam: Sam, place: Place) -> Pipeline:
    say("sam deploy …")
    started = datetime.now(UTC)
    sam.deploy(run.names.stack, run.names.parameters | dict(place.parameters))
    stack = find(session, run.names.stack)
    run.account = stack.account
    pipeline = Pipeline(stack, place, messages.subscribe(session, run.names, stack["AlarmTopicArn"]), started)
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    found = [each for page in pages.paginate(StackName=stack.name) for each in page["StackResourceSummaries"]]
    pipeline.resources = [dict(each) for each in found]
    pipeline.delete = lambda: leftover.remove(session, sam, run.names, say)
    return pipeline


def _check(run: Run, pipeline: Pipeline, behaviours: Iterable[Behaviour]) -> None:
    for each in behaviours:
        if each.check:
            result = _result(pipeline, each)
            run.results.append(result)
            say(f"{result.outcome:<20} {each.id}: {result.evidence}")


def _result(pipeline: Pipeline, behaviour: Behaviour) -> Result:
    excuse = pipeline.place.unanswerable.get(behaviour.id)
    pipeline.patient = excuse is None
    begun = time.monotonic()
    try:
        outcome, evidence = Outcome.shown, find_check(behaviour.check)(pipeline)
    except (NotShownError, SalesError, StackError, ClientError, BotoCoreError, LookupError, ValueError) as error:
        outcome, evidence = Outcome.failed, f"{type(error).__name__}: {_one_line(error)}"
        if isinstance(error, NotShownError):
            evidence = _one_line(error)
        if excuse is not None:
            outcome, evidence = Outcome.not_answerable, excuse
    return Result(behaviour, outcome, evidence, time.monotonic() - begun)


def find_check(name: str) -> Callable[[Pipeline], str]:
    """Return the check of this name: a module in `checks`, and a function in it."""
    module, _, function = name.partition(".")
    check: Callable[[Pipeline], str] = getattr(importlib.import_module(f"verify_aws.checks.{module}"), function)
    return check


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
