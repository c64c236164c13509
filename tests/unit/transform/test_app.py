import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events import answer_to, change_event, firehose_event, image, load
from transform import app
from transform.record import RowWriter

LAMBDA_RESPONSE_BYTES_MAX = 6 * 1024 * 1024


@pytest.fixture
def log(monkeypatch, capsys):
    """Lines that the function logs, as the objects they hold."""
    stream = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", stream)

    def lines():
        return [json.loads(line) for line in (stream.getvalue() + capsys.readouterr().out).splitlines()]

    return lines


def results_of(*records):
    return app.handler(firehose_event(*records), None)["records"]


@pytest.mark.parametrize("name", ["firehose", "firehose-changes", "firehose-bad-records"])
def test_the_events_get_their_expected_results(name):
    assert app.handler(load(name), None) == answer_to(name)


def results_with(settings, event):
    """Results of the function in a process of its own: it reads its environment once."""
    program = "import json, sys; from transform import app; json.dump(app.handler(json.load(sys.stdin), 0), sys.stderr)"
    source = str(Path(app.__file__).parents[1])
    environment = settings | {"PYTHONPATH": source, "POWERTOOLS_SERVICE_NAME": "sales"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, input=json.dumps(event), env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stderr)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("NONE", "firehose-changes"), ("APPEND", "firehose-changes.change-columns")],
)
def test_the_environment_decides_whether_a_row_has_change_columns_and_a_removal_a_row(setting, expected):
    assert results_with({"CHANGE_COLUMNS": setting}, load("firehose-changes")) == answer_to(expected)


def test_the_environment_decides_whether_a_row_keeps_what_no_column_takes():
    event = firehose_event(change_event(image()), change_event(image() | {"not a column": {"BOOL": True}}))
    results = results_with({"OTHER_ATTRIBUTES": "KEEP"}, event)["records"]
    rows = [json.loads(base64.b64decode(result["data"])) for result in results]
    assert [row["other_attributes"] for row in rows] == [None, '{"not a column":true}']


def test_a_failed_record_is_logged_with_its_reason_and_nothing_of_its_content(log):
    app.handler(load("firehose-bad-records"), None)

    failures = [line for line in log() if line["message"] == "record failed"]
    assert [{"recordId": line["recordId"], "reason": line["reason"]} for line in failures] == load(
        "firehose-bad-records.reasons"
    )
    assert not any("Webcam" in json.dumps(line) or "59.99" in json.dumps(line) for line in failures)


def test_a_batch_is_one_line_of_the_log_and_its_metrics(log):
    app.handler(load("firehose-changes"), None)

    (line,) = log()
    counted = {"RecordsOk": 7, "RecordsDropped": 1, "RecordsFailed": 0, "UnknownAttributes": 2}
    assert line | counted == line
    assert line["message"] == "batch transformed"
    assert line["invocationId"] == load("firehose-changes")["invocationId"]
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in declared["Metrics"]} == set(counted)


def unknown(names):
    return change_event(image() | {name: {"S": "secret"} for name in names})


@pytest.mark.parametrize("count", [1, 3, 4, 49, 500])
def test_attributes_that_no_column_takes_are_named_once_in_the_log_and_counted_by_name(count, log):
    assert {result["result"] for result in results_of(*[unknown(["nicht größe", "not a column"])] * count)} == {"Ok"}

    (line,) = log()
    assert line["unknownAttributes"] == ["nicht größe", "not a column"]
    assert line["UnknownAttributes"] == 2
    assert "secret" not in json.dumps(line)


def test_the_names_come_from_records_spread_over_the_batch(log):
    results_of(*[unknown([f"name {position}"]) for position in range(400)])

    (line,) = log()
    positions = sorted(int(name.removeprefix("name ")) for name in line["unknownAttributes"])
    assert len(positions) == line["UnknownAttributes"] == 4
    assert positions[0] < 100
    assert positions[-1] >= 300


def test_names_in_the_log_are_bounded_and_harmless(log):
    names = [f"name {position:03}" for position in range(100)] + ["a\nb", "\u202eback", "x" * 60_000, "\x01" * 60]
    results_of(unknown(names))
    results_of(unknown(names[-4:]))

    many, strange = log()
    assert many["UnknownAttributes"] == 104
    assert len(many["unknownAttributes"]) == 20
    assert strange["unknownAttributes"] == [(r"\u0001" * 11)[:63] + "…", r"a\nb", "x" * 63 + "…", r"\u202eback"]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"dynamodb":{"NewImage":5}}', b"[" * 100_000])
def test_records_without_attributes_have_no_names(data, log):
    results_of(data)
    assert log()[-1]["unknownAttributes"] == []


def test_an_image_at_the_top_level_has_names_too(log):
    results_of(json.dumps({"NewImage": image() | {"not a column": {"S": "x"}}}).encode())
    assert log()[-1]["unknownAttributes"] == ["not a column"]


@given(st.lists(st.binary() | st.just(change_event(image()))))
def test_every_record_comes_back_once_and_in_order_whatever_its_bytes(records):
    event = firehose_event(*records)
    results = app.handler(event, None)["records"]

    assert [result["recordId"] for result in results] == [record["recordId"] for record in event["records"]]
    for record, result in zip(event["records"], results, strict=True):
        good = base64.b64decode(record["data"]) == change_event(image())
        assert result["result"] == ("Ok" if good else "ProcessingFailed")
        assert good or result["data"] == record["data"]


@given(st.text() | st.none() | st.integers() | st.lists(st.integers()))
def test_data_that_is_no_base64_of_an_order_fails_alone_and_comes_back_as_it_came(data):
    event = firehose_event(change_event(image()), b"", change_event(image()))
    event["records"][1]["data"] = data
    first, wrong, last = app.handler(event, None)["records"]

    assert first["result"] == last["result"] == "Ok"
    assert wrong["result"] == "ProcessingFailed"
    assert wrong["data"] == (data if isinstance(data, str) else "")


@pytest.mark.parametrize("junk", ["====", "A", "QUJD\n", "QU JD", "QUJD!", "QQ==QQ==", "é", "-_-_"])
def test_junk_in_base64_is_never_skipped(junk, log):
    event = firehose_event(b"")
    event["records"][0]["data"] = junk
    (result,) = app.handler(event, None)["records"]

    assert result["result"] == "ProcessingFailed"
    assert log()[0]["reason"] == "data: expected base64, found other text"


def test_a_record_without_data_fails_alone(log):
    event = firehose_event(change_event(image()), b"")
    del event["records"][1]["data"]

    assert [result["result"] for result in app.handler(event, None)["records"]] == ["Ok", "ProcessingFailed"]
    assert log()[0]["reason"] == "data: expected base64, found no text"


def test_a_mistake_of_the_transform_itself_fails_one_record_and_hides_what_it_held(monkeypatch, log):
    class Mistaken(RowWriter):
        def rows(self, events):
            if any(b"Laptop" in event for event in events):
                raise ZeroDivisionError("Laptop")
            return super().rows(events)

    monkeypatch.setattr(app, "_writer", Mistaken())
    results = results_of(change_event(image()), change_event(image(product_name="Drone")))

    assert [result["result"] for result in results] == ["ProcessingFailed", "Ok"]
    assert log()[0]["reason"] == "the transform made a mistake, please report it: ZeroDivisionError"


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"Records": []},
        {"records": None},
        {"records": {}},
        {"records": [None]},
        {"records": [{"data": ""}]},
    ],
    ids=json.dumps,
)
def test_an_event_of_another_kind_is_one_clear_error(event):
    with pytest.raises(ValueError, match=r"^Not an event of Firehose's data transformation: "):
        app.handler(event, None)


def test_no_records_are_no_error():
    assert results_of() == []


@pytest.mark.parametrize(
    "records",
    [
        [change_event(image(product_name="x" * 1_000_000))] * 8,
        [change_event(image(product_name="x" * 1_000_000))] * 5,
        [b"x" * 1_000_000] * 8,
        [b"x" * 40] * 45_000,
        [change_event(image(product_name="日" * 333_000))] * 8 + [change_event(image())] * 100,
    ],
    ids=[
        "large rows",
        "rows that only base64 makes too large",
        "large failures",
        "many tiny records",
        "large and small",
    ],
)
def test_a_response_never_passes_six_megabytes_and_loses_no_record_id(records):
    event = firehose_event(*records)
    response = app.handler(event, None)

    assert len(json.dumps(response).encode()) <= app.RESPONSE_BYTES_MAX < LAMBDA_RESPONSE_BYTES_MAX
    assert [result["recordId"] for result in response["records"]] == [record["recordId"] for record in event["records"]]


@pytest.mark.parametrize(
    "data", ["é" * 3_100_000, '"' * 3_100_000, "\x01" * 1_040_000, "\N{GRINNING FACE}" * 1_570_000]
)
def test_data_that_json_makes_longer_is_counted_as_long_as_it_gets(data):
    event = firehose_event(b"")
    event["records"][0]["data"] = data
    response = app.handler(event, None)
    assert len(json.dumps(response)) <= app.RESPONSE_BYTES_MAX


def test_what_a_full_response_has_no_room_for_is_a_failure_with_a_reason(log):
    results = results_of(*[change_event(image(product_name="x" * 1_000_000))] * 8, change_event(image()))

    assert [result["result"] for result in results] == ["Ok"] * 4 + ["ProcessingFailed"] * 4 + ["Ok"]
    failures = [line for line in log() if line["message"] == "record failed"]
    assert len(failures) == 4
    assert {line["reason"] for line in failures} == {
        "response: no room in 6 MB, lower BufferSizeInMBs of the processor"
    }


def test_a_removal_beside_a_failure_has_no_data():
    removal, failure = results_of(change_event(image(), "REMOVE"), b"x")
    assert (removal["result"], removal["data"]) == ("Dropped", "")
    assert (failure["result"], failure["data"]) == ("ProcessingFailed", "eA==")


def test_a_failure_that_a_full_response_has_no_room_for_is_one_failure_with_its_own_reason(log):
    results_of(*[b"x" * 1_000_000] * 8)

    *failures, batch = log()
    assert [line["reason"].partition(":")[0] for line in failures] == ["$"] * 8
    assert (batch["RecordsOk"], batch["RecordsFailed"]) == (0, 8)


def test_more_record_ids_than_a_response_can_hold_are_one_clear_error():
    with pytest.raises(ValueError, match="lower BufferSizeInMBs"):
        results_of(*[b""] * 100_000)
