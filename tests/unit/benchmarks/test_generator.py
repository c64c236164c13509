"""The benchmarks of generator, pipeline and reconciliation work, and check their targets. No test checks a time."""

import json
import subprocess
import sys

import pytest
from boto3.dynamodb.types import TypeSerializer

from benchmarks import generator, imports, interleaved, large, passage, pipeline, processes
from benchmarks.generator_function import FUNCTION_MIB
from benchmarks.inside.generator import ORDERS
from benchmarks.passage import Passage
from benchmarks.peers.faker_orders import with_pyfloat, with_uniform
from benchmarks.processes import Process
from generator.app import ORDERS_PER_MINUTE
from generator.orders import planned_orders, to_item
from tests.unit.template.parsed import TEMPLATE


def types(item):
    return {name: next(iter(value)) for name, value in item.items()}


@pytest.mark.parametrize("make", [with_pyfloat, with_uniform])
def test_all_generators_make_orders_of_the_same_form(make):
    theirs = {name: TypeSerializer().serialize(value) for name, value in make(7)().items()}
    assert types(theirs) == types(to_item(next(planned_orders(7, start_ms=0, interval_seconds=3))))
    assert make(7)() == make(7)() != make(8)()


def test_the_generators_part_measures_and_says_what_it_measured():
    results = generator.measure(lambda _: None, quick=True)
    text = generator.to_markdown(json.loads(json.dumps(results)))
    for heading in ("## The generator", "### Orders made", "### Orders written to the emulator", "### The function"):
        assert f"\n{heading}\n" in f"\n{text}"
    assert {len(values) for values in results["ratios"]["series"].values()} == {len(results["ratios"]["x"])}
    ours, boto3 = results["function"]["imports_milliseconds"].values()
    assert {"faker", "generator", "boto3"} <= ours.keys()
    assert "faker" not in boto3
    assert "awslambdaric" not in ours
    assert results["function"]["built_peak_mib"] < FUNCTION_MIB / 2


def test_the_function_has_the_templates_memory_and_its_peer_writes_as_many_orders():
    assert TEMPLATE["Resources"]["GeneratorFunction"]["Properties"]["MemorySize"] == FUNCTION_MIB
    assert ORDERS == ORDERS_PER_MINUTE


def test_ways_take_turns_and_the_first_round_is_not_kept(monkeypatch):
    clock, calls = [0.0], []

    def way(name, *seconds):
        durations = iter(seconds)

        def run():
            calls.append(name)
            clock[0] += next(durations)

        return run

    monkeypatch.setattr(interleaved.time, "perf_counter", lambda: clock[0])
    ways = {"ours": way("ours", 100, 1, 2, 4), "theirs": way("theirs", 500, 3, 4, 4)}
    found = interleaved.summary(ways, orders=8, rounds=3, ours="ours")
    assert calls == ["ours", "theirs", "theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert found["ratio"] == {"theirs": 2}
    assert found["orders_per_second"] == {"ours": 4, "theirs": 2}


def test_what_a_round_needs_is_prepared_before_it_and_not_timed():
    now, log = [0.0], []

    def prepare(number):
        log.append(number)
        now[0] += 100

    def work():
        log.append("work")
        now[0] += 1

    goes_on = [True, True, False].__getitem__
    taken = interleaved.seconds({"work": work}, goes_on, clock=lambda: now[0], prepare=prepare)
    assert taken == {"work": [1, 1]}
    assert log == [0, "work", 1, "work", 2, "work"]


def test_a_package_takes_as_long_as_its_modules_without_those_of_the_base():
    def stderr(*lines):
        return "\n".join(["import time: self [us] | cumulative | imported package", "a word", *lines])

    base = stderr("import time:      1000 |       1000 | botocore.base")
    more = stderr(
        "import time:      1000 |       1000 | botocore.base",
        "import time:      2000 |       2500 |   botocore.client",
        "import time:       500 |        500 |     botocore",
        "import time:      4000 |       4000 | json.decoder",
    )
    assert imports.by_package(more, base) == {"the standard library": 4, "botocore": 2.5}


def run(orders, cpu_seconds, pipe_mib=80.0, emulator_mib=100.0):
    others = dict.fromkeys(("Firehose", "crawler", "transform function"), 50.0)
    return Passage(
        orders,
        put_seconds=orders / 2000,
        queryable_seconds=orders / 1000,
        delays_seconds=[number / orders for number in range(orders)],
        cpu_seconds={"writer": cpu_seconds / 2, "emulator": cpu_seconds / 2},
        peak_mib={"emulator": emulator_mib, "pipe": pipe_mib} | others,
    )


def missed(passages):
    return [target["what"] for target in pipeline.summary(passages)["targets"] if not target["reached"]]


def test_a_flat_cost_reaches_every_target_of_the_pipeline():
    passages = [run(100, 0.1), run(1000, 1.0), run(10_000, 11.0, 95.0, 200.0), run(1000, 1.1), run(100, 0.1)]
    results = pipeline.summary(passages)
    assert missed(passages) == []
    assert results["orders_per_second"] == [1000, 1000, 1000]
    assert results["delay_seconds"] == {"p50": [0.5] * 3, "p95": [0.95] * 3, "p99": [0.99] * 3}
    assert results["emulator_kib_per_order"] == 10.24
    text = pipeline.to_markdown(json.loads(json.dumps(results)))
    assert "| 10,000 | 1 |" in text
    assert "10.2 KiB per order" in text


@pytest.mark.parametrize(
    ("passages", "what"),
    [
        ([run(100, 0.1), run(1000, 1.3), run(10_000, 13.0), run(1000, 1.3)], "CPU per order, 1,000 orders"),
        ([run(100, 0.1), run(1000, 1.0), run(10_000, 13.0), run(1000, 1.0)], "CPU per order, 10,000 orders"),
        ([run(100, 0.1), run(1000, 1.0), run(10_000, 10.0, 100.0), run(1000, 1.0)], "peak memory of any stand-in"),
    ],
)
def test_a_cost_that_grows_by_more_than_a_fifth_misses_its_target(passages, what):
    assert any(what in target for target in missed(passages))


def test_a_process_is_assigned_to_a_stage_by_its_command_line():
    python, guard = "/x/python -m ", "/x/python -I /x/guard.py /tmp/x "
    stages = {
        f"{python}local_aws.server": "emulator",
        f"{guard}{python}local_aws.server": "supervisors",
        f"{guard}{python}local_aws.workers --stack-name s": "supervisors",
        f"{python}local_aws.pipe --stack-name s": "pipe",
        f"{python}local_aws.firehose --stack-name s": "Firehose",
        "/x/python /tmp/ministack-lambda-s-TransformFunction-00FE/_worker.py": "transform function",
    }
    assert {command: passage.stage(Process(1, command)) for command in stages} == stages


def test_a_child_process_its_cpu_and_its_peak_are_found_and_the_peak_can_be_reset():
    code = "held = bytearray(60_000_000); del held; print('ready', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"ready\n"
        (found,) = [each for each in processes.descendants(processes.this_process().pid) if each.pid == child.pid]
        assert "held" in found.command
        assert found.cpu_seconds() > 0
        peak_mib = found.peak_mib()
        found.forget_peak()
        assert found.peak_mib() < peak_mib - 50
        child.stdin.close()


def test_the_results_of_a_million_orders_are_the_last_section_of_the_report(tmp_path):
    def reconciled(orders, seconds, peak_mib):
        return {
            "orders": orders,
            "objects": 9,
            "seconds": seconds,
            "cpu_seconds": seconds / 10,
            "peak_mib": peak_mib,
        } | {
            "load_seconds": 5.0,
            "emulator_mib": 4000.0,
        }

    results = {
        "date": "2026-11-22",
        "minutes": 12.3,
        "machine": {"processor": "one"},
        "measured": [reconciled(100, 10.0, 100.0), reconciled(1000, 150.0, 170.0)],
        "targets": [],
    }
    assert "| 1,000 | **1.50** | **1.70** | 15.0 | 150.0 | 170 | 9 | 5 | 4,000 |" in large.to_markdown(results)

    assert large.section(tmp_path) == ""
    (tmp_path / "RESULTS.md").write_text("# Results\n\nof others\n")
    large.write(results | {"minutes": 99}, tmp_path)
    large.write(results, tmp_path)
    assert (tmp_path / "RESULTS.md").read_text() == "# Results\n\nof others\n" + large.section(tmp_path)
    assert large.section(tmp_path) == f"\n{large.to_markdown(results)}\n"
