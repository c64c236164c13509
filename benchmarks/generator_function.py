"""The generator's function: cold start and memory, beside the smallest function that writes as many orders."""

import sys
import time
from statistics import median
from typing import Any

from benchmarks import fresh, imports
from benchmarks.inside import BARE
from benchmarks.inside.generator import BOTO3, OURS
from benchmarks.report import table, target

FUNCTION_MIB = 128
"""As MemorySize of GeneratorFunction in template.yaml."""
PEERS = (OURS, BOTO3, BARE)
NAMES = {OURS: "ours", BOTO3: "boto3 and no more", BARE: "the runtime client alone"}
IMPORTS_SHOWN_MS_MIN = 1.0


def measure(endpoint_url: str, table_name: str, *, rounds: int) -> dict[str, Any]:
    """Start functions that write to a table of the emulator, in fresh processes, in turns."""
    taken: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
    for number in range(rounds + 1):
        for peer in PEERS:
            begun = time.perf_counter()
            answer = fresh.run(sys.executable, "generator", peer, endpoint_url, table_name, _minute(number))
            if number:  # the first compiles what isn't compiled yet
                answer["total_seconds"] = answer.pop("answered_at") - begun
                taken[peer].append(answer)
    words = {
        peer: fresh.run_for_words(
            sys.executable, "generator", peer, endpoint_url, table_name, _minute(rounds + 1), options=imports.SHOW
        )[1]
        for peer in PEERS
    }
    return {
        "milliseconds": {
            peer: {name: median(one[f"{name}_seconds"] for one in each) * 1e3 for name in ("import", "answer", "total")}
            for peer, each in taken.items()
        },
        "ratio": {
            peer: median(
                _function_seconds(one) / _function_seconds(other)
                for one, other in zip(taken[peer], taken[BOTO3], strict=True)
            )
            for peer in (OURS, BOTO3)
        },
        "peak_mib": {peer: median(one["peak_mib"] for one in each) for peer, each in taken.items()},
        "imports_milliseconds": {peer: imports.by_package(words[peer], words[BARE]) for peer in (OURS, BOTO3)},
    }


def _minute(number: int) -> str:
    """Return a minute that is over; each of its own, for an order's id follows from it."""
    return f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"


def _function_seconds(start: dict[str, float]) -> float:
    return start["import_seconds"] + start["answer_seconds"]


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [target(f"generator's function: peak MiB of its {FUNCTION_MIB}", results["peak_mib"][OURS], at_most=128)]


def to_markdown(results: dict[str, Any]) -> str:
    ratio, peak_mib = results["ratio"], results["peak_mib"]
    rows = []
    for peer in PEERS:
        times = results["milliseconds"][peer]
        rows.append(
            [
                NAMES[peer],
                f"**{ratio[peer]:.2f}**" if peer in ratio else "",
                f"**{peak_mib[peer] / peak_mib[BOTO3]:.2f}**",
                f"{times['import']:.0f}",
                f"{times['answer']:.0f}",
                f"{times['total']:.0f}",
                f"{peak_mib[peer]:.1f}",
            ]
        )
    head = ["", "× boto3's time", "× its memory", "ms: import", "ms: 20 orders", "ms: whole process", "MiB at the peak"]
    lines = [
        f"- {NAMES[peer]}: "
        + ", ".join(f"{package} {ms:.0f}" for package, ms in packages.items() if ms >= IMPORTS_SHOWN_MS_MIN)
        for peer, packages in results["imports_milliseconds"].items()
    ]
    return "\n\n".join([_HEAD, table(head, rows), _IMPORTS, "\n".join(lines)])


_HEAD = f"""### The function

A fresh process imports the function and writes the 20 orders of a minute that is over to the emulator. Medians. The
function has {FUNCTION_MIB} MB."""

_IMPORTS = """What each package's own code takes of the import, in ms, on top of the runtime client, slowed by being
watched. boto3 loads awscrt and cryptography because .venv has them, for other tools:"""
