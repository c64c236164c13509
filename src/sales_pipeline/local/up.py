"""`sales up`: the pipeline on this machine, until Ctrl-C."""

import os
import time

import boto3
from rich.console import Console

from generator.console import write_orders
from generator.orders import live_orders
from generator.writer import connect
from sales_pipeline.local import pipeline, running
from sales_pipeline.stack import find

ORDER_INTERVAL_SECONDS = 3.0
# What another terminal needs; the rest of the emulator's environment only keeps this one from a real account.
EXPORTED = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


def run() -> int:
    """Start the pipeline and write an order every 3 seconds until Ctrl-C, SIGTERM or `sales down`.

    Returns the exit code. Raises RunningError, EmulatorError and DeployError.
    """
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    # The schedule's function would pace its orders by a time that the emulator never fills in.
    parameters = {"GeneratorSchedule": "DISABLED"}
    with (
        running.claim(),
        pipeline.run(running.HOME / "up", parameters, lambda step: console.print(f"{step} …")) as local,
    ):
        os.environ.update(local.emulator.environment)
        stack = find(boto3.Session(), local.stack_name)
        environment = {name: os.environ[name] for name in (*EXPORTED, "AWS_CONFIG_FILE")}
        running.announce(local.stack_name, environment, local.state_dir)
        console.print("\nThe pipeline runs. In another terminal, `sales query` and the others find it by themselves;")
        console.print("for the AWS CLI, boto3 and the generator script:\n")
        for name in EXPORTED:
            console.print(f"export {name}={os.environ[name]}")
        console.print(f"\nLogs: {local.log_dir}. An order every {ORDER_INTERVAL_SECONDS:.0f} seconds until Ctrl-C:\n")
        client = connect(None, None, None)
        orders = live_orders(None, clock_ms=lambda: time.time_ns() // 1_000_000)
        return write_orders(client, stack["TableName"], orders, None, ORDER_INTERVAL_SECONDS, None)
