"""`make demo` as somebody runs it first: in a new clone, with pip set up as they like it."""

import os
import shutil
import subprocess
import sys

from tests import ROOT


def test_a_new_clone_installs_what_the_demo_needs_and_runs_it(tmp_path):
    for name in ("Makefile", "README.md", "pyproject.toml", "src", "template.yaml"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    for requirements in ROOT.glob("requirements-*.txt"):
        shutil.copy(requirements, tmp_path)
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

    demo = make("demo")
    assert demo.returncode == 0, demo.stderr
    assert demo.stdout.splitlines()[-1].startswith("Equal: 300 orders written, 300 rows in the lake")
    installed = {path.name for path in (tmp_path / ".venv" / "bin").iterdir()}
    assert {"sales", "sam"} <= installed
    assert not {"cfn-lint", "mypy", "pytest", "ruff"} & installed
    assert make("--dry-run", "demo").stdout == "sales demo\n"
