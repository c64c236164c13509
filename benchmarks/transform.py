"""Measures the transform against other ways to write it: CPU per record, without and with the runtime client's JSON."""

import json
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from benchmarks import fresh
from benchmarks.batches import SIZES, batch
from benchmarks.peers import BLUEPRINT, FLOOR, MODULES, NAMES, OURS, POWERTOOLS
from benchmarks.pythons import Python, pythons
from benchmarks.report import table, target

PEERS = list(MODULES)
OTHERS = [POWERTOOLS, BLUEPRINT, FLOOR]


class Effort(NamedTuple):
    """How much to measure: batch sizes, seconds per case, the least rounds per case, and processes per peer."""

    sizes: tuple[int, ...]
    seconds: float
    rounds_min: int
    processes: int


THOROUGH = Effort(SIZES, seconds=2, rounds_min=15, processes=5)
QUICK = Effort((1, 20), seconds=0, rounds_min=2, processes=1)
FRESH_SECONDS = 0.6


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    effort = QUICK if quick else THOROUGH
    batches = {
        _case(records, kind): batch(records, mixed=kind == "mixed")
        for kind in ("clean", "mixed")
        for records in effort.sizes
    }
    measured = [
        {"python": python.name} | _measure_on(python, batches, effort, report)
        for python in pythons(report, quick=quick)
    ]
    return {"measured": measured, "sizes": effort.sizes} | _for_the_whole(measured, effort.sizes)


def _measure_on(
    python: Python, batches: dict[str, Any], effort: Effort, report: Callable[[str], None]
) -> dict[str, Any]:
    results = {}
    for way, whole in (("handler", False), ("invocation", True)):
        report(f"{python.name}: {way}, all in one process, in turns")
        question = json.dumps({"peers": PEERS, "whole": whole, "batches": batches}).encode()
        taken = fresh.run(python.program, "timing", str(effort.seconds), str(effort.rounds_min), stdin=question)
        results[way] = {case: _summary(seconds, batches[case]) for case, seconds in taken.items()}
    report(f"{python.name}: handler, in fresh processes")
    largest = {case: event for case, event in batches.items() if case in map(_clean, effort.sizes[-2:])}
    results["fresh"] = _in_fresh_processes(python, largest, effort)
    return results


def _in_fresh_processes(python: Python, batches: dict[str, Any], effort: Effort) -> dict[str, Any]:
    taken: dict[str, dict[str, list[float]]] = {case: {peer: [] for peer in PEERS} for case in batches}
    for _ in range(effort.processes):
        for peer in PEERS:
            question = json.dumps({"peers": [peer], "whole": False, "batches": batches}).encode()
            seconds = FRESH_SECONDS if effort.seconds else 0
            answer = fresh.run(python.program, "timing", str(seconds), str(effort.rounds_min), stdin=question)
            for case in batches:
                taken[case][peer].append(median(answer[case][peer]))
    return {case: _summary(seconds, batches[case]) for case, seconds in taken.items()}


def _summary(seconds: dict[str, list[float]], event: dict[str, Any]) -> dict[str, Any]:
    """Return the medians of the ratios of each round (how many times as fast ours is), and of each peer's time."""
    return {
        "ratio": {
            peer: median(theirs / ours for theirs, ours in zip(seconds[peer], seconds[OURS], strict=True))
            for peer in OTHERS
        },
        "microseconds_per_record": {
            peer: median(taken) * 1e6 / len(event["records"]) for peer, taken in seconds.items()
        },
        "rounds": len(seconds[OURS]),
    }


def _for_the_whole(measured: list[dict[str, Any]], sizes: tuple[int, ...]) -> dict[str, Any]:
    targets = []
    for results in measured:
        for way, records, peer, at_least in (
            ("handler", 500, POWERTOOLS, 7),
            ("handler", 500, BLUEPRINT, 5),
            ("handler", 500, FLOOR, 0.8),
            ("handler", 4000, POWERTOOLS, 6),
            ("invocation", 500, POWERTOOLS, 3.3),
        ):
            if records in sizes:
                version = results["python"].partition(",")[0]
                what = f"{version}: {_WAYS[way]}, {records:,} clean records: times as fast as {NAMES[peer]}"
                targets.append(target(what, results[way][_clean(records)]["ratio"][peer], at_least=at_least))
    first = measured[0]
    by_size = {peer: [first["handler"][_clean(size)] for size in sizes] for peer in PEERS}
    return {
        "targets": targets,
        "ratios": {
            "label": f"Transform: how many times as fast as the others, {first['python']}",
            "x_label": "records per batch",
            "x": [f"{size:,}" for size in sizes],
            "series": {NAMES[peer]: [case["ratio"][peer] for case in by_size[peer]] for peer in OTHERS},
        },
        "growth": {
            "label": "Transform: µs of CPU per record",
            "x_label": "records per batch",
            "x": list(sizes),
            "series": {
                NAMES[peer]: [case["microseconds_per_record"][peer] for case in by_size[peer]] for peer in PEERS
            },
        },
    }


_WAYS = {"handler": "handler", "invocation": "whole invocation"}


def to_markdown(results: dict[str, Any]) -> str:
    parts = [_HEAD]
    for measured in results["measured"]:
        parts.append(f"### {measured['python']}")
        for title, way in (
            ("The handler; all take turns in one process", "handler"),
            ("The handler; each runs in fresh processes", "fresh"),
            ("The whole invocation, with the runtime client's JSON; all take turns in one process", "invocation"),
        ):
            parts += [f"{title}:", _table(measured[way])]
    return "\n\n".join(parts)


_HEAD = """## The transform

The columns with × say how many times as fast ours is. The ratio is the median over the rounds; each round measures all
of them in turns. Below 1 ours is slower. The columns with µs are CPU per record. All except the floor write the same
log lines and metrics, and answer with the same rows. The benchmark checks that first.

- **Powertools' data classes**: used as in their documentation, without the decorators, which would take more time.
- **AWS' blueprint**: its loop, with json and boto3's TypeDeserializer.
- **The floor**: the least that a handler in plain Python can do: base64 decoding, base64 encoding of an output of the
  same size, and one result per record. It has no JSON, no log and no failures.

The others turn prices into binary floats, so all get prices that a binary float can hold. In mixed batches 1 % of the
records are bad and 5 % are removals. The first record is a bad one, so the mixed batch of 1 is one refused record, with
the two lines that it logs."""


def _table(cases: dict[str, Any]) -> str:
    return table(
        ["Records", *[f"× {NAMES[peer]}" for peer in OTHERS], *[f"µs: {NAMES[peer]}" for peer in PEERS]],
        [
            [
                case,
                *[f"**{summary['ratio'][peer]:.2f}**" for peer in OTHERS],
                *[f"{summary['microseconds_per_record'][peer]:.2f}" for peer in PEERS],
            ]
            for case, summary in cases.items()
        ],
    )


def _case(records: int, kind: str) -> str:
    return f"{records:,} {kind}"


def _clean(records: int) -> str:
    return _case(records, "clean")
