"""Measures the peak memory for the largest event that Lambda takes, against a runtime that only parses the event."""

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import fresh
from benchmarks.batches import largest_batch
from benchmarks.inside import BARE
from benchmarks.peers import MODULES, NAMES, OURS
from benchmarks.pythons import pythons
from benchmarks.report import table, target

EVENT_BYTES_MAX = 6_000_000
ROUNDS = 3
FUNCTION_MIB = 512
"""As MemorySize of TransformFunction in template.yaml."""


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    event = largest_batch(100_000 if quick else EVENT_BYTES_MAX)
    measured: list[dict[str, Any]] = []
    for python in pythons(report, quick=quick):
        report(f"{python.name}: memory")
        peaks_mib = {}
        for peer in (BARE, *MODULES):
            answers = [fresh.run(python.program, "memory", peer, stdin=event) for _ in range(1 if quick else ROUNDS)]
            peaks_mib[peer] = median(answer["peak_kib"] for answer in answers) / 1024
        measured.append({"python": python.name, "peak_mib": peaks_mib})
    targets = [
        target(
            f"{results['python'].partition(',')[0]}: peak memory, relative to the bare runtime",
            results["peak_mib"][OURS] / results["peak_mib"][BARE],
            at_most=1.5,
        )
        for results in measured
    ]
    return {"event_bytes": len(event), "measured": measured, "targets": targets}


def to_markdown(results: dict[str, Any]) -> str:
    parts = [_HEAD.format(results["event_bytes"])]
    for measured in results["measured"]:
        peaks = measured["peak_mib"]
        rows = [[_NAMES[peer], f"**{peak / peaks[BARE]:.2f}**", f"{peak:.1f}"] for peer, peak in peaks.items()]
        parts += [
            f"### {measured['python']}",
            table(["Handler", "relative to the bare runtime", "peak memory, MiB"], rows),
        ]
    peak = max(measured["peak_mib"][OURS] for measured in results["measured"])
    parts.append(
        f"Ours needs {peak:.0f} MiB at most. Lambda's smallest function has 128 MB. The transform has "
        f"{FUNCTION_MIB} MB, because Lambda gives CPU in proportion to memory: one core with 1,769 MB (AWS Lambda "
        'Developer Guide, "Configure Lambda function memory").'
    )
    return "\n\n".join(parts)


_NAMES = NAMES | {BARE: "the bare runtime, which only parses the event"}

_HEAD = """## Memory

The peak resident memory of a fresh process. It gets an event of {:,} bytes through Lambda's runtime client, answers
it, and encodes the answer as JSON. The figures are medians."""
