"""What RESULTS.md says and plots of the transform's cases. Targets are about the worst of the shapes of orders."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.batches import SHAPES
from benchmarks.inside import HANDLER, INVOCATION
from benchmarks.peers import BLUEPRINT, FLOOR, NAMES, OURS, POWERTOOLS
from benchmarks.report import table, target

FRESH = "fresh"
OTHERS = (POWERTOOLS, BLUEPRINT, FLOOR)
USUAL, LARGE = 500, 4000
"""Sizes of batches that have targets."""

_WAYS = {HANDLER: "handler", FRESH: "handler, in fresh processes", INVOCATION: "whole invocation"}
_TARGETS = (
    (HANDLER, USUAL, POWERTOOLS, 7.5),
    (HANDLER, USUAL, BLUEPRINT, 5),
    (HANDLER, USUAL, FLOOR, 0.75),
    (HANDLER, LARGE, POWERTOOLS, 7),
    (INVOCATION, USUAL, POWERTOOLS, 3.3),
)

Measured = Sequence[dict[str, Any]]
Case = dict[str, Any]


def usual_size(sizes: Iterable[int]) -> int:
    """Return the size of batches that RESULTS.md quotes: 500, or less in a quick measurement."""
    return max(size for size in sizes if size <= USUAL)


def headline(measured: Measured) -> str:
    """Return what is true for every shape, on every Python."""
    cases = _cases(measured)
    records = usual_size(_sizes(cases))
    handler, invocation = (_select(cases, way, records) for way in (HANDLER, INVOCATION))
    times = {peer: _worst(handler, peer)["ratio"][peer] for peer in OTHERS}
    whole = _worst(invocation, POWERTOOLS)["ratio"][POWERTOOLS]
    return (
        f"**The transform, on the worst of {len({case['shape'] for case in cases})} shapes of orders, in batches of "
        f"{records:,}: {times[POWERTOOLS]:.1f} times as fast as {NAMES[POWERTOOLS]}, {times[BLUEPRINT]:.1f} times as "
        f"fast as {NAMES[BLUEPRINT]}, and {times[FLOOR]:.2f} times as fast as {NAMES[FLOOR]}. The whole invocation: "
        f"{whole:.1f} times as fast as with {NAMES[POWERTOOLS]}.**"
    )


def targets(measured: Measured) -> list[dict[str, Any]]:
    """Return the targets on each Python, with what was measured on the worst of the shapes."""
    found = []
    for results in measured:
        for way, records, peer, at_least in _TARGETS:
            if cases := _select(results["cases"], way, records):
                worst = _worst(cases, peer)
                what = (
                    f"{_version(results)}: {_WAYS[way]}, {records:,} records, the worst of the shapes "
                    f"({worst['shape']}): times as fast as {NAMES[peer]}"
                )
                found.append(target(what, worst["ratio"][peer], at_least=at_least))
    return found


def ratios(measured: Measured) -> list[dict[str, Any]]:
    """Return what to plot: the lower ratio of the Pythons for each shape, and of the shapes for each size."""
    cases = _select(_cases(measured), HANDLER)
    sizes = _sizes(cases)
    usual = usual_size(sizes)
    shapes = list(dict.fromkeys(case["shape"] for case in cases))
    by_shape = [[case for case in _select(cases, HANDLER, usual) if case["shape"] == shape] for shape in shapes]
    by_size = [_select(cases, HANDLER, size) for size in sizes]
    lowest = f"the lowest on {' and '.join(map(_version, measured))}"
    return [
        _panel(
            f"Transform, batches of {usual}: how many times as fast as the others",
            f"shape of the orders; {lowest}",
            shapes,
            by_shape,
        ),
        _panel(
            "Transform, the worst of the shapes: how many times as fast as the others",
            f"records per batch; {lowest}",
            [f"{size:,}" for size in sizes],
            by_size,
        ),
    ]


def _panel(label: str, x_label: str, places: list[str], cases: list[list[Case]]) -> dict[str, Any]:
    series = {NAMES[peer]: [_worst(some, peer)["ratio"][peer] for some in cases] for peer in OTHERS}
    return {"label": label, "x_label": x_label, "x": places, "series": series}


def growth(measured: Measured) -> dict[str, Any]:
    """Return what to plot: the cost of a record on the shape and the Python where ours is the worst."""
    candidates = [(results, case) for results in measured for case in _select(results["cases"], HANDLER)]
    usual = usual_size(_sizes(case for _, case in candidates))
    results, worst = min(
        ((results, case) for results, case in candidates if case["records"] == usual),
        key=lambda candidate: candidate[1]["ratio"][POWERTOOLS],
    )
    cases = [case for case in _select(results["cases"], HANDLER) if case["shape"] == worst["shape"]]
    return {
        "label": f"Transform, {worst['shape']}, {_version(results)}: µs of CPU per record",
        "x_label": "records per batch",
        "x": [case["records"] for case in cases],
        "series": {NAMES[peer]: [case["microseconds_per_record"][peer] for case in cases] for peer in (OURS, *OTHERS)},
    }


def to_markdown(results: dict[str, Any]) -> str:
    measured = results["measured"]
    shapes = {case["shape"] for case in _cases(measured)}
    parts = [
        _HEAD.format(
            records=results["records"],
            shapes="\n".join(f"- **{shape}**: {what}." for shape, what in SHAPES.items() if shape in shapes),
        ),
        "### The worst of the shapes",
        "Each ratio is that of the shape on which it is lowest.",
        _worst_table(measured),
    ]
    for each in measured:
        parts.append(f"### {each['python']}")
        for title, way in (
            ("The handler; all take turns in one process", HANDLER),
            ("The handler; each runs in fresh processes", FRESH),
            ("The whole invocation, with the runtime client's JSON; all take turns in one process", INVOCATION),
        ):
            parts += [f"{title}:", _table(_select(each["cases"], way))]
        if each["without_target"]:
            parts += [_WITHOUT_TARGET, _table(each["without_target"])]
    return "\n\n".join(parts)


_HEAD = """## The transform

The columns with × say how many times as fast ours is. The ratio is the median over the rounds; each round measures all
of them in turns. Below 1 ours is slower. The columns with µs are CPU per record. All except the floor write the same
log lines and metrics, and answer with the same rows. The benchmark first compares the rows of all records.

- **Powertools' data classes**: used as in their documentation, without the decorators, which would take more time.
- **AWS' blueprint**: its loop, with json and boto3's TypeDeserializer.
- **The floor**: the least that a handler in plain Python can do: base64 decoding, base64 encoding of an output of the
  same size, and one result per record. It has no JSON, no log and no failures.

The orders have these shapes:

{shapes}

Each round gets other records, in new objects. After {records:,} records the first ones come again, with their prices.
The others turn prices into binary floats, so all get prices that a binary float can hold: they have two decimals. A
quarter of the records with more attributes have letters beyond ASCII. One record is a removal in one of five rounds
only, so the medians of batches of one are not about removals."""

_WITHOUT_TARGET = """\
The handler, without a target; all take turns in one process. One in 100 of the bad records is refused. The parameters
add columns to the rows of all, so the floor has no output of the same size:"""


def _worst_table(measured: Measured) -> str:
    rows = []
    for results in measured:
        for way, name in _WAYS.items():
            cases = _select(results["cases"], way)
            for records in _sizes(cases):
                some = _select(cases, way, records)
                worst = [_worst(some, peer) for peer in OTHERS]
                cells = [
                    f"**{case['ratio'][peer]:.2f}** {case['shape']}" for peer, case in zip(OTHERS, worst, strict=True)
                ]
                rows.append([f"{_version(results)}: {name}", f"{records:,}", *cells])
    return table(["", "Records", *[f"× {NAMES[peer]}" for peer in OTHERS]], rows)


def _table(cases: Iterable[Case]) -> str:
    return table(
        [
            "Shape",
            "Records",
            *[f"× {NAMES[peer]}" for peer in OTHERS],
            *[f"µs: {NAMES[peer]}" for peer in (OURS, *OTHERS)],
        ],
        [
            [
                " with ".join(filter(None, (case["shape"], case.get("parameter")))),
                f"{case['records']:,}",
                *[f"**{case['ratio'][peer]:.2f}**" if peer in case["ratio"] else "" for peer in OTHERS],
                *[
                    f"{case['microseconds_per_record'][peer]:.2f}" if peer in case["microseconds_per_record"] else ""
                    for peer in (OURS, *OTHERS)
                ],
            ]
            for case in cases
        ],
    )


def _cases(measured: Measured) -> list[Case]:
    return [case for results in measured for case in results["cases"]]


def _select(cases: Iterable[Case], way: str, records: int | None = None) -> list[Case]:
    return [case for case in cases if case["way"] == way and records in (None, case["records"])]


def _worst(cases: Iterable[Case], peer: str) -> Case:
    return min(cases, key=lambda case: case["ratio"][peer])


def _sizes(cases: Iterable[Case]) -> list[int]:
    return sorted({case["records"] for case in cases})


def _version(results: dict[str, Any]) -> str:
    version: str = results["python"].partition(",")[0]
    return version
