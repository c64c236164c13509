"""What `sales status` shows of a program that does a stage's work on this machine. Pure."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from sales_pipeline.status.stages import Stage, age, iso
from sales_pipeline.terminal.amounts import counted

if TYPE_CHECKING:
    from sales_pipeline.status.measured import Fact


class StandIn(Protocol):
    """A program that does a stage's work on this machine."""

    @property
    def state(self) -> str: ...
    @property
    def since_ms(self) -> int:
        """When its process started, in milliseconds since 1970."""

    @property
    def restarts(self) -> int: ...
    @property
    def problem(self) -> str:
        """Why it does not do its work, also where it runs."""


def with_stand_in(stage: Stage, stand_in: StandIn | None, now: datetime) -> Stage:
    """Return the stage with what its stand-in does; None stands for one that does not run."""
    if stand_in is None:
        problem = "its stand-in does not run: stop this pipeline with `sales down`, and start it again"
        return replace(stage, facts={**stage.facts, "stand_in": None}, problems=[*stage.problems, problem])
    since = datetime.fromtimestamp(stand_in.since_ms / 1000, UTC)
    facts: dict[str, Fact] = {
        "stand_in": str(stand_in.state),
        "stand_in_since": iso(since),
        "stand_in_restarts": stand_in.restarts,
    }
    restarted = f", {counted(stand_in.restarts, 'restart')}" if stand_in.restarts else ""
    detail = f"stand-in started {age(since, now)}{restarted}"
    works = stand_in.state == "running" and not stand_in.problem
    problems = [] if works else [f"its stand-in {stand_in.problem or f'is {stand_in.state}'}"]
    return replace(
        stage,
        facts={**stage.facts, **facts},
        details=[*stage.details, detail],
        problems=[*stage.problems, *problems],
    )
