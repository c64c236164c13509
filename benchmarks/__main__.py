"""Measure, and write down what was measured: `python -m benchmarks`, which is what `make bench` runs."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import large
from benchmarks.report import machine_measured_on, targets_table

HERE = Path(__file__).parent
PARTS = ("transform", "cold_start", "memory", "generator", "chain")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure everything, and rewrite RESULTS.md, results.json and the plots.",
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="measure this part alone, and print its section")
    parser.add_argument("--quick", action="store_true", help="measure too little to tell, and print all sections")
    arguments = parser.parse_args()
    results = measured(arguments.part or PARTS, _report, quick=arguments.quick)
    if arguments.part or arguments.quick:
        sys.stdout.write(to_markdown(results))
    else:
        write(results, HERE)


def measured(parts: Sequence[str], report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    """Measure these parts, one after the other."""
    begun = time.monotonic()
    results = {part: import_module(f"benchmarks.{part}").measure(report, quick=quick) for part in parts}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "minutes": (time.monotonic() - begun) / 60,
        "machine": machine_measured_on(),
        "parts": results,
    }


def to_markdown(results: dict[str, Any]) -> str:
    """Return the text of RESULTS.md."""
    parts = results["parts"]
    head = _HEAD.format(
        date=results["date"],
        minutes=results["minutes"],
        machine="\n".join(f"- {name}: {value}" for name, value in results["machine"].items()),
        targets=targets_table(target for part in parts.values() for target in part.get("targets", [])),
    )
    sections = [import_module(f"benchmarks.{part}").to_markdown(result).strip() for part, result in parts.items()]
    return "\n\n".join([head, *sections]) + "\n"


_HEAD = """# Results

Measured on {date} in {minutes:.0f} minutes by `make bench`, which rewrites this file:

{machine}

Ratios carry over to other machines better than times, which stand beside them. No figure is AWS' own: nothing here ran
there.

## Targets

{targets}

![How many times as fast as the others ours is](ratios.svg)

![What one of many costs](growth.svg)"""


def write(results: dict[str, Any], folder: Path) -> None:
    """Rewrite the files that hold the results."""
    from benchmarks.plots import plot_growth, plot_ratios  # noqa: PLC0415 - the one need for matplotlib

    plot_ratios(_panels(results, "ratios"), folder / "ratios.svg")
    plot_growth(_panels(results, "growth"), folder / "growth.svg")
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "RESULTS.md").write_text(to_markdown(results) + large.section(folder))


def _panels(results: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [part[key] for part in results["parts"].values() if key in part]


def _report(line: str) -> None:
    sys.stderr.write(f"{line} …\n")


if __name__ == "__main__":
    main()
