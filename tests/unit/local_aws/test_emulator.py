import tempfile

import pytest

from local_aws import emulator, guard


def test_an_interrupt_before_the_emulator_runs_leaves_no_folder(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(guard, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        emulator.start(tmp_path / "emulator.log")
    assert list((tmp_path / "temporary").iterdir()) == []
