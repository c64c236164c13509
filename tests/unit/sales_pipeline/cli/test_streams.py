"""What the commands do with a terminal, a file, a pipe, a full disk, and a stream that is closed."""

import csv
import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from sales_pipeline.cli import app as cli

DRIVER = Path(__file__).with_name("sales_with_rows.py")
PLAN = ["plan", "--orders-per-second", "5"]
COMMANDS = {
    **{name: [name, "--help"] for name in get_command(cli.app).commands},
    "the version": ["--version"],
    "a plan": PLAN,
    "a plan in JSON": [*PLAN, "--format", "json"],
    "a table": ["query", "umlaut"],
    "CSV": ["query", "many", "--format", "csv"],
    "JSON": ["query", "many", "--format", "json"],
    "one line": ["crawl"],
}
COMMANDED = "\x1b\x07\r\x9b\u202e\u200b\u2028"


OUTPUTS = ("gone", "full", "closed")
OTHERS = {
    "table": ["query", "nasty"],
    "CSV": ["query", "nasty", "--format", "csv"],
    "spreadsheet": ["query", "nasty", "--format", "spreadsheet"],
    "JSON": ["query", "nasty", "--format", "json"],
    "error": ["query", "fails"],
    "line": ["crawl"],
    "wrong value": ["query", "x", "--format", "\x1b[31m"],
    "wrong command": ["\x1b]0;owned\x07"],
    "wrong option": ["query", "--\x9bx"],
    "wrong time": ["failures", "--since", "\x1b[31m"],
}
GIVEN = {"UTF-8": "SELECT 'Kürbis'".encode(), "mark": b"\xef\xbb\xbfSELECT 1", "latin-1": b"SELECT '\xff'"}
UMLAUT = ["query", "umlaut", "--format"]
# Cases by name; the driver runs them all in one process, once for each locale.
CASES = {
    **{(name, output): {"command": COMMANDS[name], "output": output} for name in COMMANDS for output in OUTPUTS},
    **{(bad, "works"): {"command": [*UMLAUT, "csv"], "errors": bad} for bad in OUTPUTS},
    **{(bad, "fails"): {"command": ["query", "fails"], "errors": bad} for bad in OUTPUTS},
    **{("shown", name): {"command": OTHERS[name], "output": "terminal", "errors": "terminal"} for name in OTHERS},
    "csv in a file": {"command": OTHERS["CSV"]},
    "json in a file": {"command": OTHERS["JSON"]},
    "two in json": {"command": ["query", "twice", "--format", "json"]},
    "two in csv": {"command": ["query", "twice", "--format", "csv"]},
    "error in a file": {"command": ["query", "fails"]},
}
LOCALISED = {
    "csv": {"command": [*UMLAUT, "csv"]},
    "json": {"command": [*UMLAUT, "json"]},
    "table": {"command": [*UMLAUT, "table"]},
    "terminal": {"command": [*UMLAUT, "table"], "output": "terminal"},
    "error": {"command": ["query", "nasty", "--über"], "errors": "terminal"},
    "argument": {"command": ["query", "SELECT 'Kürbis'", "--format", "csv"]},
    **{("given", name): {"command": ["query", "-", "--format", "csv"], "input": GIVEN[name].hex()} for name in GIVEN},
}
LOCALES = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "POSIX": {"LC_ALL": "POSIX", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@cache
def results(locale=None):
    cases = LOCALISED if locale else CASES
    ended = subprocess.run(
        [sys.executable, DRIVER, json.dumps(list(cases.values()))],
        env=os.environ | LOCALES.get(locale, {}),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return dict(zip(cases, json.loads(ended.stdout), strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_quietly_with_its_reader(name):
    result = results()[name, "gone"]
    assert (result["code"], result["errors"]) == (141, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_an_error_in_one_line(name):
    result = results()[name, "full"]
    assert result["code"] == 1
    assert result["errors"] == "error: writing to standard output failed: No space left on device\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_nothing_where_standard_output_is_closed(name):
    result = results()[name, "closed"]
    assert result["code"] == 1
    assert result["errors"].startswith("error: standard output is closed, so nothing was done")
    assert result["errors"].count("\n") == 1
    assert result["asked"] == []


@pytest.mark.parametrize("errors", OUTPUTS)
def test_a_command_works_without_standard_error(errors):
    good, bad = results()[errors, "works"], results()[errors, "fails"]
    assert (good["code"], good["output"]) == (0, "name,price\nKürbis 漢字 ⓐ,1.50\n")
    assert (bad["code"], bad["output"]) == (1, "")


@pytest.mark.parametrize("name", OTHERS)
def test_a_terminal_gets_no_command_that_somebody_else_wrote(name):
    result = results()["shown", name]
    # The line discipline of the terminal ends lines in CR and LF. Bold is the table's own.
    shown = (result["output"] + result["errors"]).replace("\r\n", "\n")
    shown = shown.replace("\x1b[1m", "", 1).replace("\x1b[0m", "", 1)
    assert shown.strip()
    assert not set(shown) & set(COMMANDED)
    if result["code"] == 0:
        assert "\\x1b[31mred" in shown or "\\u001b[31mred" in shown


def test_a_row_of_csv_is_one_line_on_a_terminal():
    assert len(results()["shown", "CSV"]["output"].splitlines()) == 2


def test_a_file_gets_the_text_as_it_is():
    text = "a\x1b[31mred\x9b1m\u202egnp\u200b\u2028\x07\rb"
    assert list(csv.reader(io.StringIO(results()["csv in a file"]["output"], newline="")))[1] == [text, "1"]
    assert json.loads(results()["json in a file"]["output"]) == {"name\x1b[1m": text, "n": 1}


def test_an_error_is_one_line_though_a_library_logs_it_too():
    errors = results()["error in a file"]["errors"]
    assert errors.startswith("error: Athena says: no column")
    assert errors.count("\n") == 1


def test_two_columns_of_one_name_are_an_error_in_json():
    result = results()["two in json"]
    assert (result["code"], result["output"]) == (1, "")
    assert "several columns are called a" in result["errors"]
    assert results()["two in csv"]["output"] == "a,a\n1,2\n"


@pytest.mark.parametrize("locale", LOCALES)
def test_files_are_utf8_in_every_locale(locale):
    found = results(locale)
    assert found["csv"]["output"] == "name,price\nKürbis 漢字 ⓐ,1.50\n"
    assert json.loads(found["json"]["output"]) == {"name": "Kürbis 漢字 ⓐ", "price": 1.5}
    assert "Kürbis 漢字 ⓐ" in found["table"]["output"]
    assert found["argument"]["output"] == "sql\nSELECT 'Kürbis'\n"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_terminal_shows_what_it_can(locale):
    found = results(locale)
    umlaut = "\\xfc" if locale == "latin-1" else "?"  # one byte, as the driver reads it
    assert f"K{umlaut}rbis ?? ?" in found["terminal"]["output"]
    assert (found["terminal"]["code"], found["error"]["code"]) == (0, 2)


@pytest.mark.parametrize("locale", LOCALES)
def test_sql_on_standard_input_is_utf8(locale):
    found = results(locale)
    assert found["given", "UTF-8"]["asked"] == ["SELECT 'Kürbis'"]
    assert found["given", "mark"]["asked"] == ["SELECT 1"]
    assert (found["given", "latin-1"]["code"], found["given", "latin-1"]["asked"]) == (2, [])
    assert "standard input is not UTF-8" in " ".join(found["given", "latin-1"]["errors"].split())
