"""Measures the generator function as `sam build` makes it, on a machine that has not the functions' Python.

Nothing in the package is compiled then. Lambda can't save what it compiles, so each cold start compiles the package
again, which takes memory. Beside the package there is what Lambda's Python has: the runtime client and boto3.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

from benchmarks import fresh
from benchmarks.inside.generator import OURS

# What Lambda's Python has: its runtime client, and boto3 with what that needs. Source: AWS Lambda Developer Guide,
# "Runtime-included SDK versions". awscrt and cryptography, which boto3 would import, are only in this environment.
RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
_SDK = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")


def generator_peak_mib(folder: Path, table_name: str, minute: str, more: dict[str, str]) -> float:
    """Build the generator into a folder, let it write the orders of a minute, and return its peak memory."""
    package, runtime = folder / "package", folder / "runtime"
    package.mkdir()
    runtime.mkdir()
    subprocess.run(
        ["make", "--silent", "-C", "src", "build-GeneratorFunction", "LAMBDA_PYTHON=host"],  # noqa: S607
        cwd=fresh.ROOT,
        env=os.environ | {"ARTIFACTS_DIR": str(package), "PYTHON": sys.executable, "MAKEFLAGS": ""},
        check=True,
    )
    for compiled in [*package.rglob("__pycache__")]:
        shutil.rmtree(compiled)
    link((*RUNTIME, *_SDK), runtime)
    answer, _ = fresh.run_with_stderr(
        sys.executable,
        *("generator", OURS, table_name, minute),
        more=more | {"PYTHONPATH": f"{package}:{runtime}:{fresh.ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        options=("-S",),  # leaves out all other packages of this environment
    )
    return float(json.loads(answer)["peak_mib"])


def link(distributions: tuple[str, ...], folder: Path) -> None:
    """Put links to these packages of this environment into a folder."""
    packages = Path(str(find_spec("awslambdaric").origin)).parents[1]  # type: ignore[union-attr]
    for distribution in distributions:
        for top in {file.parts[0] for file in files(distribution) or ()} - {"..", "__pycache__"}:
            (folder / top).symlink_to(packages / top)
