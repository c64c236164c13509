"""The command line, `sales`. Each command imports its own module when it is asked for."""

from typing import Annotated

import typer

from sales_pipeline.cli import data, local, looking, planning, recovery
from sales_pipeline.cli.group import Commands

app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - takes a while

        typer.echo(f"sales {version('sales-data-projection')}")
        raise typer.Exit


@app.callback()
def sales(
    *,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run the sales pipeline, query it, check it, and repair it.

    Commands work on the pipeline that `sales up` runs on this machine, if there is one. Otherwise, and with
    --stack-name, --profile or --region, they work on a stack on AWS: by default sales-data-projection of your default
    profile.

    `sales up` and `sales demo` write to the folder .local of the clone, or to the folder that the environment variable
    SALES_HOME names. Only one `sales up` can run per folder.

    docs/glossary.md explains the words: stale, duplicate, dead letter and others. TIME is such as 2026-11-22T12:00.
    """


for commands in (local, data, looking, recovery, planning):
    app.add_typer(commands.app)
