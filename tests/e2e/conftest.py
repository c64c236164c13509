"""Fixtures of the end-to-end tests. A worker starts one emulator, and builds and deploys once, to save time."""

from contextlib import contextmanager

import pytest

from local_aws import emulator as local_emulator
from local_aws.deploy import Sam
from sales_pipeline.aws.stack import find
from sales_pipeline.failures import dead_letters
from sales_pipeline.local import pipeline as local_pipeline
from tests import ROOT
from tests.e2e import quick
from tests.e2e.faults import impatient as impatient_stack


def pytest_configure(config):
    config.addinivalue_line("markers", "first: starts something that takes minutes")
    config.addinivalue_line("markers", "last: checks the result of a test that is marked first")


def pytest_collection_modifyitems(items):
    """Run the tests marked first, then the others, then those marked last, so that these need not wait for minutes."""
    items.sort(key=lambda item: bool(item.get_closest_marker("last")) - bool(item.get_closest_marker("first")))


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with local_emulator.start(tmp_path_factory.mktemp("emulator") / "emulator.log") as running:
        yield running


@pytest.fixture(scope="session")
def client(emulator):
    """Return a function that makes boto3 clients of the account's root user."""
    session = emulator.session()
    return lambda service: session.client(service, endpoint_url=emulator.endpoint_url)


@pytest.fixture(scope="session")
def sam(emulator, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("sam")
    return Sam(emulator, workdir, workdir / "sam.log")


@pytest.fixture(scope="session")
def built_template(sam):
    return sam.build(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def quick_template(built_template):
    return quick.adapt(built_template)


@pytest.fixture(scope="session")
def quick_pipeline(emulator, sam, quick_template, tmp_path_factory):
    """Return a context manager that runs another pipeline, with buffers of 1 s.

    It yields the stack, and the folder of the stand-ins' state.
    """

    @contextmanager
    def run(name, **parameters):
        settings = {"TableName": f"{name}_orders", "DatabaseName": f"{name}_db", "BufferIntervalSeconds": "1"}
        sam.deploy(quick_template, name, settings | {"GeneratorState": "DISABLED"} | parameters)
        folder = tmp_path_factory.mktemp(name)
        with local_pipeline.workers(emulator, name, folder / "state", folder), pytest.MonkeyPatch.context() as patch:
            for variable, value in emulator.environment.items():
                patch.setenv(variable, value)
            yield find(emulator.session(), name), folder / "state"

    return run


@pytest.fixture(scope="session")
def stack(sam, built_template):
    """Deploy with the default parameters, but without the generator, because tests count orders. Return the outputs."""
    return sam.deploy(built_template, "sales", {"GeneratorState": "DISABLED"})


@pytest.fixture(scope="session")
def impatient(emulator, sam, built_template, tmp_path_factory):
    """Run a pipeline that gives up soon, has buffers of 1 s, and has a proxy through which tests inject faults."""
    sam.deploy(impatient_stack.adapt(built_template), impatient_stack.STACK_NAME, impatient_stack.SETTINGS)
    with impatient_stack.run(emulator, tmp_path_factory.mktemp("impatient")) as running:
        yield running


@pytest.fixture
def pipeline(impatient, emulator, monkeypatch):
    """Return the impatient pipeline, empty and repaired, with AWS_ENDPOINT_URL set for commands."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    monkeypatch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)  # the emulator's SQS is one server: no need to wait
    impatient.clean()
    return impatient
