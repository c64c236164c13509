"""A stand-in that ends is started again, but not one that refuses its settings."""

import subprocess
import sys

import pytest

from local_aws import workers
from local_aws.errors import SETTINGS_EXIT_CODE


@pytest.fixture
def run(tmp_path):
    """Run stand-ins that end with these exit codes, one after the other, and look at each that often."""

    def run(looks, *codes):
        left, waits = list(codes), []
        log_path = tmp_path / "crawler.log"

        def start(name):
            program = f"import sys; print('starting'); print('reason of {name}'); sys.exit({left.pop(0)})"
            with log_path.open("ab") as log:
                return subprocess.Popen([sys.executable, "-c", program], stdout=log)

        running = workers.Workers(start, tmp_path)
        running.start("crawler")
        for _ in range(looks):
            for process in running.running.values():
                process.wait(10)
            running.restart_ended(waits.append)
        running.stop()
        assert waits == [workers.RESTART_SECONDS] * (len(codes) - len(left) - 1)
        return len(codes) - len(left)

    return run


def test_one_that_ends_is_started_again_each_time(run, caplog):
    assert run(3, 1, 0, -9 % 256, 1) == 4
    assert caplog.text.count("is started again") == 3


def test_one_that_refuses_its_settings_is_not_started_again_and_its_reason_is_logged_once(run, caplog):
    assert run(3, 1, SETTINGS_EXIT_CODE, 0) == 2
    assert caplog.text.count("crawler is not started again, because it refuses its settings: reason of crawler") == 1
