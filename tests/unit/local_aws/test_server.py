import logging

import ministack.services.pipes as emulated
import pytest

from local_aws.server import is_worth_a_line

TO_KINESIS = {"Name": "p", "Target": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}


@pytest.fixture
def log(caplog):
    emulated.logger.addFilter(is_worth_a_line)
    yield caplog
    emulated.logger.removeFilter(is_worth_a_line)


def test_that_the_emulator_does_not_run_a_pipe_to_kinesis_is_no_news(log):
    with log.at_level(logging.WARNING):
        emulated._deliver_batch(TO_KINESIS, [{}])
        assert log.text == ""
        emulated.logger.warning("something else")
    assert "something else" in log.text
