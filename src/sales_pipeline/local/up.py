"""`sales up`: runs the pipeline on this machine until Ctrl-C."""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import boto3

from common.console import PlainConsole
from common.streams import FAILED_EXIT_CODE
from generator.pace import DEFAULT_INTERVAL_SECONDS
from local_aws.emulator import PREFERRED_PORT
from sales_pipeline import generate
from sales_pipeline.aws.stack import Stack, find
from sales_pipeline.local import health, pipeline, running, view
from sales_pipeline.local.measurements import of_up
from sales_pipeline.watch.display import Display
from sales_pipeline.watch.run import Watch
from transform.columns import COLUMNS

GREETING = """
The pipeline runs. {orders}, until Ctrl-C or `sales down`.
Rows appear in S3 after about a minute. Logs: {log_dir}
It listens on {endpoint_url}{taken}.

{elsewhere}

{command}
"""
NO_ORDERS = """\
No order is written by itself: mock orders do not fit
src/transform/columns.py ({why}).
Write orders of your own"""


def run() -> int:
    """Start the pipeline and write an order every 3 seconds until Ctrl-C, SIGTERM or `sales down`.

    Where mock orders do not fit the columns, it says why and writes none.

    Returns the exit code. Raises SalesError; and SystemExit where no order can be written any more, after saying so.
    """
    console, notes = PlainConsole(), _Notes()
    # On the emulator the schedule would pass the same minute each time, so `sales up` writes the orders itself.
    parameters = {"GeneratorState": "DISABLED"}
    refusal = "a pipeline runs on this machine already: use it, or stop it with `sales down`"
    with (
        running.claim(running.UP, refusal) as home,
        pipeline.run(home, parameters, lambda step: console.print(f"{step} …"), "sales up", notes.say) as local,
    ):
        stack = find(boto3.Session(), local.stack_name)
        view.create(stack)
        with running.announce(home, local.stack_name, local.emulator.environment, local.state_dir):
            sales_home = os.environ.get("SALES_HOME")
            why_unfit = generate.why_unfit(COLUMNS)
            console.print(greeting(local.emulator.endpoint_url, str(local.log_dir), sales_home, why_unfit))
            write = generate.write_none if why_unfit else partial(generate.run, stack)
            code = _write_orders(stack, local, console, notes, sales_home, write)
            if code == FAILED_EXIT_CODE:
                sys.exit(code)  # so that `claim` sees that it did not end in order
            return code


def _write_orders(  # noqa: PLR0913, PLR0917 - what `run` has
    stack: Stack,
    local: pipeline.Pipeline,
    console: PlainConsole,
    notes: "_Notes",
    sales_home: str | None,
    write: Callable[..., int],
) -> int:
    """Write orders until Ctrl-C, and show the stages meanwhile where the output is a terminal."""
    if not console.is_interactive:
        return write()
    hints = [
        f"Ctrl-C stops the pipeline. Logs: {local.log_dir}",
        elsewhere(sales_home),
        env_command(sales_home),
    ]
    main = threading.main_thread().ident or 0
    with notes.held(), Watch(stack, of_up(local.state_dir), hints, notes.lines) as watch:
        # Where the screen fails, nobody sees the orders: the writing ends as by Ctrl-C, and then the error is raised.
        screen = Display(watch.look, console, lambda: signal.pthread_kill(main, signal.SIGTERM))
        return write(screen=screen)


class _Notes:
    """What is said of the stand-ins: on standard error, or on the screen while it is there, and then again after it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._is_held = False

    def say(self, text: str) -> None:
        if self._is_held:
            self.lines.append(text)
        else:
            health.say(text)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            for each in self.lines:
                health.say(each)


def greeting(endpoint_url: str, log_dir: str, sales_home: str | None, why_unfit: str = "") -> str:
    """Return what a person has to know of a pipeline that runs; `sales_home` is the value of SALES_HOME, if it is set.

    Another terminal may not have that variable. `why_unfit` is why mock orders do not fit the columns, if they do not.
    """
    orders = f"An order is written every {DEFAULT_INTERVAL_SECONDS:.0f} seconds"
    is_taken = urlsplit(endpoint_url).port != PREFERRED_PORT
    return GREETING.format(
        orders=NO_ORDERS.format(why=why_unfit) if why_unfit else orders,
        log_dir=log_dir,
        endpoint_url=endpoint_url,
        taken=f", because another program uses port {PREFERRED_PORT}" if is_taken else "",
        elsewhere=elsewhere(sales_home),
        command=env_command(sales_home),
    )


def elsewhere(sales_home: str | None) -> str:
    """Return what to run `env_command` in another terminal for. Without SALES_HOME, `sales` would look at AWS there."""
    if sales_home:
        return "In another terminal, run this, so that `sales`, the AWS CLI and boto3 find this pipeline:"
    return "In another terminal, the commands of `sales` find this pipeline. For the AWS CLI and boto3, run there:"


def env_command(sales_home: str | None) -> str:
    """Return the command that leads a terminal to this pipeline."""
    home = f"SALES_HOME={shlex.quote(sales_home)} " if sales_home else ""
    return f'eval "$({home}sales env)"'
