"""Measures the generator function against the smallest function that writes as many orders: cold start and memory."""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import built, fresh, imports
from benchmarks.inside import BARE
from benchmarks.inside.generator import BOTO3, OURS
from benchmarks.report import table, target

FUNCTION_MIB = 128
"""As MemorySize of GeneratorFunction in template.yaml."""
PEERS = (OURS, BOTO3, BARE)
NAMES = {OURS: "ours", BOTO3: "boto3 only", BARE: "the runtime client only"}
IMPORTS_SHOWN_MS_MIN = 1.0
_OF_THE_EMULATOR = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


def measure(table_name: str, *, rounds: int) -> dict[str, Any]:
    """Run the functions in fresh processes, in turns; they write to a table of the emulator that boto3 uses here."""
    more = {name: os.environ[name] for name in _OF_THE_EMULATOR}
    taken: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
    for number in range(rounds + 1):
        for peer in PEERS:
            begun = time.perf_counter()
            answer = fresh.run(sys.executable, "generator", peer, table_name, _minute(number), more=more)
            if number:  # the first round only compiles the modules
                answer["total_seconds"] = answer.pop("answered_at") - begun
                taken[peer].append(answer)
    stderr = {
        peer: fresh.run_with_stderr(
            sys.executable, "generator", peer, table_name, _minute(rounds + 1), more=more, options=imports.SHOW
        )[1]
        for peer in PEERS
    }
    with tempfile.TemporaryDirectory() as folder:
        built_peak_mib = built.generator_peak_mib(Path(folder), table_name, _minute(rounds + 2), more)
    return {
        "built_peak_mib": built_peak_mib,
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
        "imports_milliseconds": {peer: imports.by_package(stderr[peer], stderr[BARE]) for peer in (OURS, BOTO3)},
    }


def _minute(number: int) -> str:
    """Return a minute of the past, another for each number, because the ids of the orders depend on the minute."""
    return f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"


def _function_seconds(start: dict[str, float]) -> float:
    return start["import_seconds"] + start["answer_seconds"]


def targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    what = "Generator function, as built without compiled files: peak memory in MiB"
    return [target(what, results["built_peak_mib"], at_most=FUNCTION_MIB / 2)]


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
    head = ["", "time, relative to boto3", "memory, relative to boto3"]
    head += ["import, ms", "20 orders, ms", "whole process, ms", "peak memory, MiB"]
    lines = [
        f"- {NAMES[peer]}: "
        + ", ".join(f"{package} {ms:.0f}" for package, ms in packages.items() if ms >= IMPORTS_SHOWN_MS_MIN)
        for peer, packages in results["imports_milliseconds"].items()
    ]
    built_text = _BUILT.format(results["built_peak_mib"])
    return "\n\n".join([_HEAD, table(head, rows), built_text, _IMPORTS, "\n".join(lines)])


_HEAD = """### The function

A fresh process imports the function and writes the 20 orders of a past minute to the emulator. The time that is
compared is that of the import and the 20 orders. The figures are medians."""

_BUILT = f"""\
On AWS the function has {FUNCTION_MIB} MB. A machine without the functions' Python builds it without compiled files,
so Lambda compiles it at each cold start. The peak memory of that build is {{:.1f}} MiB, measured here with the
packages of Lambda's own Python beside it."""

_IMPORTS = """\
The import time of each package's own code, in ms, without the packages of the runtime client. Measuring makes imports
slower. boto3 imports awscrt and cryptography only because .venv has them for other tools."""
