"""What each package takes of an import, from what `python -X importtime` writes."""

import sys
from collections import defaultdict

SHOW = ("-X", "importtime")
"""Options of the interpreter that make it write."""
_LIBRARY = "the standard library"


def by_package(words: str, base_words: str) -> dict[str, float]:
    """Return the milliseconds that each package's own code takes, the dearest first, apart from what `base` imports."""
    base = _by_module(base_words)
    packages: defaultdict[str, float] = defaultdict(float)
    for module, milliseconds in _by_module(words).items():
        if module not in base:
            package = module.partition(".")[0]
            packages[_LIBRARY if package in sys.stdlib_module_names else package] += milliseconds
    return dict(sorted(packages.items(), key=lambda package: -package[1]))


def _by_module(words: str) -> dict[str, float]:
    lines = (line.removeprefix("import time:").split("|") for line in words.splitlines() if line.count("|") == 2)  # noqa: PLR2004
    return {module.strip(): int(own) / 1e3 for own, _, module in lines if own.strip().isdigit()}
