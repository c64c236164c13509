"""Reports wrong usage of a command line in one line. typer itself prints four."""

import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from common.printable import visible


class OneLineUsage:
    """A base class of typer's commands and groups: wrong usage becomes one line, which names the help, and exit code 2.

    A command has to return None, or to raise `typer.Exit`.
    """

    def main(self, *arguments: Any, standalone_mode: bool = True, **more: Any) -> Any:  # noqa: ANN401 - as typer's own
        """Run the command line, and exit unless `standalone_mode` is off."""
        try:
            ended = super().main(*arguments, standalone_mode=False, **more)  # type: ignore[misc]
        except typer.TyperException as error:
            if not standalone_mode:
                raise
            _report(error)
            ended = error.exit_code
        if not standalone_mode:
            return ended
        sys.exit(ended or 0)


class OneCommand(OneLineUsage, TyperCommand):
    """The command of a program that has only one."""


def _report(error: typer.TyperException) -> None:
    context: typer.Context | None = getattr(error, "ctx", None)
    if context and error.message == context.get_help():  # nothing was asked for
        typer.echo(error.message, err=True)
        return
    text = visible(" ".join(error.format_message().split()))
    ending = "" if text.endswith((".", "?")) else "."
    command = context.command_path if context else Path(sys.argv[0]).name
    typer.echo(f"error: {text}{ending} See `{command} --help`.", err=True)
