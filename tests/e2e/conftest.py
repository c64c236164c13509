"""One emulator, one build and one stack for all end-to-end tests: each takes seconds to make."""

from contextlib import contextmanager

import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from local_aws import emulator as local_emulator
from local_aws.deploy import Sam
from sales_pipeline.aws.stack import find
from sales_pipeline.failures import dead_letters
from sales_pipeline.local import pipeline as local_pipeline
from tests import ROOT
from tests.e2e.faults import impatient as impatient_stack


def pytest_configure(config):
    config.addinivalue_line("markers", "first: starts what takes minutes by itself")
    config.addinivalue_line("markers", "last: looks at what it came to")


def pytest_collection_modifyitems(items):
    """Run the other tests while something takes its minutes: in any other order the last ones wait for it."""
    items.sort(key=lambda item: bool(item.get_closest_marker("last")) - bool(item.get_closest_marker("first")))


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with local_emulator.start(tmp_path_factory.mktemp("emulator") / "emulator.log") as running:
        yield running


@pytest.fixture(scope="session")
def client(emulator):
    """Make clients of the account's root user."""
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
    """Adapt the built template: Firehose gathers for a second, not for ten, before it calls the transform."""
    template = yaml_parse(built_template.read_text())
    destination = template["Resources"]["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    for parameter in destination["ProcessingConfiguration"]["Processors"][0]["Parameters"]:
        if parameter["ParameterName"] == "BufferIntervalInSeconds":
            parameter["ParameterValue"] = "1"
    quick = built_template.with_name("quick.yaml")  # beside what its paths lead to
    quick.write_text(yaml_dump(template))
    return quick


@pytest.fixture(scope="session")
def quick_pipeline(emulator, sam, quick_template, tmp_path_factory):
    """Run a pipeline of its own that gathers for a second; gives its stack, and the folder of its workers' state."""

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
    """Deploy with the defaults, the generator's schedule apart: tests count orders. Returns the outputs."""
    return sam.deploy(built_template, "sales", {"GeneratorState": "DISABLED"})


@pytest.fixture(scope="session")
def impatient(emulator, sam, built_template, tmp_path_factory):
    """Run a pipeline that gives up at once, gathers for a second, and has a proxy for faults."""
    sam.deploy(impatient_stack.adapt(built_template), impatient_stack.STACK_NAME, impatient_stack.SETTINGS)
    with impatient_stack.run(emulator, tmp_path_factory.mktemp("impatient")) as running:
        yield running


@pytest.fixture
def pipeline(impatient, emulator, monkeypatch):
    """Find the impatient pipeline empty and whole, and let commands run on it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    monkeypatch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)  # the emulator's queue has one server to ask
    impatient.clean()
    return impatient
