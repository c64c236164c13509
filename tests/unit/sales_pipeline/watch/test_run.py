"""`sales watch` as a process: on a terminal that changes its size, on a dumb one, in a pipe, and at its end."""

import os
import re
import signal
import subprocess
import sys

import pytest
from rich.cells import cell_len

from tests.unit.sales_pipeline.on_terminal import (
    HIDE_CURSOR,
    OTHER_SCREEN,
    OWN_SCREEN,
    SECONDS,
    SHOW_CURSOR,
    on_terminal,
    run_in,
)

HOME = "\x1b[H"
WATCH = "tests.unit.sales_pipeline.watch.sales_watch"


def frames(printed):
    """Return the lines of each screen that was drawn whole."""
    drawn = printed.partition(OTHER_SCREEN)[2].split(HOME)[2:-1]
    return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", each).split("\r\n") for each in drawn]


def is_drawn(columns, lines):
    def holds(printed):
        found = frames(printed)
        return (
            found
            and len(found[-1]) == lines
            and max(map(cell_len, found[-1])) == columns
            and "Laptop"[: 0 if columns < 80 else None] in "".join(found[-1])
        )

    return holds


def test_ctrl_c_gives_the_terminal_back_after_every_change_of_its_size():
    with on_terminal(WATCH) as terminal:
        for columns, lines in ((80, 40), (40, 24), (200, 50), (20, 3)):
            terminal.resize(columns, lines)
            terminal.until(is_drawn(columns, lines))
        assert (terminal.printed.count(OTHER_SCREEN), terminal.printed.count(HIDE_CURSOR)) == (1, 1)
        # An impatient person presses it twice.
        assert terminal.end(signal.SIGINT, signal.SIGINT) == 0
        last = terminal.printed.rpartition(OWN_SCREEN)[2]
        assert SHOW_CURSOR in terminal.printed.rpartition(HIDE_CURSOR)[2]
        assert re.search(r"no problem  stream: .*dead letters: none\r\n", last)
        assert "Traceback" not in terminal.printed


def test_ctrl_z_gives_the_terminal_back_until_the_program_goes_on():
    with on_terminal(WATCH) as terminal:
        terminal.until(is_drawn(80, 40))
        process_id = terminal.process.pid
        os.kill(process_id, signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(process_id, os.WUNTRACED)[1])
        terminal.until(lambda printed: SHOW_CURSOR in printed.rpartition(OWN_SCREEN)[2])
        os.kill(process_id, signal.SIGCONT)
        terminal.until(lambda printed: is_drawn(80, 40)(printed.partition(OWN_SCREEN)[2]))
        assert HIDE_CURSOR in terminal.printed.rpartition(OTHER_SCREEN)[2]
        assert terminal.end(signal.SIGINT) == 0


def test_the_terminal_s_size_counts_and_not_that_of_variables():
    with on_terminal(WATCH, COLUMNS="200", LINES="10") as terminal:
        terminal.until(is_drawn(80, 40))
        assert terminal.end(signal.SIGTERM) == 0


def test_without_colours_and_on_a_dumb_terminal_it_draws_what_it_can():
    with on_terminal(WATCH, NO_COLOR="1") as plain, on_terminal(WATCH, TERM="dumb") as dumb:
        plain.until(is_drawn(80, 40))
        assert plain.end(signal.SIGTERM) == 0
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", plain.printed)
        dumb.until(lambda printed: printed.count("no problem") >= 2)
        assert dumb.end(signal.SIGHUP) == 0
        assert "\x1b" not in dumb.printed


def run(**settings):
    environment = os.environ | run_in(settings)
    return subprocess.Popen(
        [sys.executable, "-m", WATCH], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_pipe_gets_a_line_now_and_then():
    process = run()
    lines = [process.stdout.readline() for _ in range(2)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, "")
    for line in (*lines, *rest.splitlines()):
        assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  no problem  .*dead letters: none$", line)


def test_a_reader_that_ends_ends_it():
    process = run()
    process.stdout.readline()
    process.stdout.close()
    assert (process.wait(SECONDS), process.stderr.read()) == (141, "")
    process.stderr.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("EXPIRED", "the credentials have expired: run `aws sso login`"),
        ("ENDED", "the pipeline on this machine has ended"),
    ],
)
def test_what_cannot_go_on_ends_in_one_line(name, says):
    with on_terminal(WATCH, **{name: ""}) as terminal:
        assert terminal.end() == 1
        after = terminal.printed.rpartition(OWN_SCREEN)[2]
        assert SHOW_CURSOR in terminal.printed
        assert [line for line in after.splitlines() if "error: " in line] == after.splitlines()[-1:]
        assert says in after
