import runpy
import tomllib

import pytest

from tests import ROOT

PICTURES = ROOT / "docs" / "pictures"
SOURCE = tomllib.loads((PICTURES / "architecture.toml").read_text())
STYLE = (PICTURES / "architecture.css").read_text()

draw = runpy.run_path(str(PICTURES / "architecture.py"))["draw"]


def test_the_picture_shows_what_its_source_says():
    drawn_now = draw(SOURCE, STYLE) == (ROOT / "docs" / "architecture.svg").read_text()
    assert drawn_now, "docs/architecture.svg is older than its source: run `make docs/architecture.svg`"


def test_a_text_that_is_wider_than_its_box_is_an_error():
    table = SOURCE["boxes"]["table"] | {"text": ["a table that holds every order there is"]}
    with pytest.raises(ValueError, match="'a table that holds every order there is' is too long"):
        draw(SOURCE | {"boxes": SOURCE["boxes"] | {"table": table}}, STYLE)
