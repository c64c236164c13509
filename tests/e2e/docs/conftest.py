"""The pipeline that all tests of the docs share."""

import pytest

from tests.e2e.sales import quick_up


@pytest.fixture(scope="session")
def up(tmp_path_factory):
    with quick_up(tmp_path_factory.mktemp("docs")) as running:
        yield running
