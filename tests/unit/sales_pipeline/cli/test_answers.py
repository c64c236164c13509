"""An answer that is not AWS' own becomes one line that says so, in every command and wherever it comes."""

import json
import threading
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import create_loader
from typer.testing import CliRunner

from common.answers import AnswerError, _checked, error_code, error_message, error_status
from sales_pipeline.cli import app as cli

JSON = "application/x-amz-json-1.1"
HTML = b"<html><head><title>Blocked</title></head><body>Your request was blocked by <b>policy</b></body></html>"
XHTML = b'<?xml version="1.0"?><page><title>Blocked</title></page>'

# Status, type and body of answers; the last ones have AWS' request id, so that only what they lack gives them away.
FOREIGN = {
    "403 in HTML": (403, "text/html", HTML, {}),
    "empty 403": (403, "text/html", b"", {}),
    "empty 502": (502, "text/html", b"", {}),
    "503 in HTML": (503, "text/html", HTML, {}),
    "200 in HTML": (200, "text/html", HTML, {}),
    "other XML": (200, "text/xml", XHTML, {}),
    "error in other XML": (400, "text/xml", XHTML, {}),
    "empty 200": (200, "text/plain", b"", {}),
    "{}": (200, JSON, b"{}", {}),
    "error {}": (400, JSON, b"{}", {}),
    "a list": (200, JSON, b"[]", {}),
    "null": (200, JSON, b"null", {}),
    "truncated": (200, JSON, b'{"Items": [{"orderid": {"S": "1', {}),
    "not UTF-8": (200, JSON, b'{"a": "\xff\xfe"}', {}),
    "{} with an id": (200, JSON, b"{}", {"x-amzn-RequestId": "1"}),
    "empty 200 with an id": (200, "text/plain", b"", {"x-amzn-RequestId": "1", "x-amz-request-id": "1"}),
    "truncated with an id": (200, JSON, b'{"Items": [{"orderid": {"S": "1', {"x-amzn-RequestId": "1"}),
    "error {} with an id": (400, "text/xml", XHTML, {"x-amzn-RequestId": "1", "x-amz-request-id": "1"}),
}
FREQUENT = ["403 in HTML", "empty 502", "other XML", "{}", "truncated", "{} with an id"]
COMMANDS = {
    "status": [],
    "reconcile": ["--wait", "0"],
    "failures": [],
    "replay": ["--yes"],
    "backfill": ["--yes", "--all"],
    "crawl": [],
    "query": ["SELECT 1"],
    "generate": ["--count", "1"],
}
OUTPUTS = {
    "TableName": "order_table",
    "TableStreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/order_table/stream/2026-11-22T00:00:00.000",
    "StreamName": "stream",
    "BucketName": "bucket",
    "DataLocation": "s3://bucket/sales_data/",
    "ErrorLocation": "s3://bucket/errors/",
    "CrawlerName": "crawler",
    "CrawledTable": "db.sales_data",
    "DeclaredTable": "db_declared.orders",
    "WorkGroupName": "sales",
    "PipeName": "pipe",
    "PipeDeadLetterQueueUrl": "{url}/000000000000/queue",
    "DeliveryStreamName": "delivery",
    "GeneratorScheduleName": "schedule",
    "GeneratorFunctionName": "generator",
    "TransformFunctionName": "transform",
    "TransformLogGroupName": "log",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:topic",
}


class Server(ThreadingHTTPServer):
    """Gives `foreign` as every answer, but describes the stack properly where `has_stack`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.foreign, self.has_stack = FOREIGN["{}"], True

    def describe_stacks(self):
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{value.format(url=self.url)}</OutputValue></member>"
            for key, value in OUTPUTS.items()
        )
        parameter = "<ParameterKey>BufferIntervalSeconds</ParameterKey><ParameterValue>60</ParameterValue>"
        stack = f"<Outputs>{outputs}</Outputs><Parameters><member>{parameter}</member></Parameters>"
        result = f"<DescribeStacksResult><Stacks><member>{stack}</member></Stacks></DescribeStacksResult>"
        identity = "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        return 200, "text/xml", f"<DescribeStacksResponse>{result}{identity}</DescribeStacksResponse>".encode(), {}

    def handle_error(self, *_):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_stack = b"Action=DescribeStacks" in body and self.server.has_stack
        status, kind, answer, headers = self.server.describe_stacks() if is_stack else self.server.foreign
        self.send_response_only(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(answer)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - http.server's names

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def loader():
    return create_loader()


@pytest.fixture(autouse=True)
def _environment(server, loader, monkeypatch, tmp_path):
    # Each command makes a session, and each session would read the services' models again.
    monkeypatch.setattr("botocore.loaders.create_loader", lambda *_: loader)
    monkeypatch.setenv("SALES_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("generator.writer.NETWORK_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("sales_pipeline.aws.table.PATIENT_CLIENT", None)
    monkeypatch.setattr("sales_pipeline.aws.bucket.PATIENT_CLIENT", None)


def assert_one_line_says_so(result):
    assert isinstance(result.exception, SystemExit), (result.exception, result.output)
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if not line.endswith("…") and not line.startswith("using ")]
    assert len(errors) == 1, result.stderr
    assert errors[0].startswith("error: the answer is not AWS' own ")
    assert "check the proxy and the endpoint" in errors[0]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_no_stack_is_found_behind_an_answer_that_is_not_from_aws(server, foreign):
    server.foreign, server.has_stack = FOREIGN[foreign], False
    assert_one_line_says_so(CliRunner().invoke(cli.app, ["crawl"]))


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("command", ["failures", "query"])
def test_no_form_of_an_answer_ends_in_a_traceback(server, command, foreign):
    server.foreign, server.has_stack = FOREIGN[foreign], True
    assert_one_line_says_so(CliRunner().invoke(cli.app, [command, *COMMANDS[command]]))


@pytest.mark.parametrize("foreign", FREQUENT)
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"failures", "query", "status"}])
def test_every_command_says_in_one_line_that_the_answer_is_not_from_aws(server, command, foreign):
    if command == "generate" and foreign == "{} with an id":
        foreign = "{}"  # such is DynamoDB's own answer to a put
    server.foreign, server.has_stack = FOREIGN[foreign], True
    assert_one_line_says_so(CliRunner().invoke(cli.app, [command, *COMMANDS[command]]))


@pytest.mark.parametrize("foreign", ["truncated", "{} with an id"])
def test_a_trace_that_no_place_answers_is_an_error(server, foreign):
    server.foreign, server.has_stack = FOREIGN[foreign], True
    assert_one_line_says_so(CliRunner().invoke(cli.app, ["trace", "o"]))


@pytest.mark.parametrize("foreign", FREQUENT)
def test_the_status_shows_every_stage_as_unread(server, foreign):
    server.foreign, server.has_stack = FOREIGN[foreign], True
    result = CliRunner().invoke(cli.app, ["status", "--format", "json"])
    assert result.exit_code == 1
    stages = json.loads(result.stdout)["stages"]
    assert len(stages) > 10
    assert {name for name, stage in stages.items() if "not AWS' own" not in stage["problem"]} == set()


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_GLUE"])
def test_an_endpoint_that_is_no_url_is_an_error_in_one_line(server, monkeypatch, variable):
    server.has_stack = True
    monkeypatch.setenv(variable, "nowhere")
    result = CliRunner().invoke(cli.app, ["crawl"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: Invalid endpoint: nowhere: check AWS_ENDPOINT_URL")


def test_an_answer_of_aws_without_a_code_of_its_own_is_no_answer_of_aws():
    error = AnswerError("no answer", 403)
    assert error_status(error) == 403
    assert error_code(ClientError({}, "PutItem")) == "ClientError"
    assert error_message(ClientError({}, "PutItem")) == ""


def test_a_member_and_an_item_that_an_answer_lacks_are_named():
    answer = _checked({"Stacks": [{"Outputs": []}], "ResponseMetadata": {}})
    assert json.loads(json.dumps(answer)) == {"Stacks": [{"Outputs": []}], "ResponseMetadata": {}}
    with pytest.raises(AnswerError, match="no StackStatus"):
        answer["Stacks"][0]["StackStatus"]
    with pytest.raises(AnswerError, match="empty list"):
        answer["Stacks"][0]["Outputs"][0]
    assert answer.get("NextToken") is None
