import runpy
import tomllib

import pytest

from tests import ROOT

DOCS = ROOT / "docs"
SOURCE = tomllib.loads((DOCS / "architecture.toml").read_text())
STYLE = (DOCS / "architecture.css").read_text()

draw = runpy.run_path(str(DOCS / "picture.py"))["draw"]


def test_the_picture_shows_what_its_source_says():
    drawn_now = draw(SOURCE, STYLE) == (DOCS / "architecture.svg").read_text()
    assert drawn_now, "docs/architecture.svg is older than its source: run `make picture`"


def test_a_text_that_is_wider_than_its_box_is_an_error():
    table = SOURCE["boxes"]["table"] | {"text": ["a table that holds every order there is"]}
    with pytest.raises(ValueError, match="'a table that holds every order there is' is too long"):
        draw(SOURCE | {"boxes": SOURCE["boxes"] | {"table": table}}, STYLE)
