"""The benchmarks work and compare handlers that do the same. No test checks a time."""

import base64
import json
import sys

import pytest

from benchmarks import fresh, large
from benchmarks.__main__ import HERE, measured, to_markdown
from benchmarks.batches import (
    ATTRIBUTES,
    BAD,
    MOCK,
    PRICES,
    REMOVALS,
    SHAPES,
    batch,
    largest_batch,
    to_json,
    write_stream,
)
from benchmarks.inside import BARE, timing
from benchmarks.memory import FUNCTION_MIB
from benchmarks.peers import FLOOR, MODULES, OURS, handler_of
from benchmarks.peers.floor import ROW_BYTES
from benchmarks.pythons import LAMBDA
from benchmarks.report import target
from benchmarks.rows import require_equal_rows, rows
from benchmarks.transform import PARAMETERS
from tests.unit.template.parsed import TEMPLATE

ANSWERING = [peer for peer in MODULES if peer != FLOOR]
PARTS = ("transform", "cold_start", "memory")


def data_of(event):
    return [base64.b64decode(record["data"]) for record in event["records"]]


def image_of(data):
    return json.loads(data)["dynamodb"].get("NewImage")


@pytest.mark.parametrize("shape", [*SHAPES, BAD])
@pytest.mark.parametrize("records", [1, 500])
def test_all_peers_answer_with_the_same_rows(records, shape):
    event = batch(records, shape)
    require_equal_rows({peer: handler_of(peer)(event, None) for peer in ANSWERING})


@pytest.mark.parametrize(
    ("shape", "dropped", "failed"), [(MOCK, 0, 0), (PRICES, 0, 0), (ATTRIBUTES, 0, 0), (REMOVALS, 400, 0), (BAD, 0, 20)]
)
def test_a_shape_has_its_share_of_removals_and_of_bad_records(shape, dropped, failed):
    results = [result for _, result, _ in rows(handler_of(OURS)(batch(2000, shape), None))]
    assert (results.count("Dropped"), results.count("ProcessingFailed")) == (dropped, failed)


@pytest.mark.parametrize("shape", [PRICES, ATTRIBUTES, REMOVALS])
def test_each_order_has_another_price_but_for_mock_orders(shape):
    images = list(filter(None, map(image_of, data_of(batch(1000, shape)))))
    assert len({image["price"]["N"] for image in images}) == len(images)
    assert len({image_of(data)["price"]["N"] for data in data_of(batch(1000))}) < 500


def test_more_attributes_are_five_of_different_types_between_the_columns():
    events = data_of(batch(400, ATTRIBUTES))
    columns = image_of(data_of(batch(1))[0]).keys()
    for image in map(image_of, events):
        more = {name: next(iter(value)) for name, value in image.items() if name not in columns}
        assert list(more.values()) == ["S", "BOOL", "M", "SS", "N"]
        assert list(image) == sorted(image)
        assert columns <= image.keys()
    assert 80 < sum(not event.isascii() for event in events) < 120


@pytest.mark.parametrize("shape", [*SHAPES, BAD])
def test_a_batch_is_the_same_every_time_and_begins_as_a_larger_one(shape):
    assert batch(100, shape) == batch(100, shape)
    assert batch(100, shape)["records"] == batch(200, shape)["records"][:100]


def test_each_round_gets_other_records_until_the_stream_ends(tmp_path):
    write_stream(tmp_path / "stream", ATTRIBUTES, 40)
    expected = batch(40, ATTRIBUTES)
    stream = timing.Stream(str(tmp_path / "stream"))
    for number, first in enumerate((0, 20, 0)):
        stream.take(number, 20)
        assert stream.event == expected | {"records": expected["records"][first : first + 20]}
        assert json.loads(stream.body) == stream.event


def test_the_largest_batch_fills_its_bytes_and_no_more():
    body = largest_batch(100_000)
    assert 95_000 < len(body) <= 100_000
    assert len(to_json(json.loads(body))) == len(body)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_floor_drops_the_same_records_and_encodes_as_much_as_the_others(shape):
    event = batch(2000, shape)
    ours, floor = (handler_of(peer)(event, None)["records"] for peer in (OURS, FLOOR))
    assert sum(len(record["data"]) for record in floor) == pytest.approx(
        sum(len(record["data"]) for record in ours), rel=0.02
    )
    for key in ("recordId", "result"):
        assert [record[key] for record in floor] == [record[key] for record in ours]
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


def with_others(text):
    row = json.dumps({"orderid": "o", "other_attributes": text})
    return {"records": [{"recordId": "r", "result": "Ok", "data": base64.b64encode(row.encode()).decode()}]}


def test_other_attributes_are_compared_by_value():
    ours = with_others('{"weight":1.50,"shipping":{"city":"Zürich","floor":3}}')
    require_equal_rows(
        {OURS: ours, "same": with_others('{"shipping": {"floor": 3, "city": "Z\\u00fcrich"}, "weight": 1.5}')}
    )
    with pytest.raises(ValueError, match="nothing was measured"):
        require_equal_rows({OURS: ours, "other": with_others('{"weight":1.50,"shipping":{"city":"Zürich","floor":4}}')})


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
    by_shape, by_size = results["parts"]["transform"]["ratios"]
    assert by_shape["x"] == list(SHAPES)
    for panel in (by_shape, by_size, results["parts"]["transform"]["growth"]):
        assert panel["series"]
        assert {len(values) for values in panel["series"].values()} == {len(panel["x"])}
        assert all(value > 0 for values in panel["series"].values() for value in values)


def test_the_transform_is_measured_with_the_parameters_that_add_columns(results):
    (measured_on,) = results["parts"]["transform"]["measured"]
    found = {(case["shape"], case.get("parameter")) for case in measured_on["without_target"]}
    assert found == {(BAD, None), *((shape, f"`{parameter}`") for shape in SHAPES for parameter in PARAMETERS)}


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
