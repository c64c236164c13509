"""Stands in for Amazon Data Firehose: from a Kinesis data stream through the transformation function to S3.

`python -m local_aws.firehose --stack-name NAME --state-dir DIR` runs until SIGTERM or SIGINT. It may end at any point:
the next one reads again all records that are not in S3 yet.
"""

import signal
import sys

import boto3

from local_aws import program
from local_aws.firehose.stream import Stream
from local_aws.firehose.worker import Worker
from sales_pipeline.aws.stack import find


def main() -> int:
    """Deliver until a signal ends the process; return the exit code."""
    arguments = program.parser("local_aws.firehose").parse_args()
    for ending in (signal.SIGTERM, signal.SIGINT):
        # At once, wherever it is: a checkpoint makes that safe.
        signal.signal(ending, lambda *_: sys.exit())
    report = program.reporter(arguments.report_fd)
    return program.run(
        lambda: Worker(Stream(find(boto3.Session(), arguments.stack_name), arguments.state_dir), report).run()
    )


if __name__ == "__main__":
    sys.exit(main())
