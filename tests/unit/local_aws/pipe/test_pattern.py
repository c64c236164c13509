"""The pipe lets through the events that the template's filters choose, and refuses all other filters."""

import pytest

from local_aws.errors import SettingsError
from local_aws.pipe.pattern import matcher


@pytest.mark.parametrize(
    ("pattern", "passed"),
    [
        ('{"eventName": ["INSERT", "MODIFY"]}', ["INSERT", "MODIFY"]),
        ('{"eventName":["MODIFY","INSERT"]}', ["INSERT", "MODIFY"]),
        ('{"eventName": ["INSERT", "MODIFY", "REMOVE"]}', ["INSERT", "MODIFY", "REMOVE"]),
    ],
)
def test_a_filter_of_the_template_chooses_by_event_name(pattern, passed):
    matches = matcher([pattern])
    assert [name for name in ("INSERT", "MODIFY", "REMOVE", "insert", None) if matches({"eventName": name})] == passed


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        ["{"],
        ["[]"],
        ["{}"],
        ['{"eventName": ["INSERT"]}'],
        ['{"eventName": "INSERT"}'],
        ['{"eventName": ["INSERT", "MODIFY", 1]}'],
        ['{"eventName": [{"prefix": "INS"}]}'],
        ['{"eventName": ["INSERT", "MODIFY"], "awsRegion": ["us-east-1"]}'],
        ['{"eventName": ["INSERT", "MODIFY"]}', '{"eventName": ["INSERT", "MODIFY"]}'],
    ],
)
def test_every_other_filter_is_refused(patterns):
    with pytest.raises(SettingsError, match="The pipe's filter is"):
        matcher(patterns)
