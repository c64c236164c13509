"""A process id alone proves nothing: another process can have it a moment later."""

import os
import subprocess
import sys

import pytest

from sales_pipeline.local import process


@pytest.mark.parametrize("source", ["/proc", "ps"])
def test_it_is_the_same_as_long_as_the_process_runs_and_differs_from_every_other(source, monkeypatch, tmp_path):
    if source == "ps":
        monkeypatch.setattr(process, "_PROC", tmp_path)  # as on macOS
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "(odd) name"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()  # before it runs, its command is empty for a moment
        seen = process.identity(other.pid)
        assert "(odd) name" in seen
        monkeypatch.setenv("TZ", "Asia/Tokyo")  # another terminal may have another one
        assert process.identity(other.pid) == seen != process.identity(os.getpid())
    assert process.identity(other.pid) is None
