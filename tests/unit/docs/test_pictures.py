"""The pictures that the README shows, which `make pictures` makes."""

import re
import struct
from xml.etree import ElementTree as ET

import pytest

from tests import ROOT

DOCS = ROOT / "docs"
DRAWINGS, PHOTOGRAPHS = ("architecture.svg", "demo.svg"), ("report.png", "report-dark.png")
LARGEST_BYTES = {".svg": 400_000, ".png": 250_000}
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|usr|var|opt|mnt|srv|etc)\b")
IMAGE = re.compile(
    r'!\[(?P<alt>[^]]*)\]\((?P<file>[^)]+)\)|<img (?=[^>]*alt="(?P<alt2>[^"]*)")[^>]*src="(?P<file2>[^"]+)"'
)


def test_the_readme_shows_each_picture_with_a_text_for_people_who_do_not_see_it():
    readme = (ROOT / "README.md").read_text()
    shown = {each["file"] or each["file2"]: each["alt"] or each["alt2"] or "" for each in IMAGE.finditer(readme)}
    assert shown.keys() == {"docs/architecture.svg", "docs/demo.svg", "docs/report.png"}
    assert min(map(len, shown.values())) > 40
    assert '<source media="(prefers-color-scheme: dark)" srcset="docs/report-dark.png">' in readme


@pytest.mark.parametrize("name", [*DRAWINGS, *PHOTOGRAPHS])
def test_a_picture_is_small(name):
    picture = DOCS / name
    assert 1000 < picture.stat().st_size < LARGEST_BYTES[picture.suffix]


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_a_title_follows_the_screen_and_loads_and_runs_nothing(name):
    text = (DOCS / name).read_text()
    drawing = ET.fromstring(text)  # noqa: S314 - our own file
    tags = {each.tag.removeprefix("{http://www.w3.org/2000/svg}") for each in drawing.iter()}
    assert tags <= {"svg", "title", "desc", "style", "defs", "g", "use", "rect", "path", "polygon", "text"}
    assert drawing.get("role") == "img"
    assert drawing.get("aria-labelledby") == "title description"
    assert {"title", "description"} <= {each.get("id") for each in drawing.iter()}
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"url\(|@import|href=\"[^#]|\son\w+=", text)
    assert not PATH_OF_A_MACHINE.search(text)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_sharp_and_holds_nothing_but_the_picture(name):
    data = (DOCS / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append(data[at + 4 : at + 8].decode())
        at += length + 12
    assert set(chunks) <= {"IHDR", "sRGB", "gAMA", "pHYs", "IDAT", "IEND"}
    width, height = struct.unpack_from(">II", data, 16)
    assert width >= 1200
    assert 0.8 < width / height < 2


def test_the_photographs_have_one_size():
    light, dark = ((DOCS / name).read_bytes()[16:24] for name in PHOTOGRAPHS)
    assert light == dark
