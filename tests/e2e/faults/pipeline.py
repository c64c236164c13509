"""The pipeline into which tests inject faults, with methods to change it and to look at it."""

import functools
import io
import json
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from generator.pace import BATCH_SIZE
from local_aws import stand_ins
from local_aws.emulator import Emulator
from local_aws.pipe.checkpoint import ShardCheckpoint
from local_aws.stand_ins import StandIn
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import replay
from sales_pipeline.failures import report as failures
from sales_pipeline.failures.records import Selection
from sales_pipeline.reconcile import backfill
from sales_pipeline.reconcile import compare as reconcile
from tests.e2e.faults.proxy import Act, Answer, Proxy

DEADLINE_SECONDS = 30
TRANSFORM = "transform.app.handler"
FUNCTION_SECONDS = 60


class Pipeline:
    """A running stack whose stand-ins call the emulator through a proxy. The methods here call it directly."""

    def __init__(self, stack: Stack, emulator: Emulator, proxy: Proxy, folder: Path) -> None:
        self.stack = stack
        self.proxy = proxy
        self.emulator = emulator
        self.state_dir = folder / "state"
        self._objects: dict[str, bytes] = {}

    @functools.cache  # noqa: B019 - there is one pipeline for all tests
    def client(self, service: str) -> Any:
        return self.stack.session.client(service, endpoint_url=self.emulator.endpoint_url)

    def put(self, *order_ids: str, **changed: dict[str, str]) -> None:
        """Write orders that differ only in their ids; `changed` replaces attributes in all of them."""
        for order_id in order_ids:
            self.client("dynamodb").put_item(TableName=self.stack["TableName"], Item=item(order_id) | changed)

    def put_all(self, items: Iterable[dict[str, dict[str, str]]]) -> None:
        """Write items in batches."""
        self._write([{"PutRequest": {"Item": each}} for each in items])

    def delete(self, *order_ids: str) -> None:
        self._write([{"DeleteRequest": {"Key": {"orderid": {"S": each}}}} for each in order_ids])

    def _write(self, requests: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(requests), BATCH_SIZE):
            batch = {self.stack["TableName"]: requests[start : start + BATCH_SIZE]}
            assert not self.client("dynamodb").batch_write_item(RequestItems=batch)["UnprocessedItems"]

    def order_ids(self) -> list[str]:
        """Return the ids of the orders in the table."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.stack["TableName"], ProjectionExpression="orderid")
        )
        return [each["orderid"]["S"] for page in pages for each in page["Items"]]

    def keys(self, prefix: str) -> list[str]:
        pages = (
            self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.stack["BucketName"], Prefix=prefix)
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def rows(self) -> list[dict[str, Any]]:
        """Read the rows of the lake."""
        for key in self.keys("sales_data/"):
            if key not in self._objects:  # Firehose never writes to an object twice
                answer = self.client("s3").get_object(Bucket=self.stack["BucketName"], Key=key)
                self._objects[key] = answer["Body"].read()
        return [json.loads(line) for body in self._objects.values() for line in body.splitlines()]

    def delivered(self) -> Counter[str]:
        """Count the rows of each order."""
        return Counter(row["orderid"] for row in self.rows())

    def failed(self) -> dict[str, int]:
        """Return the number of failed changes by reason, from `sales failures`."""
        printed = _printed(failures.run, self.stack, Selection(), "json", each=False)[1]
        return {each["reason"]: each["changes"] for each in map(json.loads, printed.splitlines())}

    def replay(self) -> tuple[int, str]:
        """Replay everything; return the exit code and the output."""
        return _printed(replay.run, self.stack, Selection(), send=True, replays_max=3)

    def backfill(self) -> int:
        """Run a backfill; return the exit code."""
        return _printed(backfill.run, self.stack, send=True, in_progress_seconds=0)[0]

    def reconcile(self) -> tuple[int, dict[str, Any]]:
        """Reconcile, with nothing in progress; return the exit code, and the report without its empty counts."""
        code, printed = _printed(reconcile.run, self.stack, "json", in_progress_seconds=0, samples=100_000)
        report = json.loads(printed)
        found = {name: each["samples"] for name, each in report.items() if isinstance(each, dict) and each.get("count")}
        assert report["unread"]["rows"]["count"] == report["unread"]["objects"]["count"] == 0, report
        return code, {"verdict": report["verdict"]} | found

    def settle(self) -> None:
        """Wait until the pipe and Firehose have processed everything that was written."""
        eventually(self.left, {})

    def left(self) -> dict[str, str | None]:
        """Return the stages that have work left, each with the sequence number after which it continues."""
        streams, kinesis = self.client("dynamodbstreams"), self.client("kinesis")
        arn = self.stack["TableStreamArn"]
        left: dict[str, str | None] = {}
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            checkpoint = ShardCheckpoint(self.state_dir / "pipe" / f"pipe-{shard['ShardId']}.json", arn)
            position = {"StreamArn": arn, "ShardId": shard["ShardId"]} | _after(checkpoint.sequence_number)
            iterator = streams.get_shard_iterator(**position)["ShardIterator"]
            if streams.get_records(ShardIterator=iterator, Limit=1)["Records"]:
                left["pipe"] = checkpoint.sequence_number
        path = self.state_dir / "firehose" / f"firehose-{self.stack['DeliveryStreamName']}" / "checkpoint.json"
        positions = json.loads(path.read_text()) if path.exists() else {}
        name = self.stack["StreamName"]
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            after = positions.get(shard["ShardId"])
            position = {"StreamName": name, "ShardId": shard["ShardId"]} | _after(after, "Starting")
            iterator = kinesis.get_shard_iterator(**position)["ShardIterator"]
            if kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"]:
                left["firehose"] = after
        return left

    def clean(self) -> None:
        """Empty table, bucket and queue, and switch back to the real transform."""
        self.break_transform(TRANSFORM)
        self.settle()
        self.delete(*self.order_ids())
        for key in self.keys(""):
            self.client("s3").delete_object(Bucket=self.stack["BucketName"], Key=key)
        self._objects.clear()
        self.client("sqs").purge_queue(QueueUrl=self.stack["PipeDeadLetterQueueUrl"])

    def break_transform(self, handler: str, timeout_seconds: int = FUNCTION_SECONDS) -> None:
        """Switch the transform function to another handler."""
        settings = {"Handler": handler, "Timeout": timeout_seconds}
        name = self.stack["TransformFunctionName"]
        now = self.client("lambda").get_function_configuration(FunctionName=name)
        if settings != {key: now[key] for key in settings}:
            self.client("lambda").update_function_configuration(FunctionName=name, **settings)

    def kill(self, worker: str) -> None:
        """End a stand-in with SIGKILL; `local_aws.workers` starts it again."""
        os.kill(self._process(f"-m\0local_aws.{worker}\0", os.fsdecode(self.state_dir / worker)), signal.SIGKILL)

    def kill_transform(self) -> None:
        """End the process in which the emulator runs the transform with SIGKILL."""
        os.kill(self._process(f"{self.stack['TransformFunctionName']}-", "/_worker.py"), signal.SIGKILL)

    def stand_in(self, worker: str) -> StandIn:
        """Return what the supervisor says of a stand-in."""
        return (stand_ins.read(self.state_dir) or {})[worker]

    @contextmanager
    def full_disk(self, worker: str) -> Iterator[None]:
        """Let a stand-in write no byte to any file until the `with` block ends, as on a full disk."""
        process_id = self._process(f"-m\0local_aws.{worker}\0", os.fsdecode(self.state_dir / worker))
        soft, hard = resource.prlimit(process_id, resource.RLIMIT_FSIZE)
        resource.prlimit(process_id, resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.prlimit(process_id, resource.RLIMIT_FSIZE, (soft, hard))

    def _process(self, *words: str) -> int:
        """Return the id of the one process with all these words in its command line."""
        [process] = [
            path for path in Path("/proc").glob("[0-9]*") if all(each.encode() in _command_line(path) for each in words)
        ]
        return int(process.name)

    def kill_before(self, worker: str) -> Act:
        """Return an act that kills the stand-in before the emulator gets its call."""
        return lambda *_: self.kill(worker)

    def kill_after(self, worker: str) -> Act:
        """Return an act that kills the stand-in after the emulator has done its call, and before it gets the answer."""

        def act(_: object, forward: Callable[[], Answer]) -> None:
            forward()
            self.kill(worker)

        return act

    @contextmanager
    def denied(self, logical_id: str, policy_name: str, action: str) -> Iterator[None]:
        """Deny an action in a role's policy until the `with` block ends."""
        iam = self.client("iam")
        role_name = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack.name, LogicalResourceId=logical_id
        )["StackResourceDetail"]["PhysicalResourceId"]
        policy = {"RoleName": role_name, "PolicyName": policy_name}
        granted = iam.get_role_policy(**policy)["PolicyDocument"]
        deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted | {"Statement": [*granted["Statement"], deny]}))
        try:
            yield
        finally:
            iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted))


def item(order_id: str) -> dict[str, dict[str, str]]:
    return {
        "orderid": {"S": order_id},
        "product_name": {"S": "Käse"},
        "quantity": {"N": "1"},
        "price": {"N": "2.5"},
    }


def eventually(see: Callable[[], Any], expected: Any) -> None:
    """Call `see` until it returns `expected`; fail after DEADLINE_SECONDS."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (seen := see()) != expected:
        assert time.monotonic() < deadline, f"not in {DEADLINE_SECONDS} s: {expected}; last seen: {seen}"
        time.sleep(0.2)


def _after(sequence_number: str | None, prefix: str = "") -> dict[str, str]:
    if sequence_number is None:
        return {"ShardIteratorType": "TRIM_HORIZON"}
    return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", f"{prefix}SequenceNumber": sequence_number}


def _printed(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, str]:
    with redirect_stdout(io.StringIO()) as printed:
        returned = call(*arguments, **options)
    return returned, printed.getvalue()


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
