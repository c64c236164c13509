"""The commands of `sales` that run the pipeline on this machine."""

import importlib
from typing import Any

import typer

from sales_pipeline.errors import SalesError
from sales_pipeline.local import running

app = typer.Typer()


def _local(name: str) -> Any:  # noqa: ANN401 - a module
    """Return a module of `sales_pipeline.local`. Raises SalesError where what it needs is not installed."""
    try:
        module = importlib.import_module(f"sales_pipeline.local.{name}")
    except ModuleNotFoundError as missing:
        problem = f"the package {missing.name} is not installed"
    else:
        if running.TEMPLATE.exists():
            return module
        problem = "template.yaml is not there"
    raise SalesError(
        f"`sales {name}` runs only in a clone of the repository ({problem}): clone it, run `make setup` there, then "
        f".venv/bin/sales {name}"
    )


@app.command()
def demo() -> None:
    """Run the whole pipeline once on this machine and check it.

    It writes 300 orders, waits until they are rows in S3, runs the crawler and a query, writes a report
    with charts, and stops everything.

    Exit codes: 0 every order arrived exactly once; 1 one did not, or something failed.

    \b
    Example:
      sales demo
    """  # noqa: D301 - the backspace keeps the lines below it apart
    raise typer.Exit(_local("demo").run())


@app.command()
def up() -> None:
    """Run the pipeline on this machine until Ctrl-C.

    It writes an order every 3 seconds. Rows appear in S3 after about a minute, as on AWS.

    \b
    Example:
      sales up
    """  # noqa: D301
    raise typer.Exit(_local("up").run())


@app.command()
def down() -> None:
    """Stop the pipeline that `sales up` runs. Its table and its bucket are deleted.

    \b
    Example:
      sales down
    """  # noqa: D301
    ended = "has stopped" if running.stop() else "had died"
    typer.echo(f"The pipeline on this machine {ended}. Its table and its bucket are deleted.")
