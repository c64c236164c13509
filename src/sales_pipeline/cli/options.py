"""What the commands of `sales` have in common: their options, and the stack that these name."""

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sales_pipeline.errors import SalesError
from sales_pipeline.local import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from sales_pipeline.aws.stack import Stack
    from sales_pipeline.status.read import Measurements


def finite(value: float | None) -> float | None:
    """Refuse nan, which lies within every bound. For each option that takes a float."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"expected a number, found {value}")
    return value


StackName = Annotated[str | None, typer.Option(metavar="NAME", help="Stack on AWS; sales-data-projection by default.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Named profile of the AWS CLI.")]
Region = Annotated[str | None, typer.Option(metavar="NAME", help="AWS region, if not the profile's.")]

_TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


def utc_time(text: str) -> datetime:
    """Return a time in UTC, without a zone. For each option that takes a time."""
    for form in _TIMES:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - each is in UTC
    raise typer.BadParameter(f"expected a UTC time such as 2026-11-22 or 2026-11-22T12:00, found {text!r}")


Since = Annotated[
    datetime | None, typer.Option(parser=utc_time, metavar="TIME", help="Only what arrived at this UTC time or later.")
]
Until = Annotated[
    datetime | None, typer.Option(parser=utc_time, metavar="TIME", help="Only what arrived before this UTC time.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Only what failed for a reason that contains this text.")]
Wait = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0,
        max=86_400,
        callback=finite,
        help="How long an order may take to S3; by default from the stack's settings.",
    ),
]
ReadUnits = Annotated[
    float,
    typer.Option(
        metavar="UNITS", min=1, callback=finite, help="Most read capacity units per second to take from the table."
    ),
]
Samples = Annotated[int, typer.Option(metavar="N", min=0, help="How many order ids to show of each kind.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this option, only show what would be done.")]


class Format(StrEnum):
    """Forms of a table."""

    table = "table"
    csv = "csv"
    spreadsheet = "spreadsheet"
    json = "json"


class ReportFormat(StrEnum):
    """Forms of a report."""

    text = "text"
    json = "json"


@dataclass(frozen=True)
class Target:
    """The stack that a command works on, and what is done in another way where it runs on this machine."""

    stack: "Stack"
    local: running.Running | None = None

    def say_where(self, service: str) -> None:
        """Say on standard error where the stack is. For each command that writes or costs, with the service it uses."""
        from sales_pipeline.aws.place import describe  # noqa: PLC0415

        typer.echo(f"using {describe(self.stack, service)}", err=True)

    @property
    def crawl(self) -> "Callable[[Stack], None]":
        """What crawls and waits until that is done."""
        if self.local:
            from sales_pipeline.local.pipeline import crawl as crawl_here  # noqa: PLC0415

            return partial(crawl_here, Path(self.local.state_dir))
        from sales_pipeline.crawl import crawl  # noqa: PLC0415

        return crawl

    @property
    def measurements(self) -> "Measurements":
        """What counts, and knows the last crawl and the stand-ins."""
        from sales_pipeline.aws.place import is_local  # noqa: PLC0415
        from sales_pipeline.status import local_logs, read  # noqa: PLC0415

        if not self.local:
            return local_logs.MEASUREMENTS if is_local(self.stack, "cloudwatch") else read.MEASUREMENTS
        from sales_pipeline.local.measurements import of_up  # noqa: PLC0415

        return of_up(Path(self.local.state_dir))

    def check(self) -> None:
        """Raise SalesError if this is the pipeline that `sales up` ran, and it has ended."""
        if self.local and not running.is_running(self.local):
            raise SalesError("the pipeline on this machine has ended: start another one with `sales up`")


def locate(stack_name: str | None, profile: str | None, region: str | None) -> Target:
    """Return what these options name: the pipeline that `sales up` runs, if they name nothing and there is one.

    Raises SalesError where there is no such stack, and where `sales up` is starting or ending, or was killed.
    """
    import boto3  # noqa: PLC0415

    from sales_pipeline.aws.stack import DEFAULT_STACK_NAME, find  # noqa: PLC0415

    local = None if stack_name or profile or region else running.find()
    if local:
        running.use_only(local.environment)
        return Target(find(boto3.Session(), local.stack_name), local)
    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:
        raise SalesError(
            "no pipeline runs on this machine, and there is no AWS region: run `sales up`, or choose a stack on AWS by "
            "--region and --profile"
        )
    return Target(find(session, stack_name or DEFAULT_STACK_NAME))
