"""The one place that prints an error and sets the exit code."""

import errno
from collections.abc import Collection
from typing import Any

import typer
from typer.core import TyperGroup

from common.printable import visible
from common.streams import OutputError
from common.usage import OneLineUsage
from sales_pipeline.errors import SalesError


class Commands(OneLineUsage, TyperGroup):
    """The commands of `sales`: an error that a person can do something about becomes one line and exit code 1."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's own types, which typer carries inside
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            command = self.commands.get(ctx.invoked_subcommand or "")
            if command and not getattr(error, "ctx", None):  # an option lacks its value, or has one too many
                error.ctx = typer.Context(command, info_name=ctx.invoked_subcommand, parent=ctx)  # type: ignore[attr-defined]
            raise
        except Exception as error:
            command = self.commands.get(ctx.invoked_subcommand or "")
            problem = explained(error, option_names(command) if command else [])
            if problem is None:
                raise
        typer.echo(f"error: {visible(problem)}", err=True)
        raise typer.Exit(1)


def option_names(command: Any) -> list[str]:  # noqa: ANN401 - a click command
    """Return the options that a command has, such as `--profile`: an error may advise no other."""
    return [option for parameter in command.params for option in parameter.opts]


def explained(error: Exception, options: Collection[str]) -> str | None:
    """Return an error in one line, for a command with these options.

    None for a mistake in this program, and for a failure of standard output, which `streams` reports.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - takes a while, and errors are rare

    from common.aws_errors import explain  # noqa: PLC0415

    match error:
        case SalesError():
            return " ".join(str(error).split())
        case OutputError():
            return None
        case ClientError() | BotoCoreError():
            return explain(error, what="the stack's resources", place="AWS", options=options)
        case ValueError() if str(error).startswith("Invalid endpoint"):  # so boto3 refuses one
            return f"{error}: check AWS_ENDPOINT_URL, and the variables and settings whose names begin so"
        case OSError() if error.errno != errno.EPIPE:
            where = f": {error.filename}" if error.filename else ""
            return f"{error.strerror or error}{where}. This is a problem on this machine, not on AWS"
    return None
