"""What the commands of `sales` have in common: their options, and the stack that these name."""

import os
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import boto3
import typer

from sales_pipeline.aws.stack import DEFAULT_STACK_NAME, Stack, StackError, find
from sales_pipeline.local import running

StackName = Annotated[str | None, typer.Option(metavar="NAME", help="Stack to work on.")]
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Named profile of the AWS CLI.")]
Region = Annotated[str | None, typer.Option(metavar="NAME", help="AWS region, if not the profile's.")]

TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
Since = Annotated[
    datetime | None, typer.Option(formats=TIMES, metavar="TIME", help="Only what arrived from then on; in UTC.")
]
Until = Annotated[
    datetime | None, typer.Option(formats=TIMES, metavar="TIME", help="Only what arrived before; in UTC.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Only what failed for a reason with this in it.")]

Wait = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", min=0, max=86_400, help="How long an order may take; the stack's buffers by default."
    ),
]
ReadUnits = Annotated[
    float, typer.Option(metavar="UNITS/S", min=1, help="Read capacity of the table that it may consume.")
]


class Format(StrEnum):
    """Forms of an answer."""

    table = "table"
    csv = "csv"
    json = "json"


class ReportFormat(StrEnum):
    """Forms of a report."""

    text = "text"
    json = "json"


def find_local(stack_name: str | None, profile: str | None, region: str | None) -> running.Running | None:
    """Return the pipeline on this machine, if one runs and nothing else is asked for."""
    return None if stack_name or profile or region else running.find()


def locate(stack_name: str | None, profile: str | None, region: str | None) -> Stack:
    """Return the stack that these options name. Raises StackError where there is none, RunningError if it starts."""
    if local := find_local(stack_name, profile, region):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(local.environment)
        return find(boto3.Session(), local.stack_name)
    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:
        raise StackError("No AWS region: name a --region, set one in the profile, or start a pipeline here: sales up")
    return find(session, stack_name or DEFAULT_STACK_NAME)
