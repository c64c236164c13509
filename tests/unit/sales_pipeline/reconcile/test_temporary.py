"""The comparison's temporary file is gone however the command ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEADLINE_SECONDS = 10
HOLDER = """
import time
from sales_pipeline.reconcile import ledger
from sales_pipeline.reconcile.temporary import temporary_ledger
ledger.CACHE_KIB = 1
with temporary_ledger() as held:
    for key in range(10_000):
        held.mark_as_read(f"{key:0100}")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_no_file(tmp_path, number):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as holder:
        assert holder.stdout.readline() == b"ready\n"
        files = [str(each.readlink()) for each in Path(f"/proc/{holder.pid}/fd").iterdir()]
        assert any(each.startswith(str(tmp_path)) for each in files), "it holds a million orders on disk, not in memory"
        holder.send_signal(number)
        holder.wait(DEADLINE_SECONDS)
    assert list(tmp_path.iterdir()) == []
