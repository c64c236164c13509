"""What rich draws may command the terminal; what others wrote may not."""

import io
import sys

import pytest

from common.console import PlainConsole


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x9b1m", "\u202egnp", "\x07", "a\rb"])
def test_text_is_no_command(text, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    PlainConsole().print(f"name: {text}")
    shown = sys.stdout.getvalue()
    assert shown.startswith("name: ")
    assert shown.removesuffix("\n").isprintable()


def test_markup_emoji_and_long_lines_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    text = "[red]x[/red] :smile: " + "long " * 100 + "end"
    PlainConsole().print(text)
    assert sys.stdout.getvalue() == f"{text}\n"
