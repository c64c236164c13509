"""Computes the import time of each package from the output of `python -X importtime`."""

import sys
from collections import defaultdict

SHOW = ("-X", "importtime")
"""Options with which Python writes its import times to standard error."""
_LIBRARY = "the standard library"


def by_package(stderr: str, base_stderr: str) -> dict[str, float]:
    """Return the milliseconds of each package's own code, the slowest first, without the modules of `base_stderr`."""
    base = _by_module(base_stderr)
    packages: defaultdict[str, float] = defaultdict(float)
    for module, milliseconds in _by_module(stderr).items():
        if module not in base:
            package = module.partition(".")[0]
            packages[_LIBRARY if package in sys.stdlib_module_names else package] += milliseconds
    return dict(sorted(packages.items(), key=lambda package: -package[1]))


def _by_module(stderr: str) -> dict[str, float]:
    lines = (line.removeprefix("import time:").split("|") for line in stderr.splitlines() if line.count("|") == 2)  # noqa: PLR2004
    return {module.strip(): int(own) / 1e3 for own, _, module in lines if own.strip().isdigit()}
