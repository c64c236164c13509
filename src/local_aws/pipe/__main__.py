"""Stands in for EventBridge Pipes, which the emulator doesn't run to Kinesis: carries the table's changes.

`python -m local_aws.pipe --stack-name NAME --state-dir DIR` runs until SIGTERM or SIGINT, with the role of
the deployed pipe. A change may arrive twice, never not at all: it is sent, or its place is in the dead-letter queue,
before the checkpoint in DIR passes it. A pipe that was changed is read again at the next start.

What AWS does otherwise: it disables a pipe after lasting 4xx errors; a ParallelizationFactor carries several batches of
a shard at once.
"""

import argparse
import logging
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws import roles
from local_aws.answers import FAILURES, required
from local_aws.pipe import rules
from local_aws.pipe import settings as pipe_settings
from local_aws.pipe.shard import Pipe, Shard, checkpoint, in_one_line
from sales_pipeline.aws.stack import StackError, find

# A shard of a table's stream lives for about four hours, so its children can wait this long.
SHARDS_SECONDS = 10
STOP_SECONDS = 0.5

# The attempts are the pipe's own, to be counted and to be given up when the worker is to stop.
CLIENTS = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

log = logging.getLogger(__name__)


def main() -> int:
    """Run until a signal; return the process' exit code."""
    parser = argparse.ArgumentParser(prog="python -m local_aws.pipe", description="Runs a deployed pipe.")
    parser.add_argument("--stack-name", required=True)
    parser.add_argument("--state-dir", required=True, type=Path)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    try:
        settings = pipe_settings.read(find(boto3.Session(), arguments.stack_name))
    except (StackError, pipe_settings.PipeError) as error:
        log.error("%s", error)  # noqa: TRY400 - the text says it all
        return 1
    except (ClientError, BotoCoreError) as error:
        log.error("The pipe's settings can't be read: %s", in_one_line(error))  # noqa: TRY400 - likewise
        return 1
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    role = roles.assume(settings.role_arn, "pipe")
    pipe = Pipe(
        settings,
        streams=role.client("dynamodbstreams", config=CLIENTS),
        kinesis=role.client("kinesis", config=CLIENTS),
        sqs=role.client("sqs", config=CLIENTS),
        state_dir=arguments.state_dir,
        stop=stop,
        clock=time.time,
    )
    log.info("Pipe %s carries %s to %s", settings.name, settings.source_arn, settings.target_arn)
    return carry(pipe, stop)


def carry(pipe: Pipe, stop: threading.Event) -> int:
    """Carry every shard until `stop` is set, each in a thread of its own, so that none holds up another.

    Returns 0, or 1 if this program has a mistake.
    """
    threads: dict[str, threading.Thread] = {}
    crashed = threading.Event()

    def carry_one(shard: Shard) -> None:
        try:
            shard.carry()
        except Exception:
            log.exception("Pipe %s can't go on", pipe.settings.name)
            crashed.set()
            stop.set()

    failures = 0
    while not stop.is_set():
        try:
            shard_ids = list_ready_shards(pipe)
        except FAILURES as error:
            failures += 1
            log.error("Pipe %s could not list shards: %s", pipe.settings.name, in_one_line(error))  # noqa: TRY400
            stop.wait(rules.backoff_seconds(failures))
            continue
        failures = 0
        for shard_id in shard_ids:
            if shard_id not in threads:
                shard = Shard(pipe, shard_id, checkpoint(pipe, shard_id))
                threads[shard_id] = threading.Thread(target=carry_one, args=(shard,), daemon=True)
                threads[shard_id].start()
        stop.wait(SHARDS_SECONDS)
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads.values():
        thread.join(max(deadline - time.monotonic(), 0))
    return 1 if crashed.is_set() else 0


def list_ready_shards(pipe: Pipe) -> list[str]:
    """Return the ids of the shards to carry now. Raises FAILURES."""
    shards: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        answer = pipe.streams.describe_stream(StreamArn=pipe.settings.source_arn, **start)
        stream = required(answer, "StreamDescription")
        shards += required(stream, "Shards")
        if "LastEvaluatedShardId" not in stream:
            break
        start = {"ExclusiveStartShardId": stream["LastEvaluatedShardId"]}
    closed = {shard["ShardId"] for shard in shards if checkpoint(pipe, shard["ShardId"]).closed}
    return rules.ready_shards(shards, closed)


if __name__ == "__main__":
    sys.exit(main())
