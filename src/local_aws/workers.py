"""Runs the stand-ins for what the emulator leaves out, and starts one again that ends, as AWS does with its own.

`python -m local_aws.workers --stack-name NAME --state-dir DIR --log-dir DIR`; ends with SIGTERM or Ctrl-C.
"""

import argparse
import logging
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3

from sales_pipeline.aws.stack import Stack, find

RESTART_SECONDS = 1.0
READY_SECONDS = 60.0
STOP_SECONDS = 5.0

logger = logging.getLogger("workers")


def main() -> None:
    """Keep one process per service until a signal; then end them all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--log-dir", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    running = {name: _start(name, arguments) for name in ("firehose", "crawler")}
    # What reaches the data stream before Firehose's stand-in has taken it over, the emulator delivers as well.
    deadline = time.monotonic() + READY_SECONDS
    stream = find(boto3.Session(), arguments.stack_name)
    while not is_taken_over(stream) and not stop.wait(0.1):
        if time.monotonic() > deadline or running["firehose"].poll() is not None:
            logger.error("Firehose's stand-in did not start: see %s", arguments.log_dir / "firehose.log")
            break
    else:
        running["pipe"] = _start("pipe", arguments)
        logger.info("all run")
    while not stop.wait(0.2):
        for name, process in running.items():
            if process.poll() is not None:
                logger.warning("%s ended with exit code %s: starting it again", name, process.returncode)
                stop.wait(RESTART_SECONDS)
                running[name] = _start(name, arguments)
    for process in running.values():
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running.values():
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def is_taken_over(stack: Stack) -> bool:
    """Say whether the stand-in delivers instead of the emulator: it has then set a destination that goes nowhere."""
    firehose = stack.session.client("firehose")
    described = firehose.describe_delivery_stream(DeliveryStreamName=stack["DeliveryStreamName"])
    destination = described["DeliveryStreamDescription"]["Destinations"][0]
    return "HttpEndpointDestinationDescription" in destination


def _start(name: str, arguments: argparse.Namespace) -> subprocess.Popen[bytes]:
    state_dir = arguments.state_dir / name
    state_dir.mkdir(parents=True, exist_ok=True)
    with (arguments.log_dir / f"{name}.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", f"local_aws.{name}"),
                *("--stack-name", arguments.stack_name, "--state-dir", str(state_dir)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


if __name__ == "__main__":
    main()
