"""Copies of this repository that tests may change."""

import os
import re
import shutil
import subprocess
import sys

from tests import ROOT

OPTIONAL_COLUMNS = (
    'Column("image", STRING, optional=True)',
    'Column("class", INT32, optional=True)',
    'Column("gift-wrap", BOOLEAN, optional=True)',
    'Column("order id", INT64, optional=True)',
    'Column("customerId", DECIMAL, optional=True, name="customer_id")',
    'Column("shipping", JSON, optional=True)',
)
"""A column of each type, which orders may lack, with names that are special to something."""


def copy(folder, *paths):
    """Copy files and folders of the repository to the same places in another folder."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            # With what Python has compiled, or each process would compile it again.
            shutil.copytree(ROOT / path, folder / path, ignore=shutil.ignore_patterns("*.egg-info"))
        else:
            shutil.copy2(ROOT / path, folder / path)


def add_columns(folder, *declarations):
    """Add lines to the columns of a copy, as docs/contract.md says."""
    path = folder / "src/transform/columns.py"
    text = path.read_text()
    types = "BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column"
    text, imports = re.subn(r"(?<=^from transform.column_types import ).*$", types, text, flags=re.MULTILINE)
    lines = "".join(f"    {each},\n" for each in declarations)
    text, ends = re.subn(r"(?<=,\n)(?=\)$)", lines, text, flags=re.MULTILINE)
    assert (imports, ends) == (1, 1), "src/transform/columns.py has another form: correct this function"
    path.write_text(text)


def run(folder, *command):
    """Run a program in a copy, with the copy's own packages; return its exit code and its output."""
    own = {"PYTHON": sys.executable, "PYTHONPATH": str(folder / "src"), "MAKEFLAGS": ""}
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout
