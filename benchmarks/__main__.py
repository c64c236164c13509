"""Measures everything and writes RESULTS.md: `python -m benchmarks`, which `make bench` runs."""

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
PARTS = ("transform", "cold_start", "memory", "generator", "pipeline")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure everything, and rewrite RESULTS.md, results.json and the plots.",
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="measure only this part, and print its section")
    parser.add_argument("--quick", action="store_true", help="measure as little as possible, and print all sections")
    parser.add_argument("--report-only", action="store_true", help="measure nothing, and rewrite from results.json")
    arguments = parser.parse_args()
    if arguments.report_only:
        write(json.loads((HERE / "results.json").read_text()), HERE)
        return
    results = measured(arguments.part or PARTS, _report, quick=arguments.quick)
    if arguments.part or arguments.quick:
        sys.stdout.write(to_markdown(results))
    else:
        write(results, HERE)


def measured(parts: Sequence[str], report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    """Measure these parts, one after the other, and return their results."""
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
        headlines="".join(f"{part['headline']}\n\n" for part in parts.values() if "headline" in part),
        targets=targets_table(target for part in parts.values() for target in part.get("targets", [])),
    )
    sections = [import_module(f"benchmarks.{part}").to_markdown(result).strip() for part, result in parts.items()]
    return "\n\n".join([head, *sections]) + "\n"


_HEAD = """# Results

`make bench` measured this on {date} in {minutes:.0f} minutes, and wrote this file. The machine:

{machine}

On another machine the times differ, but the ratios are similar. Nothing here ran on AWS.

*Ours* is this project's function or program. CPU is the time that a process used a processor.

{headlines}## Targets

{targets}

![How many times as fast ours is as each of the others](ratios.svg)

![The cost per record and per order, at different sizes](growth.svg)"""


def write(results: dict[str, Any], folder: Path) -> None:
    """Write RESULTS.md, results.json and the plots."""
    from benchmarks.plots import plot_growth, plot_ratios  # noqa: PLC0415 - nothing else needs matplotlib

    plot_ratios(_panels(results, "ratios"), folder / "ratios.svg")
    plot_growth(_panels(results, "growth"), folder / "growth.svg")
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "RESULTS.md").write_text(to_markdown(results) + large.section(folder))


def _panels(results: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = [part[key] for part in results["parts"].values() if key in part]
    return [panel for panels in found for panel in (panels if isinstance(panels, list) else [panels])]


def _report(line: str) -> None:
    sys.stderr.write(f"{line} …\n")


if __name__ == "__main__":
    main()
