"""What `sales up` says once the pipeline runs, and what it shows on a terminal."""

import os
import re
import signal

import pytest

from sales_pipeline.local.up import greeting
from tests.e2e.sales import left_processes
from tests.unit.sales_pipeline.on_terminal import OTHER_SCREEN, OWN_SCREEN, SHOW_CURSOR, on_terminal

UP = "tests.unit.sales_pipeline.local.up_without_aws"


def test_one_line_leads_another_terminal_there():
    said = greeting("http://127.0.0.1:4566", "/log", None)
    assert '\neval "$(sales env)"\n' in said
    assert "It listens on http://127.0.0.1:4566.\n" in said


def test_where_the_port_is_taken_it_says_so_and_names_no_other():
    said = greeting("http://127.0.0.1:40123", "/log", None)
    assert "It listens on http://127.0.0.1:40123, because another program uses port 4566.\n" in said


def test_a_terminal_without_sales_home_gets_it_with_that_line():
    said = greeting("http://127.0.0.1:4566", "/", "/my folder")
    assert "\neval \"$(SALES_HOME='/my folder' sales env)\"\n" in said
    assert "run this, so that `sales`, the AWS CLI and boto3 find this pipeline:\n" in said
    assert "commands of `sales` find" not in said


def test_where_mock_orders_do_not_fit_it_says_why_and_that_none_is_written():
    said = greeting("http://127.0.0.1:4566", "/log", None, "$.dynamodb.NewImage.id: expected N, found nothing")
    assert "An order is written" not in said
    assert "Write orders of your own, until Ctrl-C" in said
    assert "($.dynamodb.NewImage.id: expected N, found nothing)" in said


@pytest.fixture
def on_screen(tmp_path):
    def on_screen(**settings):
        return on_terminal(UP, columns=100, SALES_HOME=str(tmp_path / "home"), SILENT="", **settings)

    return on_screen


def test_on_a_terminal_it_shows_the_stages_and_what_happens_to_the_stand_ins(on_screen, tmp_path):
    with on_screen() as terminal:
        terminal.until(lambda printed: "sales env" in printed.partition(OTHER_SCREEN)[2])
        before, _, screen = terminal.printed.partition(OTHER_SCREEN)
        assert "The pipeline runs." in before
        assert "Ctrl-C stops the pipeline." in screen
        assert "sales env" in screen
        (pipe,) = [number for number, words in left_processes(tmp_path) if re.search(rb"\0pipe\0\d+\0$", words)]
        os.kill(int(pipe), signal.SIGKILL)
        said = "the stand-in for EventBridge Pipes was ended by SIGKILL"
        terminal.until(lambda printed: said in printed.rpartition("[H")[2])
        assert OWN_SCREEN not in terminal.printed
        assert terminal.end(signal.SIGINT) == 0
        after = terminal.printed.rpartition(OWN_SCREEN)[2]
        assert said in after
        assert SHOW_CURSOR in terminal.printed
        assert left_processes(tmp_path) == []


def test_a_screen_that_fails_ends_it_in_one_line(on_screen, tmp_path):
    with on_screen(SCREEN_FAILS="") as terminal:
        assert terminal.end() == 1
        assert (
            terminal.printed.rpartition(OWN_SCREEN)[2].strip()
            == "error: no screen. This is a problem on this machine, not on AWS"
        )
        assert left_processes(tmp_path) == []
