"""Markdown tables, targets, and the description of the machine, for RESULTS.md."""

import os
import platform
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def target(
    what: str, measured: float, *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    """Return a target and whether it is reached, for `targets` of a part's results. Takes exactly one of the bounds."""
    if (at_least is None) == (at_most is None):
        raise TypeError("target() takes at_least or at_most.")
    if at_least is not None:
        return {"what": what, "bound": f"at least {at_least:g}", "measured": measured, "reached": measured >= at_least}
    return {"what": what, "bound": f"at most {at_most:g}", "measured": measured, "reached": measured <= (at_most or 0)}


def targets_table(targets: Iterable[dict[str, Any]]) -> str:
    return table(
        ["", "Target", "Measured", ""],
        [[t["what"], t["bound"], f"{t['measured']:.2f}", "reached" if t["reached"] else "**missed**"] for t in targets],
    )


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column except the first is aligned to the right."""
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ruler, *lines))


def machine_measured_on() -> dict[str, str]:
    """Return the processor, the memory, the operating system and the Python of this machine."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{_system()}, {platform.system()} {platform.release().partition('-')[0]}",
        "python": python(),
    }


def python() -> str:
    """Return the version of this Python, and whether it was built without optimizations, which makes it slower."""
    optimized = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return f"{platform.python_version()}{'' if optimized else ', built without optimizations'}"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()
