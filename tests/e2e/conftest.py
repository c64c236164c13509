"""One emulator, one build and one stack for all end-to-end tests: each takes seconds to make."""

from pathlib import Path

import pytest

from sales_pipeline.local import emulator as local_emulator
from sales_pipeline.local.deploy import Sam

REPOSITORY = Path(__file__).parents[2]


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
    return Sam(emulator, tmp_path_factory.mktemp("sam"))


@pytest.fixture(scope="session")
def built_template(sam):
    return sam.build(REPOSITORY / "template.yaml")


@pytest.fixture(scope="session")
def stack(sam, built_template):
    """Deploy with the defaults, the generator's schedule apart: tests count orders. Returns the outputs."""
    return sam.deploy(built_template, "sales", {"GeneratorSchedule": "DISABLED"})
