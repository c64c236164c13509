"""Builds HTML from elements, so that no text of others can become a tag. Pure: no AWS, environment or clock."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from common.printable import printable, visible

Child = ET.Element | str | None


def tag(name: str, /, *children: Child, **attributes: str) -> ET.Element:
    """Return an element with its children in order, but for those that are None. `class_` is the attribute `class`.

    Texts are made `visible`: no mark in them turns or hides what is beside them.
    """
    element = ET.Element(name, {each.rstrip("_").replace("_", "-"): value for each, value in attributes.items()})
    for child in children:
        if isinstance(child, ET.Element):
            element.append(child)
        elif child is not None:
            _add_text(element, visible(child))
    return element


def _add_text(element: ET.Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def foreign(text: str, letters: int) -> ET.Element:
    """Return a text of others, up to so many letters of it, apart from the direction of the text around it."""
    return tag("bdi", printable(text if len(text) <= letters else f"{text[: letters - 1]}…"))


def table(headings: Mapping[str, str], rows: Iterable[Sequence[Child]]) -> ET.Element:
    """Return a table that scrolls where it is too wide. A heading's value is the kind of its column.

    A `number` aligns to the right. A `time` and an `id` do not wrap, and a `text` does.
    """

    def cells(name: str, values: Iterable[Child]) -> list[ET.Element]:
        return [
            # A narrow screen shows the heading before each value.
            tag(name, tag("span", value), class_=kind, **({"data_heading": heading} if name == "td" else {}))
            for value, (heading, kind) in zip(values, headings.items(), strict=True)
        ]

    head = tag("thead", tag("tr", *cells("th", headings)))
    body = tag("tbody", *(tag("tr", *cells("td", row)) for row in rows))
    return tag("div", tag("table", head, body), class_="scroll", tabindex="0")


def prose(text: str, **attributes: str) -> ET.Element:
    """Return a paragraph. What is between two backticks is code."""
    parts = text.split("`")
    return tag("p", *(tag("code", each) if place % 2 else each for place, each in enumerate(parts)), **attributes)


def document(title: str, style: str, body: ET.Element) -> str:
    """Return a page that runs no script, and for which a browser loads nothing: its policy forbids both."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    sheet = ET.Element("style")
    sheet.text = style
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        ET.Element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        sheet,
    )
    page = tag("html", head, body, lang="en")
    return f"<!doctype html>\n{ET.tostring(page, encoding='unicode', method='html')}\n"
