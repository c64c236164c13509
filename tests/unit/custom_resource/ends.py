"""CloudFormation's ends, for tests of custom resources: the URL that takes answers, and the status of the stack."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import boto3
from botocore.stub import Stubber

from custom_resource import stack

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/sales/5f2b1c80-c7a1-11f0-9a3e-0e1f5a2b3c4d"


@contextmanager
def taker():
    """Run a URL that takes answers by PUT."""
    received, sizes = [], []

    class Taker(BaseHTTPRequestHandler):
        def do_PUT(self):
            sizes.append(int(self.headers["Content-Length"]))
            received.append(json.loads(self.rfile.read(sizes[-1])))
            received[-1]["content-type"] = self.headers["Content-Type"]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield SimpleNamespace(
        url=f"http://127.0.0.1:{server.server_port}/answer?Signature=1", received=received, sizes=sizes
    )
    server.shutdown()
    thread.join()
    server.server_close()


def say_status(monkeypatch, status):
    """Let CloudFormation say, once, that the stack has this status."""
    client = boto3.client("cloudformation", region_name="us-east-1")
    monkeypatch.setattr(stack, "cloudformation", client)
    described = {"StackName": "sales", "StackStatus": status, "CreationTime": "2026-11-22T00:00:00Z"}
    stubber = Stubber(client)
    stubber.add_response("describe_stacks", {"Stacks": [described]}, {"StackName": STACK_ID})
    stubber.activate()
