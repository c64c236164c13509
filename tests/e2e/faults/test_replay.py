"""A replay that is killed and run again sends everything that failed."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.faults.pipeline import TRANSFORM, item
from tests.e2e.faults.proxy import Proxy

SALES = Path(sys.executable).with_name("sales")
END_SECONDS = 30
LONG_ID = "long-" + "x" * 300  # more characters than a partition key of Kinesis may have


def test_a_replay_killed_half_way_is_run_again(pipeline):
    """Killed before it keeps that Kinesis took a call, before it moves records aside, before it deletes a letter."""
    orders = [f"raises-{number}" for number in range(5)]
    pipeline.break_transform("faults.handler")
    pipeline.put_all(map(item, orders))
    pipeline.settle()
    pipeline.put(LONG_ID)
    pipeline.settle()
    failed = pipeline.failed()
    assert sorted(failed.values()) == [1, 5], failed
    pipeline.break_transform(TRANSFORM)

    with Proxy(pipeline.emulator.endpoint_url) as proxy:
        environment = pipeline.emulator.environment | {"AWS_ENDPOINT_URL": proxy.url}

        def killed(operation, part="", call=1):
            """Run a replay that is killed before it makes a call of this number."""
            replays, calls = [], []

            def act(_, forward):
                calls.append(forward)
                return replays[0].kill() if len(calls) == call else forward()

            with proxy.meet(operation, act, part=part):
                command = [SALES, "replay", "--yes", "--stack-name", pipeline.stack.name]
                replays.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
                assert replays[0].wait(END_SECONDS) == -signal.SIGKILL

        killed("S3.PutObject", "/replay/checkpoints/errors/", call=2)  # the first shows that the bucket takes them
        pipeline.settle()
        assert pipeline.delivered() == dict.fromkeys(orders, 1)
        killed("S3.PutObject", "/replay/sent/")
        killed("AmazonSQS.DeleteMessage")
    assert pipeline.failed() == {"Pipe.RetryAttemptsExhausted": 1}

    code, printed = pipeline.replay()
    assert code == 0, printed
    pipeline.settle()
    assert pipeline.failed() == {}
    # Only what Kinesis took before the first kill was sent once more.
    assert pipeline.delivered() == dict.fromkeys(orders, 2) | {LONG_ID: 1}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": orders})
