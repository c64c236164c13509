"""Runs `sales watch` on what the samples say, without AWS."""

import os
import sys
from functools import partial
from types import SimpleNamespace

from botocore.exceptions import ClientError

from sales_pipeline import __main__ as sales
from sales_pipeline.cli import looking, options
from sales_pipeline.errors import SalesError
from sales_pipeline.watch import display, run
from sales_pipeline.watch.poll import Source
from tests.unit.sales_pipeline.watch.samples import NOW_MS, TIMES, TITLE, values


def read(value):
    if "EXPIRED" in os.environ:
        raise ClientError({"Error": {"Code": "ExpiredTokenException"}}, "Get")
    return value


def check():
    if "ENDED" in os.environ:
        raise SalesError("the pipeline on this machine has ended: start another one with `sales up`")


if __name__ == "__main__":
    run.sources_of = lambda *_: {name: Source(partial(read, value), lambda: 60.0) for name, value in values().items()}
    run.times_of = lambda _: TIMES
    run.place = lambda *_: TITLE.partition(" on ")[2]
    run.now_ms = lambda: NOW_MS
    run.LINE_SECONDS = run.LOOK_SECONDS = 0.05
    display.TICK_SECONDS = 0.05
    stack = SimpleNamespace(name=TITLE.partition(" on ")[0])
    options.Target.measurements, options.Target.say_where = None, lambda *_: None
    options.Target.check = lambda _: check()
    looking.locate = lambda *_: options.Target(stack)
    sys.argv = ["sales", "watch"]
    sales.main()
