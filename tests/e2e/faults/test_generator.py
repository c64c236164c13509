"""A generator killed in the middle of a batch, and a schedule that fires twice, neither lose nor duplicate orders."""

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from tests import ROOT

GENERATOR = ROOT / "src" / "generator" / "mock_data_generator_for_dynamodb.py"
ORDERS = 100
TAKEN = 10
SCHEDULED_ORDERS = 20
END_SECONDS = 30


def test_a_generator_killed_in_mid_batch_is_run_again_and_a_schedule_fires_twice(pipeline):
    table = pipeline.stack["TableName"]
    command = [sys.executable, GENERATOR, "--table", table, "--endpoint-url", pipeline.proxy.url]
    command += ["--rate", "1000", "--count", str(ORDERS), "--seed", "7", "--start-time", "2026-11-22T16:00:00Z"]
    generators = []

    def generate():
        generators.append(subprocess.Popen(command, env=pipeline.emulator.environment, stdout=subprocess.DEVNULL))
        return generators[-1].wait(END_SECONDS)

    def take_some_and_kill(request, _):
        some = json.loads(request.body)["RequestItems"][table][:TAKEN]
        pipeline.client("dynamodb").batch_write_item(RequestItems={table: some})
        generators[0].kill()

    with (
        pipeline.proxy.meet("DynamoDB.BatchWriteItem", lambda _, forward: forward(), times=1),
        pipeline.proxy.meet("DynamoDB.BatchWriteItem", take_some_and_kill, times=1),
    ):
        assert generate() == -signal.SIGKILL
    assert len(pipeline.order_ids()) == 25 + TAKEN
    assert generate() == 0

    last_minute = (datetime.now(UTC) - timedelta(minutes=2)).replace(second=0, microsecond=0)
    payload = json.dumps({"scheduled_time": last_minute.isoformat()})
    with ThreadPoolExecutor() as pool:
        invoke = pipeline.client("lambda").invoke
        name = pipeline.stack["GeneratorFunctionName"]
        fired = [pool.submit(invoke, FunctionName=name, Payload=payload) for _ in range(2)]
        answers = [json.load(each.result()["Payload"]) for each in fired]
    assert sum(answer["written"] for answer in answers) == SCHEDULED_ORDERS, answers
    assert sum(answer["already_there"] for answer in answers) == SCHEDULED_ORDERS, answers

    pipeline.settle()
    assert len(pipeline.order_ids()) == ORDERS + SCHEDULED_ORDERS
    assert pipeline.delivered() == dict.fromkeys(pipeline.order_ids(), 1)
    assert pipeline.failed() == {}
    assert pipeline.reconcile() == (0, {"verdict": "equal"})
