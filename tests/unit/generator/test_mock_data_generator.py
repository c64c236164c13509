import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from typer.testing import CliRunner

from generator import writer as writer_module
from generator.mock_data_generator_for_dynamodb import app
from generator.orders import planned_orders, to_item
from generator.pace import paced
from generator.writer import DifferentItemError, ThrottledError, Writer, connect
from tests import ROOT

SCRIPT = ROOT / "src/generator/mock_data_generator_for_dynamodb.py"
THROTTLED = (400, "ProvisionedThroughputExceededException")
START = ("--seed", "7", "--start-time", "2026-11-22T16:00:00Z")
START_MS = 1_795_363_200_000


class DynamoDB:
    """DynamoDB over HTTP: moto answers, unless a fault is due. Faults are used up in order, None for none."""

    def __init__(self):
        self.moto = boto3.client("dynamodb")
        self.faults = []
        self.requests = []
        self.arrived = threading.Event()
        self.release = threading.Event()
        for name, key in (("order_table", "orderid"), ("other-key", "id")):
            self.moto.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def answer(self, action, body):
        """Return an HTTP status and a body, or None to close the connection without an answer."""
        self.requests.append((action, body))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, tuple):
            return fault[0], {"__type": f"com.amazonaws.dynamodb.v20120810#{fault[1]}", "message": "injected"}
        unprocessed = {}
        if isinstance(fault, int):
            ((table, puts),) = body["RequestItems"].items()
            body = {"RequestItems": {table: puts[fault:]}}
            unprocessed = {"UnprocessedItems": {table: puts[:fault]}}
            if not puts[fault:]:
                return 200, unprocessed
        if fault == "lost before":
            return None
        try:
            call = {"PutItem": self.moto.put_item, "BatchWriteItem": self.moto.batch_write_item}[action]
            answer = {key: value for key, value in call(**body).items() if key != "ResponseMetadata"}
        except ClientError as error:
            if fault == "lost after":
                return None
            body = {"__type": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
            return 400, body | ({"Item": error.response["Item"]} if "Item" in error.response else {})
        self.arrived.set()
        if fault in ("hang", "slow"):
            self.release.wait(timeout=60)
        return None if fault in ("lost after", "hang") else (200, answer | unprocessed)

    def orders(self):
        pages = self.moto.get_paginator("scan").paginate(TableName="order_table")
        return sorted((item for page in pages for item in page["Items"]), key=lambda item: item["orderid"]["S"])


@pytest.fixture
def dynamodb():
    with mock_aws():
        backend = DynamoDB()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = backend.answer(self.headers["X-Amz-Target"].split(".")[1], body)
                if answer is None:
                    self.close_connection = True
                    return
                payload = json.dumps(answer[1]).encode()
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(answer[0])
                    self.send_header("Content-Type", "application/x-amz-json-1.0")
                    self.send_header("x-amzn-RequestId", "a-request")
                    self.send_header("Content-Length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload)

            def log_message(self, *_arguments):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            backend.url = f"http://127.0.0.1:{server.server_port}"
            yield backend
            backend.release.set()
            server.shutdown()
            thread.join()


class Clock:
    """A monotonic clock that only moves when somebody waits."""

    def __init__(self):
        self.seconds = 0.0
        self.waits = []

    def monotonic(self):
        return self.seconds

    def wait(self, seconds):
        self.waits.append(seconds)
        self.seconds += seconds
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(writer_module, "time", clock)
    return clock


@pytest.fixture
def client(dynamodb):
    client = connect(None, None, dynamodb.url)
    yield client
    client.close()


def orders(count):
    return list(islice(planned_orders(7, start_ms=START_MS, interval_seconds=3), count))


def outcome(writer):
    tally = writer.tally
    return tally.written, tally.already_there, tally.not_written, len(tally.in_doubt)


# --- Writer -------------------------------------------------------------------------------------------------------


def test_an_order_is_written_once_and_found_there_the_second_time(dynamodb, client, clock):
    writer = Writer(client, "order_table", clock.wait)
    (order,) = orders(1)
    assert writer.write([order]) == writer.write([order]) == [order]
    assert outcome(writer) == (1, 1, 0, 0)
    assert dynamodb.orders() == [to_item(order)]


@pytest.mark.parametrize(
    "change", [{"price": {"N": "1"}}, {"quantity": {"N": "99"}}, {"quantity": {"N": "2.5"}}, {"note": {"S": "paid"}}]
)
def test_a_different_item_under_the_id_is_an_error_and_stays(dynamodb, client, clock, change):
    (order,) = orders(1)
    theirs = to_item(order) | change
    dynamodb.moto.put_item(TableName="order_table", Item=theirs)
    writer = Writer(client, "order_table", clock.wait)
    with pytest.raises(DifferentItemError, match=order.orderid):
        writer.write([order])
    assert outcome(writer) == (0, 0, 1, 0)
    assert dynamodb.orders() == [theirs]


def test_a_price_that_dynamodb_gives_back_without_its_fraction_is_the_same_price(dynamodb, client, clock):
    order = orders(1)[0]._replace(price=Decimal("349.00"))
    dynamodb.moto.put_item(TableName="order_table", Item=to_item(order) | {"price": {"N": "349"}})
    writer = Writer(client, "order_table", clock.wait)
    writer.write([order])
    assert outcome(writer) == (0, 1, 0, 0)


def test_a_put_that_was_taken_but_not_answered_counts_as_written(dynamodb, client, clock):
    dynamodb.faults = ["lost after", THROTTLED]
    writer = Writer(client, "order_table", clock.wait)
    writer.write(orders(1))
    assert outcome(writer) == (1, 0, 0, 0)
    assert writer.tally.retries == 2
    assert len(dynamodb.orders()) == 1


def test_an_order_of_an_earlier_run_is_already_there_even_after_a_throttle(dynamodb, client, clock):
    Writer(client, "order_table", clock.wait).write(orders(1))
    dynamodb.faults = [THROTTLED]
    writer = Writer(client, "order_table", clock.wait)
    writer.write(orders(1))
    assert outcome(writer) == (0, 1, 0, 0)


@pytest.mark.parametrize("fault", ["lost before", "lost after", (500, "InternalServerError")])
def test_an_answer_that_never_comes_leaves_the_order_in_doubt(dynamodb, client, clock, fault):
    dynamodb.faults = [fault] * 1000
    writer = Writer(client, "order_table", clock.wait)
    with pytest.raises((ConnectionClosedError, ClientError)):
        writer.write(orders(1))
    assert writer.tally.in_doubt == [orders(1)[0].orderid]
    assert outcome(writer) == (0, 0, 0, 1)
    assert clock.seconds < 15


def test_one_lost_answer_leaves_doubt_even_if_every_later_attempt_is_refused(dynamodb, client, clock):
    dynamodb.faults = ["lost before", *[THROTTLED] * 1000]
    writer = Writer(client, "order_table", clock.wait)
    with pytest.raises(ClientError, match="Throughput"):
        writer.write(orders(1))
    assert outcome(writer) == (0, 0, 0, 1)


def test_an_endpoint_that_nobody_answers_leaves_no_doubt(clock):
    client = connect(None, None, "http://127.0.0.1:1")
    writer = Writer(client, "order_table", clock.wait)
    with pytest.raises(EndpointConnectionError):
        writer.write(orders(3))
    assert outcome(writer) == (0, 0, 3, 0)
    client.close()


@pytest.mark.parametrize("fault", [THROTTLED, 25])
def test_patience_with_throttling_ends(dynamodb, client, clock, fault):
    dynamodb.faults = [fault] * 1000
    writer = Writer(client, "order_table", clock.wait)
    with pytest.raises((ClientError, ThrottledError)):
        writer.write(orders(25))
    assert outcome(writer) == (0, 0, 25, 0)
    assert 60 <= clock.seconds < 63
    assert max(clock.waits) <= 2
    assert clock.waits[0] <= 0.1


def test_progress_renews_patience(dynamodb, client, clock):
    # Each refusal uses up almost all of it; one item a minute still goes through.
    dynamodb.faults = [n for left in (3, 2, 1) for n in (*[left] * 20, left - 1)]
    writer = Writer(client, "order_table", lambda _seconds: clock.wait(2.9))
    writer.write(orders(3))
    assert outcome(writer) == (3, 0, 0, 0)
    assert clock.seconds > 150


@given(
    st.integers(2, 25),
    st.lists(
        st.one_of(st.integers(0, 25), st.sampled_from(["lost before", "lost after", "throttled", None])), max_size=8
    ),
)
def test_a_batch_gets_through_whatever_is_unprocessed_throttled_or_lost(count, faults):
    held, remaining = {}, iter(faults)

    def batch_write_item(RequestItems):  # noqa: N803 - boto3's name
        puts, fault = RequestItems["t"], next(remaining, None)
        refused = fault if isinstance(fault, int) else len(puts) if fault in ("lost before", "throttled") else 0
        for put in puts[refused:]:
            item = put["PutRequest"]["Item"]
            assert held.setdefault(item["orderid"]["S"], item) == item
        if fault in ("lost before", "lost after"):
            raise ConnectionClosedError(endpoint_url="http://here")
        if fault == "throttled":
            answer = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, "BatchWriteItem")
        return {"UnprocessedItems": {"t": puts[:refused]} if refused else {}}

    writer = Writer(SimpleNamespace(batch_write_item=batch_write_item), "t", lambda _seconds: True)
    batch = orders(count)
    assert writer.write(batch) == batch
    assert outcome(writer) == (count, 0, 0, 0)
    assert sorted(held.values(), key=lambda item: item["orderid"]["S"]) == [to_item(order) for order in batch]
    assert writer.tally.units == sum(order.quantity for order in batch)
    assert writer.tally.revenue == sum(order.quantity * order.price for order in batch)


def test_a_stop_while_waiting_to_send_again_leaves_the_rest_unwritten(dynamodb, client):
    dynamodb.faults = [3, THROTTLED]
    writer = Writer(client, "order_table", lambda _seconds: False)
    assert writer.write(orders(10)) == orders(10)[3:]
    assert outcome(writer) == (7, 0, 3, 0)
    assert len(dynamodb.requests) == 1


def test_an_interrupt_before_the_answer_leaves_the_batch_in_doubt(client, monkeypatch):
    def interrupted(**_body):
        raise KeyboardInterrupt

    monkeypatch.setattr(client, "batch_write_item", interrupted)
    writer = Writer(client, "order_table", lambda _seconds: True)
    with pytest.raises(KeyboardInterrupt):
        writer.write(orders(10))
    assert outcome(writer) == (0, 0, 0, 10)


# --- Pace ---------------------------------------------------------------------------------------------------------


def test_orders_are_taken_at_their_time_however_long_a_write_takes():
    clock = Clock()
    taken = []
    for batch in paced(iter(orders(100)), 100, 0.5, clock.wait, clock.monotonic):
        assert len(batch) == 1
        taken.append(clock.seconds)
        clock.seconds += 0.4
    assert taken == pytest.approx([0.5 * position for position in range(100)])


def test_after_a_sleeping_laptop_no_burst_makes_up_for_it():
    clock = Clock()
    taken = []
    for _ in paced(iter(orders(9)), 9, 3, clock.wait, clock.monotonic):
        taken.append(clock.seconds)
        if len(taken) == 3:
            clock.seconds += 3600
    assert taken == [0, 3, 6, *(3606 + 3 * position for position in range(6))]


@given(st.floats(0.0001, 10), st.integers(1, 300))
def test_the_pace_is_kept_in_batches_too(interval_seconds, count):
    clock = Clock()
    batches = list(paced(iter(orders(300)), count, interval_seconds, clock.wait, clock.monotonic))
    assert [order for batch in batches for order in batch] == orders(300)[:count]
    assert max(map(len, batches)) <= 25
    assert clock.seconds == pytest.approx((count - len(batches[-1])) * interval_seconds, abs=1e-6)
    if interval_seconds >= 0.1:
        assert len(batches) == count


def test_a_stop_takes_no_more_orders():
    answers = iter([True, True, False])
    supply = iter(orders(10))
    assert len(list(paced(supply, None, 3, lambda _seconds: next(answers), Clock().monotonic))) == 2
    assert len(list(supply)) == 8


# --- The command --------------------------------------------------------------------------------------------------


def run(*arguments, cwd=None, **env):
    """Run the script by its path in a process of its own; None takes a variable out of the environment."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        env={name: value for name, value in {**os.environ, **env}.items() if value is not None},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def started(*arguments):
    with subprocess.Popen(
        [sys.executable, "-u", str(SCRIPT), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def where(dynamodb, table="order_table"):
    """Return the line that the script prints before it writes."""
    return f"using table {table} in us-east-1, {dynamodb.url}\n"


def summary(stdout):
    """Return the figures at the end by their name."""
    lines = stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("written "))
    return {line[:14].strip(): line[15:] for line in lines[start:]}


def test_the_script_runs_by_its_path_from_anywhere(dynamodb, tmp_path):
    done = run("--endpoint-url", dynamodb.url, *START, "--interval", "0.1", "--count", "3", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, where(dynamodb))
    assert "\x1b" not in done.stdout
    figures = summary(done.stdout)
    assert figures["written"] == "3"
    ids = [item["orderid"]["S"] for item in dynamodb.orders()]
    assert figures["ids"] == f"{ids[0]} to {ids[-1]}"
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ids
    assert all(action == "PutItem" for action, _ in dynamodb.requests)

    again = run("--endpoint-url", dynamodb.url, *START, "--interval", "0.1", "--count", "4")
    assert again.returncode == 0
    assert (summary(again.stdout)["written"], summary(again.stdout)["already there"]) == ("1", "3")
    assert again.stdout.count("(already there)") == 3


def test_a_high_rate_goes_out_in_batches(dynamodb):
    done = run("--endpoint-url", dynamodb.url, "--rate", "1000", "--count", "110")
    assert done.returncode == 0
    assert [action for action, _ in dynamodb.requests] == ["BatchWriteItem"] * 5
    assert len(dynamodb.orders()) == 110
    assert summary(done.stdout)["written"] == "110"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_a_true_summary(dynamodb, number):
    with started("--endpoint-url", dynamodb.url, "--interval", "3600") as process:
        first = process.stdout.readline()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, where(dynamodb))
    assert summary(stdout)["written"] == "1"
    assert first.split()[0] == dynamodb.orders()[0]["orderid"]["S"]


def test_a_reader_that_goes_away_does_not_take_the_report_with_it(dynamodb):
    with started("--endpoint-url", dynamodb.url, "--interval", "0.1") as process:
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=30)
        stderr = process.stderr.read()
    assert process.returncode == 1
    assert summary(stderr)["written"] == f"{len(dynamodb.orders())}"
    assert stderr.endswith("error: stopped, because writing to standard output failed: its reader is gone\n")


def test_a_full_disk_does_not_take_the_report_with_it(dynamodb):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, SCRIPT, "--endpoint-url", dynamodb.url, "--count", "2"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert summary(done.stderr)["written"] == "1"
    assert "No space left on device" in done.stderr


def test_a_signal_waits_for_the_answer_of_the_request_in_flight(dynamodb):
    dynamodb.faults = [None, "slow"]
    with started("--endpoint-url", dynamodb.url, "--interval", "0.1") as process:
        process.stdout.readline()
        dynamodb.arrived.clear()
        assert dynamodb.arrived.wait(timeout=30)
        process.send_signal(signal.SIGINT)
        dynamodb.release.set()
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, where(dynamodb))
    assert (summary(stdout)["written"], summary(stdout)["in doubt"]) == ("2", "0")
    assert len(dynamodb.orders()) == 2


def test_a_second_signal_leaves_at_once_and_says_what_is_in_doubt(dynamodb):
    dynamodb.faults = ["hang"]
    with started("--endpoint-url", dynamodb.url) as process:
        assert dynamodb.arrived.wait(timeout=30)
        for _ in range(200):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
                break
        stdout, stderr = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert summary(stdout)["in doubt"] == f"1, {dynamodb.orders()[0]['orderid']['S']}"
    assert stderr.startswith(where(dynamodb) + "error: stopped without waiting")


@pytest.mark.parametrize(
    ("arguments", "env", "expected"),
    [
        (["--profile", "nobody"], {}, r"profile \(nobody\) could not be found.*aws configure list-profiles"),
        ([], {"AWS_DEFAULT_REGION": None}, "no AWS region: choose one with --region"),
        ([], {"AWS_DEFAULT_REGION": ""}, "no AWS region: choose one with --region"),
        (["--region", "not a region"], {}, "check --region"),
        ([], {"AWS_ENDPOINT_URL": "nonsense"}, "check AWS_ENDPOINT_URL"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(arguments, env, expected):
    done = run(*arguments, **env)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"error: .*{expected}.*\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "faults", "expected"),
    [
        (["--table", "nowhere"], [], '"nowhere" in us-east-1 .* does not exist'),
        (["--table", "other-key"], [], '"other-key" in us-east-1 .* its key must be orderid'),
        (["--table", "other-key", "--rate", "100"], [], "its key must be orderid"),
        ([], [(400, "ExpiredTokenException")], "have expired: run `aws sso login`"),
        (["--rate", "100"], [(400, "AccessDeniedException")], "no permission for BatchWriteItem"),
    ],
)
def test_what_dynamodb_refuses_is_one_line_after_the_summary(dynamodb, arguments, faults, expected):
    dynamodb.faults = faults
    done = run("--endpoint-url", dynamodb.url, *arguments)
    assert done.returncode == 1
    assert re.fullmatch(f"using table .*\nerror: .*{expected}.*\n", done.stderr)
    assert summary(done.stdout)["written"] == "0"
    assert summary(done.stdout)["not written"] == ("25" if "--rate" in arguments else "1")


def test_without_credentials_it_says_how_to_get_some(dynamodb):
    done = run("--endpoint-url", dynamodb.url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert done.returncode == 1
    assert re.fullmatch("using table .*\nerror: no AWS credentials: .*aws configure.*\n", done.stderr)
    assert dynamodb.requests == []


def test_a_profile_brings_its_region_and_credentials(dynamodb, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile mine]\nregion=eu-central-1\naws_access_key_id=AKIDMINE\naws_secret_access_key=s\n")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_DEFAULT_REGION": None, "AWS_ACCESS_KEY_ID": None}
    done = run("--profile", "mine", "--endpoint-url", dynamodb.url, "--table", "nowhere", **env)
    assert 'table "nowhere" in eu-central-1' in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--interval", value] for value in ("0", "-1", "nan", "inf", "1e-9", "1e9", "often")),
        *(["--rate", value] for value in ("0", "-1", "nan", "inf", "1e9", "-inf")),
        *(["--count", value] for value in ("0", "-1", "2.5", "nan")),
        *(["--seed", value] for value in ("-1", "x")),
        *(["--start-time", value] for value in ("", "now", "2026-11-22T16:00:00", "1969-12-31T00:00:00Z")),
        *(["--endpoint-url", value] for value in ("", "localhost:4566", "http://", "http://h:x", "ftp://h")),
        *(["--table", value] for value in ("", "ab", "a table", "x" * 256)),
        ["--rate", "1", "--interval", "1"],
        ["--nonsense"],
    ],
)
def test_an_option_that_cannot_be_is_refused_by_name(arguments):
    done = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert arguments[0] in done.stderr.splitlines()[-1]


def test_a_dry_run_prints_items_and_needs_no_aws():
    env = {"AWS_ACCESS_KEY_ID": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "nobody"}
    done = run("--dry-run", "--count", "3", *START, **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [to_item(order) for order in orders(3)]
    assert len(run("--dry-run").stdout.splitlines()) == 10


def test_a_reader_that_goes_away_sees_no_traceback():
    with started("--dry-run", "--count", "100000") as process:
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_the_help_shows_every_option_and_examples_that_parse():
    text = CliRunner().invoke(app, ["--help"]).stdout
    examples = re.findall(r"^ +mock_data_generator_for_dynamodb\.py (.+)$", text, re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        done = CliRunner().invoke(app, [*example.split(), "--dry-run", "--count", "1"])
        assert (done.exit_code, done.stderr) == (0, ""), example
