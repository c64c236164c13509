"""Only a folder that is the pipeline's own is written to and deleted; every other one is refused as it is."""

import errno
import os
import stat
from types import SimpleNamespace

import pytest

from sales_pipeline.local import folders
from sales_pipeline.local.folders import FolderError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("old_mode", [None, 0o755, 0o777], ids=["new", "empty", "empty, of everybody"])
def test_a_new_or_an_empty_folder_becomes_the_users_alone(tmp_path, old_mode):
    folder = tmp_path / "a" / "b"
    if old_mode:
        folder.mkdir(parents=True)
        folder.chmod(old_mode)
    assert folders.take(folder) == folder
    assert mode(folder) == 0o700
    (folder / "file").touch()
    folder.chmod(0o755)
    folders.take(folder)
    assert mode(folder) == 0o700


def in_use(folder):
    folder.mkdir()
    (folder / "theirs").write_text("precious")
    folder.chmod(0o755)


def link(folder):
    folders.take(folder.parent / "elsewhere")
    folder.symlink_to("elsewhere")


def dangling_link(folder):
    folder.symlink_to("nowhere")


def file(folder):
    folder.write_text("precious")


def below_a_file(folder):
    folder.parent.rmdir()
    folder.parent.touch()


def marked_by_a_folder(folder):
    folder.mkdir()
    (folder / folders.MARK).mkdir()


def open_to_others(folder):
    folders.take(folder)
    folder.chmod(0o770)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (in_use, "has no mark of `sales`, and holds other files: name another folder"),
        (link, "is a symbolic link"),
        (dangling_link, "is not a folder"),
        (file, "is not a folder"),
        (below_a_file, "can't write to"),
        (marked_by_a_folder, "has a .made-by-sales that is not its user's"),
        (open_to_others, "can be changed by other users"),
    ],
)
@pytest.mark.parametrize("use", [folders.take, folders.empty])
def test_a_folder_that_is_not_the_pipelines_is_refused_and_left_as_it_is(tmp_path, made, says, use):
    parent = tmp_path / "parent"
    parent.mkdir()
    made(parent / "folder")
    before = sorted((path, path.lstat().st_mode, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))
    with pytest.raises(FolderError, match=rf"parent/folder .*{says}|{says} .*parent/folder") as refused:
        use(parent / "folder")
    assert "SALES_HOME" in str(refused.value)
    assert "\n" not in str(refused.value)
    is_advised_to_delete = "rm -r" in str(refused.value)
    assert is_advised_to_delete == (made in {open_to_others, marked_by_a_folder})  # they hold nothing else
    after = sorted((path, path.lstat().st_mode, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))
    assert after == before


@pytest.mark.parametrize("names", [("up", "demo"), ("up.lock",), ("log", "work", "process.json")])
def test_a_folder_of_an_earlier_version_may_be_deleted_once(tmp_path, names):
    folder = tmp_path / "my home"
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    with pytest.raises(FolderError) as refused:
        folders.take(folder)
    assert str(refused.value) == (
        f"{folder} has no mark of `sales`: if an earlier version made it, delete it once (rm -r '{folder}'), "
        "or name another folder in the environment variable SALES_HOME"
    )


@pytest.mark.parametrize("is_marked", [True, False])
def test_nobody_is_told_to_delete_a_folder_that_holds_more_than_what_sales_writes(tmp_path, is_marked):
    for name in ("up", "demo", "letters"):
        (tmp_path / name).mkdir()
    if is_marked:
        (tmp_path / folders.MARK).touch()
        tmp_path.chmod(0o777)
    with pytest.raises(FolderError, match="name another folder") as refused:
        folders.take(tmp_path)
    said = str(refused.value).replace(str(tmp_path), "")
    assert "delete" not in said
    assert "rm " not in said


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_with_its_folder(tmp_path, monkeypatch, number):
    def full(*_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folders, "replace_text", full)
    with pytest.raises(FolderError, match=f"can't write to {tmp_path}, because its disk is full: free some space, or "):
        folders.write(tmp_path / "file", "text")


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch, is_marked):
    if is_marked:
        folders.take(tmp_path / "folder")
    else:
        (tmp_path / "folder").mkdir()
    monkeypatch.setattr(folders.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(FolderError, match="belongs to another user"):
        folders.take(tmp_path / "folder")


def test_a_mark_of_another_user_is_no_mark():
    assert folders._problem_of_mark(
        SimpleNamespace(st_uid=1000, st_mode=0o40700), SimpleNamespace(st_uid=1001, st_mode=0o100600)
    )


def test_a_folder_that_is_emptied_keeps_its_mark_and_what_links_lead_to(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    folder = folders.take(tmp_path / "folder")
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "link").symlink_to(precious)
    (folder / "link").symlink_to(precious)
    (folder / "file").touch()
    folders.empty(folder)
    assert [path.name for path in folder.iterdir()] == [folders.MARK]
    folders.delete(folder)
    assert not folder.exists()
    assert (precious / "file").exists()


def test_nothing_is_deleted_without_the_mark(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "theirs").touch()
    folders.delete(tmp_path / "work")
    folders.delete(tmp_path / "nowhere")
    assert (tmp_path / "work" / "theirs").exists()
