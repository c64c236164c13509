"""`make verify-aws` against the emulator: each check shows its behaviour, or says why it can't here."""

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import boto3
import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from sales_pipeline.failures import dead_letters
from sales_pipeline.local import pipeline as local_pipeline
from verify_aws import behaviours, leftover
from verify_aws.__main__ import PARAMETERS
from verify_aws.names import Names
from verify_aws.pipeline import Place
from verify_aws.report import to_markdown
from verify_aws.run import Outcome, verify
from verify_aws.sam import Sam

BEHAVIOURS = behaviours.read()
NAMES = Names("sales-verify")


@pytest.fixture(scope="module")
def impatient_template(quick_template):
    """Let the pipe and Firehose give up after one attempt. The stand-ins read their settings when they start."""
    template = yaml_parse(quick_template.read_text())
    source = template["Resources"]["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    source |= {"MaximumRetryAttempts": 1, "MaximumBatchingWindowInSeconds": 0}
    destination = template["Resources"]["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    for parameter in destination["ProcessingConfiguration"]["Processors"][0]["Parameters"]:
        if parameter["ParameterName"] == "NumberOfRetries":
            parameter["ParameterValue"] = "0"
    path = quick_template.with_name("verify.yaml")
    path.write_text(yaml_dump(template))
    return path


@pytest.fixture(scope="module")
def here(emulator):
    """Set the environment of this process, in which clients find the emulator."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        patch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)  # the emulator's SQS is one server: no need to wait
        yield emulator.session()


class SamHere(Sam):
    """Deletes without SAM, which looks only every 30 s whether a stack is gone. Other tests delete with SAM."""

    def delete(self, stack_name):
        cloudformation = boto3.Session(region_name="us-east-1").client("cloudformation")
        cloudformation.delete_stack(StackName=stack_name)
        settings = {"Delay": 1, "MaxAttempts": 60}
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_name, WaiterConfig=settings)


@pytest.fixture(scope="module")
def sam_here(emulator, impatient_template, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("verify")
    settings = {"SAM_CLI_POLL_DELAY": "0.5", "SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(workdir)}
    environment = emulator.environment | settings
    return SamHere(impatient_template, workdir, workdir / "sam.log", environment, ("--region", "us-east-1"))


@pytest.fixture(scope="module")
def run(here, emulator, sam_here, tmp_path_factory):
    folder = tmp_path_factory.mktemp("workers")

    @contextmanager
    def beside(stack):
        with local_pipeline.workers(emulator, stack.name, folder / "state", folder):
            yield

    place = Place(
        PARAMETERS | {"BufferIntervalSeconds": "1", "GeneratorState": "DISABLED"},
        beside,
        partial(local_pipeline.crawl, folder / "state"),
        lambda _: None,
        {each.id: each.not_here for each in BEHAVIOURS if each.not_here},
    )
    return verify(here, sam_here, NAMES, place, BEHAVIOURS, keep=False)


def test_every_check_shows_its_behaviour_or_cannot_be_answered_here(run):
    assert run.problem == ""
    failed = {each.behaviour.id: each.evidence for each in run.results if each.outcome is Outcome.failed}
    assert failed == {}
    not_run = {each.behaviour.id for each in run.results if each.outcome is Outcome.not_run}
    assert not_run == {each.id for each in BEHAVIOURS if each.unchecked}
    assert [each.behaviour for each in run.results] == BEHAVIOURS
    assert run.exit_code() == 0


def test_the_report_names_every_behaviour_and_no_account(run):
    report = to_markdown(run, datetime(2026, 11, 22, tzinfo=UTC), "0.1.0")
    assert run.account == "000000000000"
    assert run.account not in report
    for each in BEHAVIOURS:
        assert report.count(f"`{each.id}`") == 1


@pytest.mark.usefixtures("run")
def test_nothing_is_left_for_the_next_run(here, client):
    assert leftover.look(here, NAMES) is None
    assert [url for url in client("sqs").list_queues().get("QueueUrls", []) if NAMES.stack in url] == []
