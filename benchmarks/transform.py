"""Measures the transform against other ways to write it: CPU per record, without and with the runtime client's JSON."""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import fresh
from benchmarks.batches import BAD, SHAPES, SIZES, write_stream
from benchmarks.inside import HANDLER, INVOCATION
from benchmarks.peers import BLUEPRINT, MODULES, OURS, POWERTOOLS
from benchmarks.pythons import Python, pythons
from benchmarks.transform_report import FRESH, growth, headline, ratios, targets, to_markdown, usual_size

__all__ = ["measure", "to_markdown"]

PEERS = list(MODULES)
ANSWERING = [OURS, POWERTOOLS, BLUEPRINT]  # with more columns in its row, a handler writes more than the floor
PARAMETERS = {
    "ChangeColumns=APPEND": {"CHANGE_COLUMNS": "APPEND"},
    "OtherAttributes=KEEP": {"OTHER_ATTRIBUTES": "KEEP"},
}
"""Parameters of the stack, and what they are in the function's environment."""

Case = dict[str, Any]


class Effort(NamedTuple):
    """How much to measure.

    Batch sizes, records of each shape, seconds and the least rounds per case; the same for each case in a fresh
    process, and the number of these processes per peer.
    """

    sizes: tuple[int, ...]
    records: int
    seconds: float
    rounds_min: int
    fresh_seconds: float
    fresh_rounds_min: int
    processes: int


# The records of a shape are a multiple of all sizes.
THOROUGH = Effort(SIZES, records=20_000, seconds=2, rounds_min=15, fresh_seconds=0.3, fresh_rounds_min=5, processes=5)
QUICK = Effort((1, 20), records=100, seconds=0, rounds_min=2, fresh_seconds=0, fresh_rounds_min=2, processes=1)


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    effort = QUICK if quick else THOROUGH
    with tempfile.TemporaryDirectory() as folder:
        streams = {shape: str(Path(folder) / shape) for shape in (*SHAPES, BAD)}
        for shape, path in streams.items():
            write_stream(Path(path), shape, effort.records)
        measured = [
            {"python": python.name} | _measure_on(python, streams, effort, report)
            for python in pythons(report, quick=quick)
        ]
    return {
        "records": effort.records,
        "measured": measured,
        "headline": headline(measured),
        "targets": targets(measured),
        "ratios": ratios(measured),
        "growth": growth(measured),
    }


def _measure_on(
    python: Python, streams: dict[str, str], effort: Effort, report: Callable[[str], None]
) -> dict[str, Any]:
    shapes = {shape: streams[shape] for shape in SHAPES}
    usual = usual_size(effort.sizes)

    def run(
        peers: Sequence[str],
        streams: Mapping[str, str],
        sizes: Sequence[int],
        ways: Sequence[str],
        *limits: float,
        more: Mapping[str, str] | None = None,
    ) -> list[Case]:
        question = {"peers": peers, "streams": list(streams.values()), "sizes": sizes, "ways": ways}
        taken = fresh.run(python.program, "timing", *map(str, limits), stdin=json.dumps(question).encode(), more=more)
        shape_of = {path: shape for shape, path in streams.items()}
        return [{"shape": shape_of[case.pop("stream")], **case} for case in taken]

    limits = (effort.seconds, effort.rounds_min)
    report(f"{python.name}: handler and whole invocation, all in one process, in turns")
    cases = run(PEERS, shapes, effort.sizes, [HANDLER, INVOCATION], *limits)
    report(f"{python.name}: handler, in fresh processes")
    cases += _in_fresh_processes(
        lambda peer: run([peer], shapes, effort.sizes[-2:], [HANDLER], effort.fresh_seconds, effort.fresh_rounds_min),
        effort.processes,
    )
    report(f"{python.name}: handler, with bad records, and with the parameters that add columns")
    without_target = run(PEERS, {BAD: streams[BAD]}, [usual], [HANDLER], *limits)
    for parameter, environment in PARAMETERS.items():
        found = run(ANSWERING, shapes, [usual], [HANDLER], *limits, more=environment)
        without_target += [case | {"parameter": f"`{parameter}`"} for case in found]
    return {"cases": list(map(_summary, cases)), "without_target": list(map(_summary, without_target))}


def _in_fresh_processes(run: Callable[[str], list[Case]], processes: int) -> list[Case]:
    """Return cases of which each round is a process, with the median of that process."""
    cases: dict[tuple[str, int], Case] = {}
    for _ in range(processes):
        for peer in PEERS:
            for case in run(peer):
                shape, records = case["shape"], case["records"]
                new = {"shape": shape, "records": records, "way": FRESH, "seconds": {peer: [] for peer in PEERS}}
                seconds = cases.setdefault((shape, records), new)["seconds"]
                seconds[peer].append(median(case["seconds"][peer]))
    return list(cases.values())


def _summary(case: Case) -> Case:
    """Return the medians of the ratios of each round (how many times as fast ours is), and of each peer's time."""
    seconds = case.pop("seconds")
    return case | {
        "ratio": {
            peer: median(theirs / ours for theirs, ours in zip(taken, seconds[OURS], strict=True))
            for peer, taken in seconds.items()
            if peer != OURS
        },
        "microseconds_per_record": {peer: median(taken) * 1e6 / case["records"] for peer, taken in seconds.items()},
        "rounds": len(seconds[OURS]),
    }
