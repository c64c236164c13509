"""Writes files so that they stay complete even if the process is killed."""

import os
from pathlib import Path


def replace_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Replace a file's text at once: every reader finds the whole old text or the whole new one, even after a kill.

    `mode` is the mode of the new file, before the process' umask.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(unfinished, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
    unfinished.replace(path)
