"""Copies of this repository that tests may change."""

import shutil

from tests import ROOT


def copy(folder, *paths):
    """Copy files and folders of the repository to the same places in another folder."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            # With what Python has compiled, or each process would compile it again.
            shutil.copytree(ROOT / path, folder / path, ignore=shutil.ignore_patterns("*.egg-info"))
        else:
            shutil.copy2(ROOT / path, folder / path)
