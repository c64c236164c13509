"""Fresh processes to measure in, started as Lambda starts its runtime: with little in their environment."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

_ENVIRONMENT = {
    # The runtime client writes JSON in another way for this runtime, which template.yaml names, than for older ones.
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "POWERTOOLS_SERVICE_NAME": "sales-data-projection",
    "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
}


def run(python: str, module: str, *arguments: str, stdin: bytes = b"") -> Any:  # noqa: ANN401 - any JSON
    """Run a module of `benchmarks.inside` and return its answer.

    Raises RuntimeError, with the words of the process, if it fails.
    """
    return json.loads(run_for_words(python, module, *arguments, stdin=stdin)[0])


def run_for_words(
    python: str, module: str, *arguments: str, stdin: bytes = b"", options: tuple[str, ...] = ()
) -> tuple[bytes, str]:
    """As `run`, with options of the interpreter; return the answer's JSON, and what else the process had to say."""
    completed = subprocess.run(  # noqa: S603 - this repository's own modules
        [python, *options, "-m", f"benchmarks.inside.{module}", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath)} | _ENVIRONMENT,
        check=False,
    )
    words = completed.stderr.decode(errors="replace").strip()
    if completed.returncode:
        raise RuntimeError(f"Measuring {module} {' '.join(arguments)} with {python} failed:\n{words}")
    return completed.stdout, words
