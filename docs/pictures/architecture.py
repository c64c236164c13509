#!/usr/bin/env python3
"""Draws docs/architecture.svg from architecture.toml, with the colours of architecture.css: `make pictures`.

Boxes stand on a grid; arrows run from side to side, horizontally and vertically. The same source gives the same bytes.
"""

import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
DOCS = HERE.parent

# Sizes are in pixels. The picture is about as wide as a README on GitHub, so it is hardly scaled there.
MARGIN = 16
COLUMN_WIDTHS = (208, 208, 208, 92)  # the last column holds only the command on the right
COLUMN_GAPS = (46, 46, 10)
ROW_HEIGHTS = (90, 90, 90, 136)
ROW_GAP = 46
INDENT = 24  # from a box's left side to its text
PADDING = 8  # from the text to the box's right side, at least
NAME_GAP = 3  # between name and text
PART_INSET = 12
PART_HEIGHT = 28
PART_GAP = 6
CORNER = 10
HEAD = 9  # length and width of an arrow's head


class Style(NamedTuple):
    name: str
    size: float
    line: float
    """Height of a line."""
    letter: float
    """Mean width of a letter as a share of the size, rather too wide: each machine has another font."""
    anchor: str = "start"

    def width(self, text: str) -> float:
        return len(text) * self.size * self.letter


NAME = Style("name", 16, 21, 0.57)
TEXT = Style("text", 13.5, 18, 0.52)
PART = Style("part", 13, 18, 0.57)
NOTE = Style("note", 13, 18, 0.52, "end")
COMMAND = Style("command", 13.5, 18, 0.61, "middle")


class Point(NamedTuple):
    x: float
    y: float


PILL_PADDING = Point(12, 7)


class Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    def middle(self, side: str) -> Point:
        """Give the point where an arrow meets this side."""
        return {
            "left": Point(self.x, self.y + self.height / 2),
            "right": Point(self.x + self.width, self.y + self.height / 2),
            "top": Point(self.x + self.width / 2, self.y),
            "bottom": Point(self.x + self.width / 2, self.y + self.height),
        }[side]


def draw(source: dict[str, Any], style: str) -> str:
    """Give the SVG of a description such as architecture.toml. Raises ValueError where a text does not fit."""
    width = 2 * MARGIN + sum(COLUMN_WIDTHS) + sum(COLUMN_GAPS)
    height = 2 * MARGIN + sum(ROW_HEIGHTS) + ROW_GAP * (len(ROW_HEIGHTS) - 1)
    places = _places(source["boxes"])
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'role="img" aria-labelledby="title description">',
        "<!-- `make pictures` draws this from architecture.toml and architecture.css. -->",
        f'<title id="title">{escape(source["title"])}</title>',
        f'<desc id="description">{escape(source["description"])}</desc>',
        f"<style>\n{style}</style>",
        f'<rect class="page" width="{width}" height="{height}" rx="{CORNER}"/>',
    ]
    for kind, arrows in source["arrows"].items():
        for start, end in arrows:
            lines += _arrow(kind, *_ends(places, start, end))
    for name, box in source["boxes"].items():
        lines += _command(box, places[name]) if box["kind"] == "command" else _box(name, box, places)
    return "\n".join([*lines, "</svg>", ""])


def _places(boxes: dict[str, Any]) -> dict[str, Rectangle]:
    """Give the rectangle of each box by its name, and of each part of one by `box.part`."""
    places = {}
    for name, box in boxes.items():
        column, row = box["at"]
        place = Rectangle(
            MARGIN + sum(COLUMN_WIDTHS[: column - 1]) + sum(COLUMN_GAPS[: column - 1]),
            MARGIN + sum(ROW_HEIGHTS[: row - 1]) + ROW_GAP * (row - 1),
            COLUMN_WIDTHS[column - 1],
            ROW_HEIGHTS[row - 1],
        )
        if box["kind"] == "command":
            place = _pill(box, place)
        places[name] = place
        y = place.y + place.height - PART_INSET
        for part in reversed(box.get("parts", [])):
            y -= PART_HEIGHT
            places[f"{name}.{part['id']}"] = Rectangle(
                place.x + PART_INSET, y, place.width - 2 * PART_INSET, PART_HEIGHT
            )
            y -= PART_GAP
    return places


def _pill(box: dict[str, Any], cell: Rectangle) -> Rectangle:
    width = round(max(map(COMMAND.width, box["name"]))) + 2 * PILL_PADDING.x
    height = len(box["name"]) * COMMAND.line + 2 * PILL_PADDING.y
    return Rectangle(cell.x + (cell.width - width) / 2, cell.y + (cell.height - height) / 2, width, height)


def _ends(places: dict[str, Rectangle], start: str, end: str) -> tuple[Point, str, Point, str]:
    """Give where an arrow starts and ends, each with its side. An arrow from or to a part is level with that part."""
    (start_name, start_side), (end_name, end_side) = start.split(), end.split()
    level = next((places[name].middle("left").y for name in (start_name, end_name) if "." in name), None)
    points = []
    for name, side in ((start_name, start_side), (end_name, end_side)):
        point = places[name.partition(".")[0]].middle(side)
        points.append(point if level is None else Point(point.x, level))
    return points[0], start_side, points[1], end_side


def _arrow(kind: str, start: Point, start_side: str, end: Point, end_side: str) -> Iterator[str]:
    corner = Point(end.x, start.y) if start_side in {"left", "right"} else Point(start.x, end.y)
    x, y = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[end_side]
    neck = Point(end.x + x * (HEAD - 1), end.y + y * (HEAD - 1))
    if start.x == end.x or start.y == end.y:
        path = f"M{_pair(start)} L{_pair(neck)}"
    else:
        before, after = _towards(corner, start), _towards(corner, neck)
        path = f"M{_pair(start)} L{_pair(before)} Q{_pair(corner)} {_pair(after)} L{_pair(neck)}"
    yield f'<path class="{kind}" d="{path}"/>'
    base = Point(end.x + x * HEAD, end.y + y * HEAD)
    wings = (Point(base.x + turn * y * HEAD / 2, base.y + turn * x * HEAD / 2) for turn in (-1, 1))
    yield f'<polygon class="{kind}" points="{_pair(end)} {" ".join(map(_pair, wings))}"/>'


def _towards(start: Point, end: Point) -> Point:
    """Give the point one corner's radius from the start, on the horizontal or vertical line to the end."""
    x, y = end.x - start.x, end.y - start.y
    length = abs(x) + abs(y)
    return Point(start.x + x / length * CORNER, start.y + y / length * CORNER)


def _box(name: str, box: dict[str, Any], places: dict[str, Rectangle]) -> Iterator[str]:
    place, kind, parts = places[name], box["kind"], box.get("parts", [])
    yield _rectangle(f"box {kind}", place, CORNER)
    yield _rectangle(f"stripe {kind}", Rectangle(place.x + 10, place.y + 14, 4, _free(place, parts) - 28), 2)
    names, texts = box["name"], box.get("text", [])
    height = len(names) * NAME.line + len(texts) * TEXT.line + (NAME_GAP if texts else 0)
    top = Point(place.x + INDENT, place.y + (_free(place, parts) - height) / 2)
    room = place.width - INDENT - PADDING
    yield from _lines(NAME, names, top, room)
    yield from _lines(TEXT, texts, Point(top.x, top.y + len(names) * NAME.line + NAME_GAP), room)
    for part in parts:
        inner = places[f"{name}.{part['id']}"]
        yield _rectangle(f"inner {part['kind']}", inner, 6)
        y, room = inner.y + (inner.height - PART.line) / 2, inner.width - 2 * PART_INSET
        yield from _lines(PART, [part["name"]], Point(inner.x + PART_INSET, y), room - NOTE.width(part["text"]) - 6)
        yield from _lines(NOTE, [part["text"]], Point(inner.x + inner.width - PART_INSET, y), room)


def _free(place: Rectangle, parts: list[Any]) -> float:
    """Give the height of a box that its parts leave free."""
    return place.height - len(parts) * (PART_HEIGHT + PART_GAP) - (PART_GAP if parts else 0)


def _command(box: dict[str, Any], place: Rectangle) -> Iterator[str]:
    yield _rectangle("command", place, min(place.height / 2, 16))
    yield from _lines(COMMAND, box["name"], Point(place.x + place.width / 2, place.y + PILL_PADDING.y), place.width)


def _rectangle(classes: str, place: Rectangle, radius: float) -> str:
    x, y, width, height = map(_number, place)
    return f'<rect class="{classes}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{_number(radius)}"/>'


def _lines(style: Style, lines: list[str], top: Point, room: float) -> Iterator[str]:
    for index, line in enumerate(lines):
        if style.width(line) > room:
            raise ValueError(f"{line!r} is too long: shorten it, or break it into two lines")
        baseline = top.y + index * style.line + (style.line + style.size * 0.7) / 2
        at = f'x="{_number(top.x)}" y="{_number(baseline)}" font-size="{style.size}" text-anchor="{style.anchor}"'
        yield f'<text class="{style.name}" {at}>{escape(line)}</text>'


def _pair(point: Point) -> str:
    return f"{_number(point.x)},{_number(point.y)}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    picture = draw(tomllib.loads((HERE / "architecture.toml").read_text()), (HERE / "architecture.css").read_text())
    (DOCS / "architecture.svg").write_text(picture)
