"""The folders of a local pipeline: each belongs to its user alone and has a mark, and nothing else is ever deleted.

A folder without the mark belongs to somebody's other work, even where its name is one of those below.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from sales_pipeline.errors import SalesError

MARK = ".made-by-sales"
_TEXT = "The command `sales` made this folder, and deletes it. Keep nothing of your own in it.\n"
_ADVICE = "name another folder in the environment variable SALES_HOME"
_IN_USE = f"is in use, and `sales` did not make it: delete it if you need nothing in it, or {_ADVICE}"


class FolderError(SalesError):
    """A folder can't be used: it is not the pipeline's, or others could change it."""


def take(folder: Path) -> Path:
    """Make the folder for this user alone (0700), or take one that is empty or has the mark; return it.

    Raises FolderError for every other folder, and leaves that as it is.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In this order, because another command may be taking the same folder: it makes the mark before anything else.
        is_empty = not any(folder.iterdir())
        is_marked = has_mark(folder)
        if not is_marked and (problem := _problem(folder)):
            raise FolderError(f"{folder} {problem}: {_ADVICE}")
        if not is_marked and not is_empty:
            raise FolderError(f"{folder} {_IN_USE}")
        folder.chmod(0o700)
        if not is_marked:
            with suppress(FileExistsError), (folder / MARK).open("x") as mark:
                mark.write(_TEXT)
    except FileExistsError:
        raise FolderError(f"{folder} is not a folder: {_ADVICE}") from None
    except OSError as error:
        raise FolderError(f"can't write to {folder} ({error.strerror}): {_ADVICE}") from None
    if not has_mark(folder):
        raise FolderError(f"{folder} {_IN_USE}")
    return folder


def has_mark(folder: Path) -> bool:
    """Say whether the folder is there and is a pipeline's. Raises FolderError where others could have put it there."""
    mark = folder / MARK
    if not os.path.lexists(mark):
        return False
    problem = _problem(folder) or _problem_of_mark(folder.lstat(), mark.lstat())
    if problem:
        raise FolderError(f"{folder} {problem}, so its content can't be trusted: delete it, or {_ADVICE}")
    return True


def empty(folder: Path) -> Path:
    """Take the folder, and delete all that it holds but the mark; return it. Raises FolderError as `take` does."""
    take(folder)
    for entry in folder.iterdir():
        if entry.name == MARK:  # so that a folder that is emptied only in part is still known
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    return folder


def delete(folder: Path) -> None:
    """Delete the folder with all that it holds, if it has the mark."""
    if has_mark(folder):
        empty(folder)
        if [entry.name for entry in folder.iterdir()] == [MARK]:
            (folder / MARK).unlink()
            folder.rmdir()


def _problem(folder: Path) -> str | None:
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link"
    if not stat.S_ISDIR(found.st_mode):
        return "is not a folder"
    return None if found.st_uid == os.geteuid() else "belongs to another user"


def _problem_of_mark(folder: os.stat_result, mark: os.stat_result) -> str | None:
    if mark.st_uid != folder.st_uid or not stat.S_ISREG(mark.st_mode):
        return f"has a {MARK} that is not its user's"
    return "can be changed by other users" if folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None
