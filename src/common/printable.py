"""Text of others, such as an order's id, in a form that a terminal shows and does not obey.

Text that may hold a part that somebody else wrote passes `visible` before a terminal gets it. `streams` sees to that
for standard output and standard error, `console` for what rich draws, and the tables and reports do it themselves.
"""

import re

# Letters and marks that Unicode calls printable, although nothing shows them (DerivedCoreProperties.txt,
# Default_Ignorable_Code_Point). Variation selectors are not among them: they choose the form of the sign before them.
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
_JSON_INVISIBLE = re.compile(f"[\x7f-\xa0\xad{_INVISIBLE}]|[^\x00-\xff]")


class Styled(str):  # noqa: SLOT000 - holds nothing but the text
    """Text with commands to the terminal that this program made itself, all else in it being `visible` already."""


def visible(text: str) -> str:
    """Return the text with escapes for what is not printable: commands to the terminal, breaks, and what hides text.

    These are the control characters C0 and C1, line and paragraph separators, marks that change the direction of text,
    characters without a width, other spaces than U+0020, and halves of surrogate pairs.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if _is_visible(each) else each.encode("unicode_escape").decode() for each in text)


def visible_lines(text: str) -> str:
    """Return the text as `visible` does, but with its line feeds as they are."""
    return "\n".join(map(visible, text.split("\n")))


def printable(text: str) -> str:
    """Return the text as `visible` does, and in quotes where it begins or ends in space, or is empty."""
    shown = visible(text)
    return shown if shown and shown == shown.strip() else f'"{shown}"'


def printable_json(document: bytes) -> str:
    """Return a JSON document with JSON's escapes for what is not printable. It stays the same document."""
    return _JSON_INVISIBLE.sub(lambda found: _json_escape(found[0]), document.decode())


def _is_visible(character: str) -> bool:
    return character.isprintable() and character not in _INVISIBLE


def _json_escape(character: str) -> str:
    if _is_visible(character):
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
