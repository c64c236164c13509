"""Stands in for EventBridge Pipes, which the emulator does not run to Kinesis: carries the table's changes there.

`python -m local_aws.pipe --stack-name NAME --state-dir DIR` runs until SIGTERM or SIGINT, with the role of the deployed
pipe. It saves its checkpoint in DIR only after a change is in Kinesis or in a dead letter. So a change may arrive
twice, but none is lost. A pipe that was changed is read again at the next start.

AWS differs: it reads as many shards as the stream has, where the emulator has one. It disables a pipe after lasting 4xx
errors.
"""

import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import boto3
from botocore.config import Config

from common.clock import now_ms
from local_aws import program, roles
from local_aws.answers import FAILURES, required
from local_aws.errors import SettingsError, one_line
from local_aws.pipe import rules
from local_aws.pipe import settings as pipe_settings
from local_aws.pipe.checkpoint import ShardCheckpoint
from local_aws.pipe.worker import Worker
from local_aws.saving import Report
from sales_pipeline.aws.stack import find

# The pipe makes each attempt itself, so that it can count them.
CLIENTS = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

log = logging.getLogger(__name__)


def main() -> int:
    """Carry changes until a signal ends the process; return the exit code."""
    arguments = program.parser("local_aws.pipe").parse_args()
    for ending in (signal.SIGTERM, signal.SIGINT):
        # At once, wherever it is: the checkpoint makes that safe.
        signal.signal(ending, lambda *_: sys.exit())
    report = program.reporter(arguments.report_fd)
    return program.run(lambda: _run(arguments.stack_name, arguments.state_dir, report))


def _run(stack_name: str, state_dir: Path, report: Report) -> NoReturn:
    settings = pipe_settings.read(find(boto3.Session(), stack_name))
    state_dir.mkdir(parents=True, exist_ok=True)
    role = roles.assume(settings.role_arn, "pipe")
    streams: Any = role.client("dynamodbstreams", config=CLIENTS)
    shard_id = find_shard(streams, settings.source_arn)
    log.info("Pipe %s carries %s to %s", settings.name, settings.source_arn, settings.target_arn)
    Worker(
        settings,
        shard_id,
        ShardCheckpoint(state_dir / f"pipe-{shard_id}.json", settings.source_arn),
        streams=streams,
        kinesis=role.client("kinesis", config=CLIENTS),
        sqs=role.client("sqs", config=CLIENTS),
        report=report,
        sleep=time.sleep,
        monotonic=time.monotonic,
        clock=lambda: now_ms() / 1000,
    ).run()


def find_shard(streams: Any, stream_arn: str) -> str:  # noqa: ANN401 - there are no stubs for it
    """Return the id of the stream's one shard. Try until the stream answers. Raises SettingsError for more shards."""
    failures = 0
    while True:
        try:
            stream = required(streams.describe_stream(StreamArn=stream_arn), "StreamDescription")
            shard_ids: list[str] = [shard["ShardId"] for shard in required(stream, "Shards")]
            break
        except FAILURES as error:
            failures += 1
            log.error("Can't describe %s: %s", stream_arn, one_line(error))  # noqa: TRY400 - the line says it all
            time.sleep(rules.retry_seconds(failures))
    if len(shard_ids) != 1:
        raise SettingsError(f"Stream {stream_arn} has {len(shard_ids)} shards, and the stand-in takes one.")
    return shard_ids[0]


if __name__ == "__main__":
    sys.exit(main())
