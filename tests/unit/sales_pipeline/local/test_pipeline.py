"""A crawl on this machine that fails is one line, however its process ends."""

import subprocess
from types import SimpleNamespace

import pytest

from sales_pipeline.errors import SalesError
from sales_pipeline.local import pipeline


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("echo '2026-11-26 10:00:00,000 ERROR Table t was made by somebody else' >&2; exit 1", "Table t was made by"),
        ("kill -9 $$", "was ended by SIGKILL"),
        ("echo Traceback >&2; exit 1", "Traceback"),
        ("sleep 60", "took longer than 1 s"),
    ],
)
def test_a_crawl_that_fails_says_why(monkeypatch, tmp_path, program, said):
    run = subprocess.run
    monkeypatch.setattr(pipeline.subprocess, "run", lambda _, **options: run(["/bin/sh", "-c", program], **options))
    monkeypatch.setattr(pipeline, "CRAWL_SECONDS", 1.0)
    with pytest.raises(SalesError, match=said):
        pipeline.crawl(tmp_path, SimpleNamespace(name="sales"))
