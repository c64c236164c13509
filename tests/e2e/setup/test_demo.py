"""`make demo` as somebody runs it first: in a new clone, with pip set up as they like it.

The clone has more columns, which mock orders lack: the result is to be equal with them and without.
"""

import os
import subprocess
import sys

from tests import ROOT
from tests.copies import OPTIONAL_COLUMNS, add_columns, copy


def test_a_new_clone_installs_what_the_demo_needs_and_runs_it(tmp_path):
    copy(tmp_path, "Makefile", "README.md", "pyproject.toml", "src", "template.yaml", "docs/contract.md")
    copy(tmp_path, *(path.name for path in ROOT.glob("requirements-*.txt")))
    add_columns(tmp_path, *OPTIONAL_COLUMNS)
    personal = {"PIP_USER": "1", "UV_SYSTEM_PYTHON": "1", "VIRTUAL_ENV": str(tmp_path / "another")}

    def make(*arguments):
        return subprocess.run(
            ["make", "--no-print-directory", f"PYTHON={sys._base_executable}", *arguments],  # noqa: S607
            cwd=tmp_path,
            env=os.environ | personal | {"MAKEFLAGS": "", "SALES_HOME": str(tmp_path / ".local")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    assert make("columns").returncode == 0
    demo = make("demo")
    assert demo.returncode == 0, demo.stderr
    assert ", gift-wrap string, " in demo.stdout
    *_, verdict, report = demo.stdout.splitlines()
    assert verdict.startswith("Equal: 300 orders written, 300 rows in the lake")
    assert report == "Charts of what was sold: open .local/demo/report.html in a browser."
    page = (tmp_path / ".local" / "demo" / "report.html").read_text()
    assert "Equal:</strong> 300 orders in the table, 300 rows in the lake" in page
    assert page.count('<svg class="chart wide"') >= 7
    installed = {path.name for path in (tmp_path / ".venv" / "bin").iterdir()}
    assert {"sales", "sam"} <= installed
    assert not {"cfn-lint", "mypy", "pytest", "ruff"} & installed
    assert make("--dry-run", "demo").stdout == "sales demo\n"
