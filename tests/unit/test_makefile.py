"""`make clean` deletes what `make` and `sales` made, and nothing of a person's."""

import os
import subprocess

from sales_pipeline.local import folders
from tests import ROOT


def clean(folder):
    done = subprocess.run(
        ["make", "--file", ROOT / "Makefile", "--directory", folder, "clean"],  # noqa: S607
        env=os.environ | {"MAKEFLAGS": ""},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stderr


def test_clean_deletes_only_a_local_folder_that_sales_made(tmp_path):
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "theirs").touch()
    (tmp_path / "build").mkdir()
    assert "has no mark of `sales`" in (said := clean(tmp_path))
    assert "rm -r .local" in said
    assert [path.name for path in tmp_path.rglob("*")] == [".local", "theirs"]
    (tmp_path / ".local" / "theirs").unlink()
    folders.take(tmp_path / ".local")
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == []
