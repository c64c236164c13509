"""Files that a kill leaves whole."""

import os
from pathlib import Path


def replace_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write a file so that whoever reads it, even after a kill, finds the old text or the new one.

    `mode` is that of the new file, before the process' umask.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(unfinished, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
    unfinished.replace(path)
