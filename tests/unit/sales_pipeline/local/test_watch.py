"""A process that is gone is named, with its log, or with the full disk that keeps its log empty."""

from types import SimpleNamespace

import pytest

from sales_pipeline.local import watch
from sales_pipeline.local.watch import GoneError, Process


@pytest.mark.parametrize(
    ("free_bytes", "advice"),
    [
        (10**9, "see {log}, which ends with 'the reason', and start it again"),
        (0, "the disk that holds {folder} is full, so free some space, and start it again"),
    ],
)
def test_a_process_that_is_gone_is_named_with_what_to_do(tmp_path, monkeypatch, free_bytes, advice):
    log_path = tmp_path / "emulator.log"
    log_path.write_text("first\nthe reason\n\n")
    monkeypatch.setattr(watch.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    process = Process("the emulator", SimpleNamespace(ending=lambda: "was ended by SIGKILL"), log_path)
    with pytest.raises(GoneError) as gone:
        process.look()
    assert str(gone.value) == (
        "the emulator was ended by SIGKILL, so this pipeline does not run: "
        + advice.format(log=log_path, folder=tmp_path)
    )
