"""`make clean` deletes what `make` and `sales` made, and nothing of a person's."""

import os
import subprocess

from sales_pipeline.local import folders
from tests import ROOT


def clean(folder):
    subprocess.run(
        ["make", "--file", ROOT / "Makefile", "--directory", folder, "clean"],  # noqa: S607
        env=os.environ | {"MAKEFLAGS": ""},
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_clean_deletes_only_a_local_folder_that_sales_made(tmp_path):
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "theirs").touch()
    (tmp_path / "build").mkdir()
    clean(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == [".local", "theirs"]
    (tmp_path / ".local" / "theirs").unlink()
    folders.take(tmp_path / ".local")
    clean(tmp_path)
    assert list(tmp_path.iterdir()) == []
