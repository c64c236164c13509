"""`sales up`: runs the pipeline on this machine until Ctrl-C."""

import os

import boto3

from common.console import PlainConsole
from generator.pace import DEFAULT_INTERVAL_SECONDS
from sales_pipeline import generate
from sales_pipeline.aws.stack import find
from sales_pipeline.local import pipeline, running

# The variables that another terminal needs. The rest of the emulator's environment keeps this process off AWS.
EXPORTED = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
# The other commands of `sales` need these too, so that they ignore the settings for AWS.
SHIELDS = ("AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED", "NO_PROXY")

GREETING = """
The pipeline runs. An order is written every {seconds:.0f} seconds, until Ctrl-C or `sales down`.
Rows appear in S3 after about a minute. Logs: {log_dir}

In another terminal the commands of `sales` find this pipeline. For the AWS CLI and boto3:

{exports}
"""


def run() -> int:
    """Start the pipeline and write an order every 3 seconds until Ctrl-C, SIGTERM or `sales down`.

    Returns the exit code. Raises SalesError.
    """
    console = PlainConsole()
    # On the emulator the schedule would pass the same minute each time, so `sales up` writes the orders itself.
    parameters = {"GeneratorState": "DISABLED"}
    refusal = "a pipeline runs on this machine already: use it, or stop it with `sales down`"
    with (
        running.claim(running.UP, refusal),
        pipeline.run(running.UP, parameters, lambda step: console.print(f"{step} …")) as local,
    ):
        os.environ.update(local.emulator.environment)
        stack = find(boto3.Session(), local.stack_name)
        environment = {name: os.environ[name] for name in (*EXPORTED, *SHIELDS)}
        with running.announce(local.stack_name, environment, local.state_dir):
            exports = "\n".join(f"export {name}={environment[name]}" for name in EXPORTED)
            console.print(GREETING.format(exports=exports, log_dir=local.log_dir, seconds=DEFAULT_INTERVAL_SECONDS))
            return generate.run(stack)
