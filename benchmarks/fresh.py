"""Runs measurements in fresh processes with a small environment, as Lambda starts its runtime."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

_ENVIRONMENT = {
    # template.yaml names this runtime. For older ones the runtime client encodes JSON in another way.
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "POWERTOOLS_SERVICE_NAME": "sales-data-projection",
    "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
}


def run(python: str, module: str, *arguments: str, stdin: bytes = b"", more: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - any JSON
    """Run a module of `benchmarks.inside` with `more` variables of the environment, and return its answer.

    Raises RuntimeError, with the process' standard error, if it fails.
    """
    return json.loads(run_with_stderr(python, module, *arguments, stdin=stdin, more=more)[0])


def run_with_stderr(
    python: str,
    module: str,
    *arguments: str,
    stdin: bytes = b"",
    more: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
) -> tuple[bytes, str]:
    """Run a module with options of the interpreter; return the answer's JSON and the process' standard error."""
    completed = subprocess.run(  # noqa: S603 - this repository's own modules
        [python, *options, "-m", f"benchmarks.inside.{module}", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath)} | _ENVIRONMENT | dict(more or {}),
        check=False,
    )
    stderr = completed.stderr.decode(errors="replace").strip()
    if completed.returncode:
        raise RuntimeError(f"Measuring {module} {' '.join(arguments)} with {python} failed:\n{stderr}")
    return completed.stdout, stderr
