import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_aws import disk, emulator, guard


def test_an_interrupt_before_the_emulator_runs_leaves_no_folder(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(guard, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        emulator.start(tmp_path / "emulator.log")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_its_environment_leads_to_no_other_account_and_to_no_proxy(monkeypatch):
    others = ["AWS_PROFILE", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_SESSION_TOKEN"]
    others += ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "Http_Proxy"]
    for name in others:
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("NO_PROXY", "example.com")
    running = emulator.Emulator("http://127.0.0.1:1", Path("log"), None, emulator.Key())

    environment = running.environment

    assert not environment.keys() & set(others)
    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1"
    assert environment["AWS_ACCESS_KEY_ID"] == running.key.key_id
    assert environment["PATH"] == os.environ["PATH"]


def test_each_run_has_a_key_of_its_own_that_nobody_prints():
    one, other = emulator.Key(), emulator.Key()
    assert len({one.key_id, other.key_id, one.secret, other.secret}) == 4
    assert one.secret not in repr(one)


def test_no_name_that_others_can_list_tells_the_mark_or_the_key(tmp_path, monkeypatch):
    started = []

    def start(directory, command, environment, _log):
        started.append((directory, command, environment))
        raise KeyboardInterrupt

    monkeypatch.setattr(guard, "start", start)
    with pytest.raises(KeyboardInterrupt):
        emulator.start(tmp_path / "emulator.log")

    [(directory, command, environment)] = started
    public = " ".join([str(directory), *command])
    assert not [name for name in ("MINISTACK_EDITION", "GATE_ACCESS_KEY_ID") if environment[name] in public]


@pytest.mark.parametrize(
    ("logged", "free_bytes", "said"),
    [
        ("12:00 ERROR the reason\n", 10**9, "The emulator ended while it started (the reason): see {log}."),
        ("12:00 INFO nothing of note\n", 10**9, "The emulator ended while it started: see {log}."),
        ("", 10**9, "The emulator ended while it started: see {log}."),
        ("", 0, "The emulator ended while it started, and the disk that holds {folder} is full: free some space."),
    ],
)
def test_an_emulator_that_ends_at_once_is_said_with_its_error_or_the_full_disk(
    tmp_path, monkeypatch, logged, free_bytes, said
):
    def start(_directory, _command, _environment, log):
        log.write(logged.encode())
        log.flush()
        return SimpleNamespace(ending=lambda: "ended", stop=lambda: None)

    monkeypatch.setattr(guard, "start", start)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    with pytest.raises(emulator.EmulatorError) as ended:
        emulator.start(tmp_path / "emulator.log")
    assert str(ended.value) == said.format(log=tmp_path / "emulator.log", folder=tmp_path)
