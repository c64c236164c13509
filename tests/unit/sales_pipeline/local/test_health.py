"""A process that is gone is named, with its log, or with the full disk that keeps its log empty."""

from types import SimpleNamespace

import pytest

from local_aws import disk
from sales_pipeline.local.health import GoneError, Process


@pytest.mark.parametrize(
    ("free_bytes", "logged", "said"),
    [
        (10**9, "first\n12:00 ERROR the reason\n\n", " (the reason), so this pipeline has ended: see {log}, and run"),
        (
            10**9,
            "Traceback\nOSError: the reason\n",
            " (OSError: the reason), so this pipeline has ended: see {log}, and run",
        ),
        (10**9, "12:00 ERROR old\n12:01 INFO a long line\n", ", so this pipeline has ended: see {log}, and run"),
        (10**9, "", ", so this pipeline has ended: see {log}, and run"),
        (0, "", ", and the disk that holds {folder} is full: free some space, then run"),
    ],
)
def test_a_process_that_is_gone_is_named_with_what_to_do(tmp_path, monkeypatch, free_bytes, logged, said):
    log_path = tmp_path / "emulator.log"
    log_path.write_text(logged)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free_bytes))
    process = Process("the emulator", SimpleNamespace(ending=lambda: "was ended by SIGKILL"), log_path, "sales demo")
    with pytest.raises(GoneError) as gone:
        process.look()
    said = said.format(log=log_path, folder=tmp_path)
    assert str(gone.value) == f"the emulator was ended by SIGKILL{said} `sales demo` again"
