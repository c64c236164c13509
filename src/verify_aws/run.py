"""Deploys, checks, deletes and checks that nothing is left: the order of things, and what is kept of them."""

import importlib
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.printable import visible_lines
from sales_pipeline.aws.stack import find
from sales_pipeline.errors import SalesError
from verify_aws import leftover, messages, orders
from verify_aws.behaviours import Behaviour
from verify_aws.events import reasons
from verify_aws.names import Names, NotOursError
from verify_aws.pipeline import NotShownError, Pipeline, Place
from verify_aws.sam import Sam, SamError

# What these say is for people. Of any other error, it also helps to know where it was raised.
_TELLING = (SalesError, ClientError, BotoCoreError, NotShownError)
_MINE = "verify_aws"


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
    is_over: bool = False
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> int:
        """Return how many behaviours have this outcome."""
        return sum(each.outcome is outcome for each in self.results)

    def exit_code(self) -> int:
        """Return 0 if all that was to be checked was, and nothing failed."""
        return int(bool(self.problem) or any(each.outcome is Outcome.failed for each in self.results))


def say(text: str) -> None:
    """Tell a person what happens now. A terminal that has gone away does not keep a stack from being deleted."""
    with suppress(OSError):
        sys.stdout.write(f"{visible_lines(text)}\n")
        sys.stdout.flush()


def verify(  # noqa: PLR0913 - what a run is about, one argument each
    session: boto3.Session,
    sam: Sam,
    names: Names,
    place: Place,
    behaviours: Iterable[Behaviour],
    *,
    keep: bool,
    note: Callable[[Run], object] = lambda _: None,
) -> Run:
    """Deploy, check and delete. A first Ctrl-C ends the checks; the stack is deleted all the same.

    What keeps a run from going on is its `problem`, and not raised. `note` gets the run after each check.
    """
    run = Run(names, session.region_name or "")
    begun = time.monotonic()
    behaviours = list(behaviours)
    at_deletion = [each for each in behaviours if each.group == "deletion"]
    try:
        with _problems(run):
            pipeline = _deploy(run, session, sam, place)
            with place.beside(pipeline.stack):
                orders.write(pipeline)
                _check(run, pipeline, [each for each in behaviours if each not in at_deletion], note)
            if not keep:
                _check(run, pipeline, at_deletion, note)
    finally:
        with _problems(run):
            _remove(run, session, sam, keep=keep)
        reason = run.problem or ("the stack was kept" if keep else "")
        done = {each.behaviour.id for each in run.results}
        run.results += [
            Result(each, Outcome.not_run, each.unchecked or reason) for each in behaviours if each.id not in done
        ]
        run.results.sort(key=lambda each: behaviours.index(each.behaviour))
        run.seconds = time.monotonic() - begun
        run.is_over = True
    return run


@contextmanager
def _problems(run: Run) -> Iterator[None]:
    """Keep what goes wrong as the problem of the run, and say it."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - what was seen so far must get into the report
        was_stopped = _is_stop(error)
        problem = "stopped by Ctrl-C" if was_stopped else _told(error)
        run.was_stopped |= was_stopped
        run.problem = f"{run.problem}; then: {problem}" if run.problem else problem
        say(problem)


def _is_stop(error: BaseException | None) -> bool:
    """Say whether an error is of Ctrl-C, or came while the program tidied up after it."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _remove(run: Run, session: boto3.Session, sam: Sam, *, keep: bool) -> None:
    """Delete what the run made, unless it is to be kept."""
    if keep:
        run.kept = True
        say(f"The stack {run.names.stack} stays. The next run asks whether to use or to delete it.")
        return
    try:
        leftover.remove(session, sam, run.names, say, own=True)
    except NotOursError:
        raise
    except BaseException:
        say(f"The stack {run.names.stack} may be left. Run this again: it asks whether to delete it.")
        raise


def _deploy(run: Run, session: boto3.Session, sam: Sam, place: Place) -> Pipeline:
    say("sam deploy …")
    started = datetime.now(UTC)
    try:
        sam.deploy(run.names.stack, run.names.parameters | dict(place.parameters), run.names.tags)
    except SamError as error:
        raise SamError(f"{error}{reasons(session, run.names.stack)}") from None
    stack = find(session, run.names.stack)
    run.account = stack.account
    pipeline = Pipeline(stack, place, messages.subscribe(session, run.names, stack["AlarmTopicArn"]), started)
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    found = [each for page in pages.paginate(StackName=stack.name) for each in page["StackResourceSummaries"]]
    pipeline.resources = [dict(each) for each in found]
    pipeline.delete = lambda: leftover.remove(session, sam, run.names, say, own=True)
    return pipeline


def _check(run: Run, pipeline: Pipeline, behaviours: Iterable[Behaviour], note: Callable[[Run], object]) -> None:
    for each in behaviours:
        if each.check:
            result = _result(pipeline, each)
            run.results.append(result)
            say(f"{result.outcome:<20} {each.id}: {result.evidence}")
            note(run)


def _result(pipeline: Pipeline, behaviour: Behaviour) -> Result:
    excuse = pipeline.place.unanswerable.get(behaviour.id)
    pipeline.patient = excuse is None
    begun = time.monotonic()
    try:
        outcome, evidence = Outcome.shown, find_check(behaviour.check)(pipeline)
    except Exception as error:
        if _is_stop(error):
            raise KeyboardInterrupt from error
        outcome, evidence = Outcome.failed, _told(error)
        if excuse is not None:
            outcome, evidence = Outcome.not_answerable, excuse
    return Result(behaviour, outcome, evidence, time.monotonic() - begun)


def find_check(name: str) -> Callable[[Pipeline], str]:
    """Return the check of this name: a module in `checks`, and a function in it."""
    module, _, function = name.partition(".")
    check: Callable[[Pipeline], str] = getattr(importlib.import_module(f"verify_aws.checks.{module}"), function)
    return check


def _told(error: BaseException) -> str:
    """Return one line about an error."""
    text = " ".join(str(error).split())
    if isinstance(error, NotShownError | SamError):
        return text
    kind = type(error).__name__
    if isinstance(error, _TELLING):
        return f"{kind}: {text}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _MINE in each.filename]
    place = f", below line {frames[-1].lineno} of {Path(frames[-1].filename).name}" if frames else ""
    return f"{kind}: {text}{place}"
