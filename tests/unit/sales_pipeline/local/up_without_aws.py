"""Runs `sales up` with all its processes, but with commands that only sleep in place of the emulator and of `sam`."""

import os
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from generator.pace import Stop
from local_aws import guard, stand_ins
from sales_pipeline import __main__ as sales
from sales_pipeline.local import health, pipeline, up
from tests.unit.sales_pipeline.watch import samples

SUPERVISOR = "tests.unit.sales_pipeline.local.supervisor"
# A command with a child, as the emulator has functions and `sam build` has `make`.
COMMAND = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "child of " + sys.argv[1]])
time.sleep(60)
"""


def start_guarded(directory, command, *rest):
    return guard.start(directory, [SUPERVISOR if each == "local_aws.workers" else each for each in command], *rest)


def run(name, log_path):
    with log_path.open("wb") as log:
        command = [sys.executable, "-c", COMMAND, name]
        return guard.start(Path(os.environ["SALES_HOME"]) / name, command, os.environ, log)


@contextmanager
def start(log_path):
    guarded = run("emulator", log_path)
    try:
        yield SimpleNamespace(
            process=guarded, log_path=log_path, environment=dict(os.environ), endpoint_url="http://127.0.0.1:4566"
        )
    finally:
        guarded.stop()


class Sam:
    def __init__(self, _emulator, _workdir, log_path, _registry_proxies):
        self.log_path = log_path

    def build(self, template_path):
        return template_path

    def deploy(self, *_):
        if "STAY_IN_DEPLOY" in os.environ:
            guarded = run("sam", self.log_path)
            try:
                guarded.wait(60)
            finally:
                guarded.stop()
            raise pipeline.LocalAwsError("sam deploy failed")


def write_orders(_, screen=None):
    if "WRITING_FAILS" in os.environ:
        return 1
    stop = Stop()
    with stop.by_signal(), screen or nullcontext():
        stop.wait(60)
    return 0


class Watch:
    def __init__(self, _stack, _measurements, hints, notes):
        self._more = {"hints": hints, "notes": notes}

    def look(self):
        if "SCREEN_FAILS" in os.environ:
            raise OSError("no screen")
        return replace(samples.look(), **self._more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


if __name__ == "__main__":
    pipeline.local_emulator = SimpleNamespace(start=start)
    pipeline.guard = SimpleNamespace(start=start_guarded)
    pipeline.Sam = Sam
    up.find = lambda *_: None
    up.view = SimpleNamespace(create=lambda _: None)
    up.Watch = Watch
    up.generate = SimpleNamespace(run=write_orders, why_unfit=lambda _: "")
    stand_ins.ANSWER_SECONDS = float(os.environ.get("ANSWER_SECONDS", "30"))
    health.LOOK_SECONDS = 0.05
    health.START_SECONDS = float(os.environ.get("START_SECONDS", "60"))
    sys.argv = ["sales", "up"]
    sales.main()
