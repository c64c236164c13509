"""Text of others is shown, and not obeyed."""

import pytest

from sales_pipeline.terminal.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Käse 日本 😀", "Käse 日本 😀"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("a\u202eb", r"a\u202eb"),
        (" ", '" "'),
        ("", '""'),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(text, shown):
    assert printable(text) == shown
