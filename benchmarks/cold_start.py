"""Measures the cold start: the time from a fresh interpreter to the first answer, and the time of each import."""

import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from benchmarks import fresh, imports
from benchmarks.batches import batch, to_json
from benchmarks.peers import BLUEPRINT, FLOOR, MODULES, NAMES, OURS, POWERTOOLS
from benchmarks.pythons import Python, pythons
from benchmarks.report import table, target

ROUNDS = 15
PEERS = list(MODULES)
IMPORTS_SHOWN_MS_MIN = 0.5


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    event = to_json(batch(1))
    measured = []
    for python in pythons(report, quick=quick):
        report(f"{python.name}: cold start")
        starts = _starts(python, event, 1 if quick else ROUNDS)
        by_package = _imports(python, (OURS, POWERTOOLS), event)
        measured.append({"python": python.name, "milliseconds": starts, "imports_milliseconds": by_package})
    return {"measured": measured, "targets": [_target(results) for results in measured]}


def _starts(python: Python, event: bytes, rounds: int) -> dict[str, dict[str, float]]:
    taken: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
    for _ in range(rounds):
        for peer in PEERS:
            begun = time.perf_counter()
            answer = fresh.run(python.program, "cold_start", peer, stdin=event)
            answer["total_seconds"] = answer.pop("answered_at") - begun
            taken[peer].append(answer)
    starts = {
        peer: {name: median(one[f"{name}_seconds"] for one in each) * 1e3 for name in ("import", "answer", "total")}
        for peer, each in taken.items()
    }
    for peer in PEERS:
        pairs = zip(taken[peer], taken[POWERTOOLS], strict=True)
        starts[peer]["ratio"] = median(_function_seconds(one) / _function_seconds(other) for one, other in pairs)
    return starts


def _function_seconds(start: dict[str, float]) -> float:
    return start["import_seconds"] + start["answer_seconds"]


def _imports(python: Python, peers: Iterable[str], event: bytes) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each package's own code, per peer, without the packages that the floor imports too."""

    def stderr(peer: str) -> str:
        return fresh.run_with_stderr(python.program, "cold_start", peer, stdin=event, options=imports.SHOW)[1]

    base = stderr(FLOOR)
    return {peer: imports.by_package(stderr(peer), base) for peer in peers}


def _target(results: dict[str, Any]) -> dict[str, Any]:
    version = results["python"].partition(",")[0]
    what = f"{version}: cold start, relative to {NAMES[POWERTOOLS]} with Logger and Metrics"
    return target(what, results["milliseconds"][OURS]["ratio"], at_most=1)


def to_markdown(results: dict[str, Any]) -> str:
    parts = [_HEAD]
    for measured in results["measured"]:
        starts = measured["milliseconds"]
        rows = [
            [
                NAMES[peer],
                f"**{starts[peer]['ratio']:.2f}**",
                *[f"{starts[peer][name]:.1f}" for name in ("import", "answer", "total")],
            ]
            for peer in (OURS, POWERTOOLS, BLUEPRINT, FLOOR)
        ]
        head = ["Handler", f"relative to {NAMES[POWERTOOLS]}", "imports, ms", "first answer, ms", "total, ms"]
        parts += [f"### {measured['python']}", table(head, rows)]
        for peer, packages in measured["imports_milliseconds"].items():
            shown = [f"{package} {ms:.1f}" for package, ms in packages.items() if ms >= IMPORTS_SHOWN_MS_MIN]
            parts.append(f"Imports of {NAMES[peer]}, each package's own code in ms: {' · '.join(shown)}.")
    return "\n\n".join(parts)


_HEAD = """## Cold start

The time from a fresh interpreter to the answer to its first event, which holds one order. The ratio compares imports
and first answer together. *Total* includes the start of the interpreter and of Lambda's runtime client. Modules are
compiled, as after `sam build`. The figures are medians of fresh processes, in turns. They do not include Lambda's own
work before that, such as fetching the code."""
