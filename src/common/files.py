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


def write_output(path: Path, text: str) -> None:
    """Write a text where a person wants it: replace a file at once, also behind a link, and write into all else.

    A device such as /dev/null, or a named pipe, would be lost if a file took its place.
    """
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
    else:
        replace_text(path.resolve(), text)
