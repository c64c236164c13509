"""A stack that retries little and waits little, and its stand-ins behind a proxy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from local_aws.emulator import Emulator
from sales_pipeline.aws.stack import find
from sales_pipeline.local import pipeline as local_pipeline
from tests.e2e.faults.pipeline import FUNCTION_SECONDS, Pipeline
from tests.e2e.faults.proxy import Proxy

STACK_NAME = "impatient"
SETTINGS = {
    "TableName": "impatient_orders",
    "DatabaseName": "impatient_db",
    "BufferIntervalSeconds": "1",
    "GeneratorState": "DISABLED",
}


def adapt(built: Path) -> Path:
    """Write a copy of a built template with short waits and a transform that can be broken; return its path."""
    template = yaml_parse(built.read_text())
    resources = template["Resources"]
    pipe = resources["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    pipe |= {"MaximumRetryAttempts": 1, "MaximumBatchingWindowInSeconds": 0}
    destination = resources["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    # Without a buffer, the records of one read are one batch.
    processor = {"NumberOfRetries": "0", "BufferIntervalInSeconds": "0", "BufferSizeInMBs": "3"}
    for parameter in destination["ProcessingConfiguration"]["Processors"][0]["Parameters"]:
        parameter["ParameterValue"] = processor.get(parameter["ParameterName"], parameter["ParameterValue"])
    function = resources["TransformFunction"]["Properties"]
    code = built.parent / "FaultyTransformFunction"
    shutil.copytree(built.parent / function["CodeUri"], code)
    shutil.copy(Path(__file__).with_name("function.py"), code / "faults.py")
    function |= {"CodeUri": code.name, "Timeout": FUNCTION_SECONDS}
    impatient = built.with_name("impatient.yaml")  # in the same folder, because its paths are relative
    impatient.write_text(yaml_dump(template))
    return impatient


@contextmanager
def run(emulator: Emulator, folder: Path) -> Iterator[Pipeline]:
    """Run the stand-ins of the deployed stack behind a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        stack = find(emulator.session(), STACK_NAME)
    with (
        Proxy(emulator.endpoint_url) as proxy,
        local_pipeline.workers(replace(emulator, endpoint_url=proxy.url), STACK_NAME, folder / "state", folder),
    ):
        yield Pipeline(stack, emulator, proxy, folder)
