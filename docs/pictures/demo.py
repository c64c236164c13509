#!/usr/bin/env python3
"""Runs `make demo` in a pseudo terminal and draws what it shows as an animated SVG, docs/demo.svg: `make pictures`.

Each picture of the film is the whole screen of the terminal. The pictures stand below each other, and a style sheet
moves them past a window, so the SVG needs no script.
"""

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable, Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pyte

DOCS = Path(__file__).parents[1]
PICTURE, STYLE = DOCS / "demo.svg", Path(__file__).with_suffix(".css")

TITLE = "A recording of make demo in a terminal"
DESCRIPTION = (
    "make demo starts the emulator, builds and deploys the pipeline, writes 300 orders and waits until all are rows in "
    "the lake, lists the columns that the crawler found, and prints ten orders from a query. The last lines say how "
    "long it took, that all 300 orders are in the lake, and where the report is."
)
COMMAND = "make demo"
COLUMNS, ROWS = 80, 20
LONGEST_WAIT_SECONDS = 1.0
SHORTEST_SECONDS = 0.1  # what changes faster becomes one picture
LAST_SECONDS = 6.0
VERDICT = re.compile(r"^Equal: \d+ orders written, \d+ rows in the lake, 0 lost, 0 duplicate\.$", re.MULTILINE)

# Sizes are in pixels. The picture is about as wide as a README on GitHub, so it is hardly scaled there.
LETTER_WIDTH = 10.2
LINE_HEIGHT = 22
BASELINE = 16  # of a line, from its top
MARGIN = 16
CORNER = 8


class Piece(NamedTuple):
    """Letters of a line without a larger gap, from a column on."""

    column: int
    text: str
    bold: bool


Screen = tuple[tuple[Piece, ...], ...]


class Picture(NamedTuple):
    screen: Screen
    seconds: float
    """How long it shows."""


def record(command: list[str]) -> Iterator[tuple[float, bytes]]:
    """Run a command in a terminal; yield what it prints, with the monotonic time. Raises CalledProcessError."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    # make tells a make that it starts about itself, and a person's settings are not those of a new terminal.
    foreign = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "SALES_HOME", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=DOCS.parent,
        env=environment | {"TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        while data := _read(ours):
            yield time.monotonic(), data
    finally:
        os.close(ours)
    if code := process.wait():
        raise subprocess.CalledProcessError(code, command)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # what Linux says when the last program has left the terminal
        return b""


def pictures(printed: Iterable[tuple[float, bytes]]) -> list[Picture]:
    """Show on a screen what was printed. Waiting times are cut, and pictures that show too short are left out."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    seen: list[tuple[float, Screen]] = []
    for at, data in printed:
        stream.feed(decoder.decode(data))
        now = _look(screen)
        if seen and at - seen[-1][0] < SHORTEST_SECONDS:
            seen[-1] = (seen[-1][0], now)
        elif not seen or seen[-1][1] != now:
            seen.append((at, now))
    waits = [min(after - at, LONGEST_WAIT_SECONDS) for (at, _), (after, _) in pairwise(seen)]
    return [Picture(shown, wait) for (_, shown), wait in zip(seen, [*waits, LAST_SECONDS], strict=True)]


def _look(screen: pyte.Screen) -> Screen:
    lines = []
    for row in range(screen.lines):
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        text = "".join(cell.data or " " for cell in cells)  # a wide letter leaves the next cell empty
        found = re.finditer(r"\S+(?: \S+)*", text)
        lines.append(tuple(Piece(each.start(), each[0], cells[each.start()].bold) for each in found))
    return tuple(lines)


def draw(film: list[Picture], style: str) -> str:
    """Give the SVG of a film. A line is drawn once, however many pictures show it."""
    inner = (round(COLUMNS * LETTER_WIDTH), ROWS * LINE_HEIGHT)
    width, height = inner[0] + 2 * MARGIN, inner[1] + 2 * MARGIN
    names: dict[tuple[Piece, ...], str] = {}
    for line in (line for picture in film for line in picture.screen if line):
        names.setdefault(line, f"l{len(names)}")
    total = sum(picture.seconds for picture in film)
    last = -(len(film) - 1) * inner[1]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
            'role="img" aria-labelledby="title description">',
            "<!-- `make pictures` records this from a run of `make demo`. -->",
            f'<title id="title">{escape(TITLE)}</title>',
            f'<desc id="description">{escape(DESCRIPTION)}</desc>',
            "<style>",
            f".film {{ animation-name: film; animation-duration: {total:.2f}s; }}",
            f"@keyframes film {{\n{_keyframes(film, total, inner[1])}\n}}",
            f"{style}</style>",
            "<defs>",
            *(f'<g id="{name}">{"".join(map(_text, line))}</g>' for line, name in names.items()),
            "</defs>",
            f'<rect class="window" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="{CORNER}"/>',
            f'<svg x="{MARGIN}" y="{MARGIN}" width="{inner[0]}" height="{inner[1]}">',
            f'<g class="film" transform="translate(0 {last})">',
            *_shown(film, names),
            "</g>",
            "</svg>",
            "</svg>",
            "",
        ]
    )


def _keyframes(film: list[Picture], total: float, height: int) -> str:
    lines, at = [], 0.0
    for place, picture in enumerate(film):
        lines.append(f"{at / total:.3%} {{ transform: translateY({-place * height}px); }}")
        at += picture.seconds
    return "\n".join(lines)


def _shown(film: list[Picture], names: dict[tuple[Piece, ...], str]) -> Iterator[str]:
    for place, picture in enumerate(film):
        lines = (
            f'<use href="#{names[line]}" y="{row * LINE_HEIGHT}"/>' for row, line in enumerate(picture.screen) if line
        )
        yield f'<g transform="translate(0 {place * ROWS * LINE_HEIGHT})">{"".join(lines)}</g>'


def _text(piece: Piece) -> str:
    """Give one text. Its length is given too, because each machine has another font."""
    bold = ' class="bold"' if piece.bold else ""
    x, length = piece.column * LETTER_WIDTH, len(piece.text) * LETTER_WIDTH
    return f'<text{bold} x="{x:g}" y="{BASELINE}" textLength="{length:g}">{escape(piece.text, quote=False)}</text>'


def main() -> int:
    """Record the demo. Return an exit code."""
    printed = [(time.monotonic(), f"$ {COMMAND}\r\n".encode())]
    try:
        for at, data in record(COMMAND.split()):
            printed.append((at, data))
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except subprocess.CalledProcessError:
        sys.stderr.write("error: the demo failed, so there is no recording. Its last lines say what to do\n")
        return 1
    film = pictures(printed)
    last = "\n".join("".join(piece.text for piece in line) for line in film[-1].screen)
    if not VERDICT.search(last):
        sys.stderr.write(f"error: the demo's last screen has no verdict, so there is no recording:\n{last}\n")
        return 1
    PICTURE.write_text(draw(film, STYLE.read_text()))
    seconds = sum(picture.seconds for picture in film)
    sys.stdout.write(f"docs/demo.svg: {len(film)} pictures, {seconds:.0f} s, {PICTURE.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
