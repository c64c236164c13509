"""Text of others, such as an order's id, in a form that a terminal shows and does not obey."""


def printable(text: str) -> str:
    """Return the text with escapes for what isn't printable, and in quotes where it begins or ends in space."""
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return shown if shown and shown == shown.strip() else f'"{shown}"'
