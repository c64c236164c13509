"""The benchmarks work and compare handlers that do the same. No test checks a time."""

import base64
import json
import sys

import pytest

from benchmarks import fresh, large
from benchmarks.__main__ import HERE, measured, to_markdown
from benchmarks.batches import batch, largest_batch, to_json
from benchmarks.inside import BARE
from benchmarks.memory import FUNCTION_MIB
from benchmarks.peers import FLOOR, MODULES, OURS, handler_of
from benchmarks.peers.floor import ROW_BYTES
from benchmarks.pythons import LAMBDA
from benchmarks.report import target
from benchmarks.rows import require_equal_rows, rows
from tests.unit.template.parsed import TEMPLATE

ANSWERING = [peer for peer in MODULES if peer != FLOOR]
PARTS = ("transform", "cold_start", "memory")


def data_of(event):
    return [base64.b64decode(record["data"]) for record in event["records"]]


@pytest.mark.parametrize("mixed", [False, True], ids=["clean", "mixed"])
@pytest.mark.parametrize("records", [1, 500])
def test_all_peers_answer_with_the_same_rows(records, mixed):
    event = batch(records, mixed=mixed)
    require_equal_rows({peer: handler_of(peer)(event, None) for peer in ANSWERING})


def test_a_mixed_batch_holds_1_percent_bad_records_and_5_percent_removals():
    clean, mixed = (rows(handler_of(OURS)(batch(2000, mixed=mixed), None)) for mixed in (False, True))

    assert {result for _, result, _ in clean} == {"Ok"}
    results = [result for _, result, _ in mixed]
    assert (results.count("ProcessingFailed"), results.count("Dropped")) == (20, 100)
    assert all(600 <= len(data) <= 800 for data in data_of(batch(4000)))


def test_a_batch_is_the_same_every_time_and_begins_as_a_larger_one():
    assert batch(100, mixed=True) == batch(100, mixed=True)
    assert batch(100)["records"] == batch(200)["records"][:100]


def test_the_largest_batch_fills_its_bytes_and_no_more():
    body = largest_batch(100_000)
    assert 95_000 < len(body) <= 100_000
    assert len(to_json(json.loads(body))) == len(body)


def test_the_floor_encodes_as_much_as_the_others():
    event = batch(2000)
    ours, floor = (handler_of(peer)(event, None)["records"] for peer in (OURS, FLOOR))
    assert sum(len(record["data"]) for record in floor) == pytest.approx(
        sum(len(record["data"]) for record in ours), rel=0.02
    )
    assert [record["recordId"] for record in floor] == [record["recordId"] for record in ours]
    assert min(map(len, data_of(event))) > ROW_BYTES


def another_row(answer):
    answer["records"][1]["data"] = base64.b64encode(b'{"orderid":"another"}\n').decode()


def another_result(answer):
    answer["records"][1]["result"] = "Dropped"


@pytest.mark.parametrize("spoil", [another_row, another_result, lambda answer: answer["records"].pop()])
def test_rows_that_differ_stop_the_measurement(spoil):
    event = batch(3)
    answers = {peer: handler_of(peer)(event, None) for peer in ANSWERING}
    spoil(answers[ANSWERING[-1]])
    with pytest.raises(ValueError, match="nothing was measured"):
        require_equal_rows(answers)


def test_a_target_says_whether_it_is_reached():
    assert target("", 6.99, at_least=7)["reached"] is False
    assert target("", 7, at_least=7)["reached"] is True
    assert target("", 1.5, at_most=1.5)["reached"] is True
    assert target("", 1.51, at_most=1.5)["reached"] is False


@pytest.fixture(scope="module")
def results():
    return measured(PARTS, lambda _: None, quick=True)


def test_every_part_measures_and_says_what_it_measured(results):
    assert json.loads(json.dumps(results))["parts"].keys() == set(PARTS)
    text = to_markdown(results)
    for heading in ("# Results", "## Targets", "## The transform", "## Cold start", "## Memory"):
        assert f"\n{heading}\n" in f"\n{text}"


def test_what_is_plotted_has_a_value_for_every_place(results):
    for key in ("ratios", "growth"):
        panel = results["parts"]["transform"][key]
        assert panel["series"]
        assert {len(values) for values in panel["series"].values()} == {len(panel["x"])}
        assert all(value > 0 for values in panel["series"].values() for value in values)


def test_the_peak_is_that_of_the_measured_process_only():
    held = bytearray(b"x" * 120_000_000)  # getrusage would give this to each process started now
    peak_kib = fresh.run(sys.executable, "memory", BARE, stdin=b"{}")["peak_kib"]
    assert 5_000 < peak_kib < 100_000 < len(held) / 1024


def test_cold_start_names_the_imports_that_cost(results):
    (measured_on,) = results["parts"]["cold_start"]["measured"]
    assert {"msgspec", "aws_lambda_powertools", "transform"} <= measured_on["imports_milliseconds"][OURS].keys()
    assert "awslambdaric" not in measured_on["imports_milliseconds"][OURS]


def test_a_measurement_that_fails_says_why():
    with pytest.raises(RuntimeError, match=r"Measuring memory nobody .*failed:\n(.|\n)*KeyError: 'nobody'"):
        fresh.run(sys.executable, "memory", "nobody", stdin=b"{}")


def test_the_report_is_written_from_the_results():
    results = json.loads((HERE / "results.json").read_text())
    assert (HERE / "RESULTS.md").read_text() == to_markdown(results) + large.section(HERE)


def test_runtime_and_memory_are_those_of_the_template():
    function = TEMPLATE["Globals"]["Function"] | TEMPLATE["Resources"]["TransformFunction"]["Properties"]
    assert (function["Runtime"], function["MemorySize"]) == (f"python{LAMBDA}", FUNCTION_MIB)
