"""Tells a full disk from other reasons, so that an error can say which one is full."""

import errno
import shutil
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""Numbers of the errors of a full disk, and of a person's full share of it."""
FULL_BYTES = 1024 * 1024
FULL_TEXT = "its disk is full"
ADVICE = "free some space"


def full(*folders: Path) -> Path | None:
    """Return the first of the folders whose disk is full, or None."""
    return next((folder for folder in folders if shutil.disk_usage(folder).free < FULL_BYTES), None)
