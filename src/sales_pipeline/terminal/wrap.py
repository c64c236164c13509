"""Text in the width of the terminal: lines break between words, and inside a word only where it is too long."""

import shutil
import sys

from rich.cells import cell_len, chop_cells

PROSE_WIDTH = 80
"""Width of prose where standard output is no terminal."""


def terminal_width() -> int | None:
    """Return the width of the terminal that standard output goes to, in character cells; None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrap(text: str, width: int) -> list[str]:
    """Return a text in lines of at most this width, in character cells: a Chinese character takes two."""
    if cell_len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = chop_cells(word, width) or [""]  # of two blanks in a row
        lines += full
    return [*lines, line]


def print_prose(*paragraphs: str) -> None:
    """Print paragraphs, each in lines that fit the terminal."""
    width = terminal_width() or PROSE_WIDTH
    for paragraph in paragraphs:
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in wrap(paragraph, width))
