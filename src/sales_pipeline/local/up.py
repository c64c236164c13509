"""`sales up`: runs the pipeline on this machine until Ctrl-C."""

import os
import shlex
import sys
from urllib.parse import urlsplit

import boto3

from common.console import PlainConsole
from common.streams import FAILED_EXIT_CODE
from generator.pace import DEFAULT_INTERVAL_SECONDS
from local_aws.emulator import PREFERRED_PORT
from sales_pipeline import generate
from sales_pipeline.aws.stack import find
from sales_pipeline.local import pipeline, running, view

GREETING = """
The pipeline runs. An order is written every {seconds:.0f} seconds, until Ctrl-C or `sales down`.
Rows appear in S3 after about a minute. Logs: {log_dir}
It listens on {endpoint_url}{taken}.

In another terminal the commands of `sales` find this pipeline. For the AWS CLI and boto3, run there:

{command}
"""


def run() -> int:
    """Start the pipeline and write an order every 3 seconds until Ctrl-C, SIGTERM or `sales down`.

    Returns the exit code. Raises SalesError; and SystemExit where no order can be written any more, after saying so.
    """
    console = PlainConsole()
    # On the emulator the schedule would pass the same minute each time, so `sales up` writes the orders itself.
    parameters = {"GeneratorState": "DISABLED"}
    refusal = "a pipeline runs on this machine already: use it, or stop it with `sales down`"
    with (
        running.claim(running.UP, refusal) as home,
        pipeline.run(home, parameters, lambda step: console.print(f"{step} …"), "sales up") as local,
    ):
        stack = find(boto3.Session(), local.stack_name)
        view.create(stack)
        with running.announce(home, local.stack_name, local.emulator.environment, local.state_dir):
            console.print(greeting(local.emulator.endpoint_url, str(local.log_dir), os.environ.get("SALES_HOME")))
            code = generate.run(stack)
            if code == FAILED_EXIT_CODE:
                sys.exit(code)  # so that `claim` sees that it did not end in order
            return code


def greeting(endpoint_url: str, log_dir: str, sales_home: str | None) -> str:
    """Return what a person has to know of a pipeline that runs; `sales_home` is the value of SALES_HOME, if it is set.

    Another terminal may not have that variable.
    """
    home = f"SALES_HOME={shlex.quote(sales_home)} " if sales_home else ""
    is_taken = urlsplit(endpoint_url).port != PREFERRED_PORT
    return GREETING.format(
        seconds=DEFAULT_INTERVAL_SECONDS,
        log_dir=log_dir,
        endpoint_url=endpoint_url,
        taken=f", because another program uses port {PREFERRED_PORT}" if is_taken else "",
        command=f'eval "$({home}sales env)"',
    )
