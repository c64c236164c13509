"""A pipeline that is drained as docs/updating.md says loses no order when its table is replaced."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from sales_pipeline.aws.stack import find
from sales_pipeline.reconcile import compare as reconcile
from tests.e2e.docs.shell import procedure

NAME = "drained"
ORDERS = 30
SECONDS = 60


@pytest.fixture(scope="module")
def state_dir(quick_pipeline):
    """A pipeline of its own; the folder of its stand-ins' state."""
    with quick_pipeline(NAME) as (_, state_dir):
        yield state_dir


def overrides(text):
    """Return the parameters that a command of the page sets."""
    named = re.fullmatch(r"sam build && sam deploy --parameter-overrides (.+)", text)
    return dict(each.split("=") for each in named[1].split())


@pytest.fixture
def reconciled(emulator, capsys):
    def reconciled():
        """Run `sales reconcile` until two runs count the same orders, and the lake has all of them."""
        deadline, before = time.monotonic() + SECONDS, None
        while True:
            code = reconcile.run(find(emulator.session(), NAME), "json", in_progress_seconds=SECONDS / 2)
            found = json.loads(capsys.readouterr().out)
            if code == 0 and found["orders"] == before:
                return found
            assert time.monotonic() < deadline, found
            before = found["orders"]

    return reconciled


def end_the_stand_in_for_the_pipe(state_dir):
    """End it, so that its supervisor starts it again: only then it reads the settings of a pipe that was replaced."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if b"local_aws.pipe" in words and os.fsencode(state_dir / "pipe") in words:
            os.kill(int(process.parent.name), signal.SIGTERM)


def test_a_table_is_replaced_after_the_pipeline_was_drained(client, sam, quick_template, state_dir, reconciled):
    off, compare, change, on = procedure("updating.md", "## Drain", "## Pause the pipe")
    assert (overrides(off), overrides(on)) == ({"GeneratorState": "DISABLED"}, {"GeneratorState": "ENABLED"})
    assert compare == "sales reconcile"

    def write(table, number):
        values = {"product_name": {"S": "x"}, "quantity": {"N": "1"}, "price": {"N": "1.5"}}
        for each in range(number):
            client("dynamodb").put_item(TableName=table, Item=values | {"orderid": {"S": f"{table}-{each}"}})

    write(f"{NAME}_orders", ORDERS)
    found = reconciled()
    assert (found["verdict"], found["orders"]) == ("equal", ORDERS)

    stack = sam.deploy(quick_template, NAME, overrides(change))
    generator = client("scheduler").get_schedule(Name=stack["GeneratorScheduleName"])
    assert (generator["State"], stack["TableName"]) == ("DISABLED", "order_table_2")
    end_the_stand_in_for_the_pipe(state_dir)
    write("order_table_2", 1)
    found = reconciled()
    assert (found["orders"], found["unknown"]["count"]) == (1, ORDERS)  # the rows of the old table stay
