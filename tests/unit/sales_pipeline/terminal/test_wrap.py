"""Prose breaks between words."""

import pytest

from sales_pipeline.terminal import wrap
from sales_pipeline.terminal.wrap import print_prose


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (11, ["one two", "three", "unbreakably"]),
        (6, ["one", "two", "three", "unbrea", "kably"]),
        (40, ["one two  three unbreakably"]),
    ],
)
def test_lines_break_between_words_and_inside_one_only_if_it_is_too_long(width, lines):
    assert [line.rstrip() for line in wrap.wrap("one two  three unbreakably", width)] == lines


def test_two_blanks_where_a_line_ends_are_no_line():
    assert wrap.wrap("ab  c", 2) == ["ab", "c"]


def test_a_wide_character_takes_two_cells():
    assert wrap.wrap("日本語", 4) == ["日本", "語"]


@pytest.mark.parametrize(("terminal", "width"), [(30, 30), (None, 80)])
def test_prose_fits_the_terminal_and_80_columns_where_there_is_none(monkeypatch, capsys, terminal, width):
    monkeypatch.setattr(wrap, "terminal_width", lambda: terminal)
    print_prose("word " * 40, "", "end")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) in range(width - 5, width + 1)
    assert lines[-2:] == ["", "end"]
    assert all(line == line.rstrip() for line in lines)
