"""The folders of a local pipeline: each belongs to its user alone and has a mark, and nothing else is ever deleted.

A folder without the mark belongs to somebody's other work, even where its name is one of those below.
"""

import os
import shlex
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from common.files import replace_text
from local_aws import disk
from sales_pipeline.errors import SalesError

MARK = ".made-by-sales"
_TEXT = "The command `sales` made this folder, and deletes it. Keep nothing of your own in it.\n"
_ADVICE = "name another folder in the environment variable SALES_HOME"
# All that earlier versions wrote, which made no mark. Nobody is told to delete a folder that holds anything else.
_OWN = {MARK, "up", "demo", "benchmark", "up.lock", "up.json", "log", "work", "process.json", "running.json"}


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
            raise FolderError(_without_mark(folder))
        folder.chmod(0o700)
        if not is_marked:
            with suppress(FileExistsError), (folder / MARK).open("x") as mark:
                mark.write(_TEXT)
    except FileExistsError:
        raise FolderError(f"{folder} is not a folder: {_ADVICE}") from None
    except OSError as error:
        raise _cannot_write(folder, error) from None
    if not has_mark(folder):
        raise FolderError(_without_mark(folder))
    return folder


def has_mark(folder: Path) -> bool:
    """Say whether the folder is there and is a pipeline's. Raises FolderError where others could have put it there."""
    mark = folder / MARK
    if not os.path.lexists(mark):
        return False
    problem = _problem(folder) or _problem_of_mark(folder.lstat(), mark.lstat())
    if problem:
        deletion = f", or delete this one (rm -r {shlex.quote(str(folder))})" if _holds_only_ours(folder) else ""
        raise FolderError(f"{folder} {problem}, so its content can't be trusted: {_ADVICE}{deletion}")
    return True


def _cannot_write(folder: Path, error: OSError) -> FolderError:
    """Return the error for a folder that the operating system lets nobody write to."""
    if error.errno in disk.FULL:
        return FolderError(f"can't write to {folder}, because {disk.FULL_TEXT}: {disk.ADVICE}, or {_ADVICE}")
    return FolderError(f"can't write to {folder} ({error.strerror}): {_ADVICE}")


def empty(folder: Path) -> Path:
    """Take the folder, and delete all that it holds but the mark; return it. Raises FolderError as `take` does."""
    take(folder)
    for entry in folder.iterdir():
        if entry.name == MARK:  # so that a folder that is emptied only in part is still known
            continue
        discard(entry)
    return folder


def discard(path: Path) -> None:
    """Delete what is there under this name, whatever it is. The caller knows that it is in a folder with the mark."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def delete(folder: Path) -> None:
    """Delete the folder with all that it holds, if it has the mark."""
    if has_mark(folder):
        empty(folder)
        if [entry.name for entry in folder.iterdir()] == [MARK]:
            (folder / MARK).unlink()
            folder.rmdir()


def read(path: Path) -> bytes | None:
    """Return what a file of the folder holds, b"" if it can't be read, as where it is a folder; None for no file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def write(path: Path, text: str) -> None:
    """Write a file of the folder for this user alone, and at once, as `replace_text` does. Raises FolderError."""
    try:
        for name in (path, path.with_name(f"{path.name}.new")):
            if name.is_dir():  # `sales` makes no such folder, and it would be in the way for ever
                discard(name)
        replace_text(path, text, mode=0o600)
    except OSError as error:
        raise _cannot_write(path.parent, error) from None


def _without_mark(folder: Path) -> str:
    if _holds_only_ours(folder):
        deletion = f"if an earlier version made it, delete it once (rm -r {shlex.quote(str(folder))})"
        return f"{folder} has no mark of `sales`: {deletion}, or {_ADVICE}"
    return f"{folder} has no mark of `sales`, and holds other files: {_ADVICE}"


def _holds_only_ours(folder: Path) -> bool:
    try:
        return folder.is_dir() and not folder.is_symlink() and set(os.listdir(folder)) <= _OWN  # noqa: PTH208
    except OSError:
        return False


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
