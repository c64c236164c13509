"""`make columns`, and that it was run."""

import os
import shutil
import subprocess
import sys

import pytest

from columns.files import SECTIONS, ColumnsError, rewritten
from tests import ROOT
from tests.unit.columns.declared import EVERY_TYPE, TEXTS, text
from transform.column_types import JSON, STRING, Column, faults
from transform.columns import COLUMNS, KEY


def test_the_declared_columns_can_work():
    assert "\n".join(faults(COLUMNS, KEY)) == ""


def test_the_files_follow_from_the_columns():
    older = list(rewritten(TEXTS, COLUMNS, KEY))
    assert not older, f"{' and '.join(older)} do not fit src/transform/columns.py: run `make columns`"


def test_what_was_written_once_stays_as_it_is():
    texts = {path: text(path) for path in SECTIONS}
    assert texts.keys() == rewritten(TEXTS, EVERY_TYPE, EVERY_TYPE[0]).keys()
    assert rewritten(texts, EVERY_TYPE, EVERY_TYPE[0]) == {}


def test_columns_that_cannot_work_give_a_line_each():
    key = Column("orderid", JSON)
    with pytest.raises(ColumnsError) as error:
        rewritten(TEXTS, [key, Column("dt", STRING)], key)
    assert len(str(error.value).splitlines()) == 2
    assert all(line.startswith("Column('") for line in str(error.value).splitlines())


def test_a_section_that_is_missing_is_named_with_its_file():
    page = TEXTS["docs/contract.md"].replace("make columns: end fields", "")
    with pytest.raises(ColumnsError, match=r"^docs/contract\.md: the line 'make columns: end fields' is missing\. "):
        rewritten(TEXTS | {"docs/contract.md": page}, COLUMNS, KEY)


DECLARED = """
from transform.column_types import STRING, Column

KEY = Column("orderid", STRING)
COLUMNS = (KEY, {})
"""


@pytest.fixture
def copy(tmp_path):
    """Functions that run `make columns` with one more column on a copy of what it needs, and that return the files."""
    for path in ("src/columns", "src/transform"):
        shutil.copytree(ROOT / path, tmp_path / path, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    for path in SECTIONS:
        shutil.copy(ROOT / path, tmp_path / path)

    def run(column):
        (tmp_path / "src/transform/columns.py").write_text(DECLARED.format(column))
        targets = ["columns", f"PYTHON={sys.executable}"]
        return subprocess.run(
            ["make", "--silent", "--file", ROOT / "Makefile", "--directory", tmp_path, *targets],  # noqa: S607
            env=os.environ | {"MAKEFLAGS": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def texts():
        return {path: (tmp_path / path).read_text() for path in SECTIONS}

    return run, texts


def test_make_columns_writes_the_files_and_says_so(copy):
    run, texts = copy
    done = run('Column("gift-wrap", STRING, optional=True)')
    assert (done.returncode, done.stdout) == (0, "Wrote template.yaml.\nWrote docs/contract.md.\n")
    assert all("gift-wrap" in each for each in texts().values())
    written = texts()
    again = run('Column("gift-wrap", STRING, optional=True)')
    assert (again.returncode, again.stdout) == (0, "All files fit the columns already.\n")
    assert texts() == written


def test_make_columns_refuses_a_column_that_cannot_work_and_touches_nothing(copy):
    run, texts = copy
    before = texts()
    done = run('Column("dt", STRING)')
    assert done.returncode
    assert done.stderr.startswith("Column('dt', STRING): the tables have a dt of their own")
    assert "Traceback" not in done.stderr
    assert texts() == before


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ('Column("gift", BOOLEAN)', "name 'BOOLEAN' is not defined: import each type from transform.column_types"),
        ('Column("gift")', "Column.__init__() missing 1 required positional argument: 'type_'"),
        ('Column("gift" STRING)', "invalid syntax"),
        ("Column(5, STRING)", "'int' object has no attribute 'lower'"),
    ],
    ids=["no import", "no type", "no comma", "number"],
)
def test_make_columns_names_the_line_that_python_refuses(copy, column, reason):
    run, _ = copy
    done = run(column)
    assert done.returncode
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1
    assert lines[0].startswith(f"src/transform/columns.py, line 5: {reason}")


def test_make_columns_names_a_file_that_is_missing(copy, tmp_path):
    run, _ = copy
    (tmp_path / "docs/contract.md").unlink()
    done = run('Column("gift", STRING)')
    assert done.returncode
    assert "No such file or directory" in done.stderr.splitlines()[0]
    assert "docs/contract.md" in done.stderr.splitlines()[0]
