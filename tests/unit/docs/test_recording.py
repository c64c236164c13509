"""The recording of the demo: what was printed, as pictures of a terminal. The demo itself does not run here."""

import runpy
import sys
from subprocess import CalledProcessError
from xml.etree import ElementTree as ET

import pytest

from tests import ROOT

PICTURES = ROOT / "docs" / "pictures"
STYLE = (PICTURES / "demo.css").read_text()
SVG = {"": "http://www.w3.org/2000/svg"}
LONGEST_SECONDS = 32

demo = runpy.run_path(str(PICTURES / "demo.py"))


def screens(svg):
    """Return the text of each picture, as a person reads it from top to bottom."""
    drawing = ET.fromstring(svg)  # noqa: S314 - our own file
    lines = {each.get("id"): "".join(each.itertext()) for each in drawing.findall("defs/g", SVG)}
    film = drawing.find("svg/g", SVG)
    return ["\n".join(lines[each.get("href")[1:]] for each in picture) for picture in film]


def seconds(svg):
    return float(svg.partition("animation-duration: ")[2].partition("s;")[0])


def test_a_picture_is_the_screen_of_a_terminal_and_waiting_times_are_cut():
    printed = [
        (10.0, b"$ go\r\n"),
        (10.5, b"\x1b[1mname\x1b[0m  a <b> &\r\n"),
        (60.0, b"1 of 2"),
        (60.2, b"\r\x1b[2K2 of 2"),
    ]
    film = demo["pictures"](printed)
    assert [each.seconds for each in film] == pytest.approx([0.5, 1, 0.2, 6])
    svg = demo["draw"](film, STYLE)
    assert screens(svg)[-1] == "$ go\nnamea <b> &\n2 of 2"
    assert [each.splitlines()[-1] for each in screens(svg)] == ["$ go", "namea <b> &", "1 of 2", "2 of 2"]
    assert '<text class="bold" x="0"' in svg
    assert seconds(svg) == pytest.approx(7.7)


def test_what_changes_too_fast_or_not_at_all_is_no_picture_of_its_own():
    film = demo["pictures"]([(0.0, b"a"), (0.05, b"b"), (0.5, b"\rab"), (0.9, b"c\xe2"), (0.95, b"\x80\xa6")])
    assert [each.screen[0][0].text for each in film] == ["ab", "abc…"]


def test_a_long_output_scrolls():
    film = demo["pictures"]([(0.0, b"".join(b"%d\r\n" % each for each in range(50)))])
    assert [line[0].text for line in film[0].screen if line] == [str(each) for each in range(31, 50)]


def test_a_program_is_recorded_in_a_terminal_of_80_columns_and_its_failure_is_an_error(monkeypatch):
    monkeypatch.setenv("MAKELEVEL", "1")
    program = "import os, sys; print(os.get_terminal_size(), sys.stdout.isatty(), os.getenv('MAKELEVEL')); sys.exit({})"
    text = b"".join(data for _, data in demo["record"]([sys.executable, "-c", program.format(0)])).decode()
    assert text == "os.terminal_size(columns=80, lines=20) True None\r\n"
    with pytest.raises(CalledProcessError):
        list(demo["record"]([sys.executable, "-c", program.format(1)]))


def test_the_recording_goes_from_the_command_to_the_verdict_and_the_report():
    svg = (ROOT / "docs" / "demo.svg").read_text()
    first, *_, last = screens(svg)
    assert first.splitlines()[0] == "$ make demo"
    assert demo["VERDICT"].search(last)
    assert last.splitlines()[-1] == "Charts of what was sold: open .local/demo/report.html in a browser."
    assert seconds(svg) < LONGEST_SECONDS


def test_the_recording_stands_still_at_its_end_for_people_who_want_no_motion():
    svg = (ROOT / "docs" / "demo.svg").read_text()
    style = svg.partition("<style>")[2].partition("</style>")[0]
    assert style.index("animation-name") < style.index("animation: none"), "the later rule holds"
    film = ET.fromstring(svg).find("svg/g", SVG)  # noqa: S314 - our own file
    assert film[-1].get("transform") == film.get("transform").replace("-", "")
