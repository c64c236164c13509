"""Text of others is shown, and not obeyed."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.printable import printable, printable_json, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Käse 日本 😀", "Käse 日本 😀"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u2066b", r"a\u2066b"),
        ("a\x9b31m", r"a\x9b31m"),
        ("a\u200bb\ufeffc\u2060", r"a\u200bb\ufeffc\u2060"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("\u3164\u115f\u034f", r"\u3164\u115f\u034f"),
        ("\ud800", r"\ud800"),
        ("葛\U000e0100", "葛\U000e0100"),
        (" ", '" "'),
        ("", '""'),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(text, shown):
    assert printable(text) == shown


def test_every_character_that_is_not_seen_is_escaped():
    # Controls, formats, halves of pairs, and separators of lines and paragraphs.
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    passed = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in hidden and visible(chr(code)) == chr(code)
    ]
    assert passed == []


def test_only_line_feeds_pass_in_lines():
    assert visible_lines("a\r\nb\x0bc\n") == "a\\r\nb\\x0bc\n"


@given(st.dictionaries(st.text(), st.text()))
def test_a_document_stays_the_same_and_holds_nothing_that_a_terminal_obeys(document):
    document = {visible(name): text.encode("utf-8", "replace").decode() for name, text in document.items()}
    shown = printable_json(json.dumps(document, ensure_ascii=False).encode())
    assert json.loads(shown) == document
    assert visible(shown) == shown


def test_other_scripts_stay_readable_in_a_document():
    assert printable_json('{"a": "Käse 日本 😀"}'.encode()) == '{"a": "Käse 日本 😀"}'
    assert printable_json('"\u202e\x9b\u2028\x7f\U000e0001"'.encode()) == '"\\u202e\\u009b\\u2028\\u007f\\udb40\\udc01"'
