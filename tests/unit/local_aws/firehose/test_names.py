from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.firehose.names import (
    PROCESSING_FAILED,
    PrefixError,
    complete_prefixes,
    evaluate,
    format_time,
    object_name,
)

ARRIVAL = datetime(2018, 8, 27, 0, 5, 9, 123456, UTC)
ARRIVAL_MS = 1535328309123
ERRORS = "failures/!{firehose:error-output-type}/"


def evaluated(prefix, error_output_prefix):
    return [
        evaluate(each, ARRIVAL_MS, PROCESSING_FAILED, lambda: "046b6c7f-0b")
        for each in complete_prefixes(prefix, error_output_prefix)
    ]


# The examples of "Understand custom prefixes for Amazon S3 objects", and what follows from its rules.
@pytest.mark.parametrize(
    ("prefix", "error_output_prefix", "expected"),
    [
        ("", ERRORS, ["2018/08/27/00/", "failures/processing-failed/"]),
        ("", "", ["2018/08/27/00/", "processing-failed/2018/08/27/00/"]),
        ("mine/", "", ["mine/2018/08/27/00/", "mine/processing-failed/2018/08/27/00/"]),
        ("mine/", "bad/", ["mine/2018/08/27/00/", "bad/processing-failed/2018/08/27/00/"]),
        (
            "a/y=!{timestamp:yyyy}/rand=!{firehose:random-string}/",
            "b/!{firehose:error-output-type}/!{timestamp:dd}",
            ["a/y=2018/rand=046b6c7f-0b/", "b/processing-failed/27"],
        ),
        ("!{firehose:random-string}/", ERRORS, ["046b6c7f-0b/2018/08/27/00/", "failures/processing-failed/"]),
        (
            "sales_data/dt=!{timestamp:yyyy-MM-dd}/",
            "errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
            ["sales_data/dt=2018-08-27/", "errors/processing-failed/dt=2018-08-27/"],
        ),
    ],
)
def test_prefixes_evaluate_as_the_guide_says(prefix, error_output_prefix, expected):
    assert evaluated(prefix, error_output_prefix) == expected


@pytest.mark.parametrize(
    ("prefix", "error_output_prefix", "message"),
    [
        ("!{timestamp:yyyy}/", "", "ErrorOutputPrefix is missing"),
        ("!{firehose:error-output-type}/", ERRORS, "only ErrorOutputPrefix may have"),
        ("", "bad/!{timestamp:yyyy}/", "must have !{firehose:error-output-type}"),
        ("!{partitionKeyFromQuery:customer}/", ERRORS, "!{partitionKeyFromQuery:customer} is no expression"),
        ("!{firehose:random}/", ERRORS, "!{firehose:random} is no expression"),
        ("!{timestamp:yyyy", ERRORS, "doesn't end"),
        ("!{timestamp:yyyy}/!{dd}", ERRORS, "doesn't end"),
        ("!{timestamp:YYYY-MM-dd}/", ERRORS, "write yyyy"),
        ("!{timestamp:yyyy'-}/", ERRORS, "quote it"),
        ("!{timestamp:yyyy[MM]}/", ERRORS, "quote it"),
        ("", f"{ERRORS}!{{timestamp:hour}}/", "single quotes"),
    ],
)
def test_a_prefix_that_firehose_or_we_refuse_says_what_to_write(prefix, error_output_prefix, message):
    with pytest.raises(PrefixError) as raised:
        complete_prefixes(prefix, error_output_prefix)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_random_string_of_a_prefix_is_another():
    strings = iter(["one", "two"])
    assert evaluate("!{firehose:random-string}/!{firehose:random-string}", 0, "", strings.__next__) == "one/two"


# What Java's DateTimeFormatter makes of them.
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss", "2018-08-27T00:05:09"),
        ("y yy uuuu", "2018 18 2018"),
        ("M/d/D", "8/27/239"),
        ("MMM MMMM EEE EEEE", "Aug August Mon Monday"),
        ("h hh K k a", "12 12 0 24 AM"),
        ("SSS SSSSSS", "123 123456"),
        ("'year='yyyy", "year=2018"),
        ("yyyy''MM", "2018'08"),
        ("'it''s'", "it's"),
    ],
)
def test_a_pattern_formats_as_in_java(pattern, expected):
    assert format_time(pattern, ARRIVAL) == expected


@given(st.text(st.characters(exclude_characters="'"), min_size=1))
def test_quoted_text_stands_for_itself(text):
    assert format_time(f"'{text}'yyyy", ARRIVAL) == f"{text}2018"


def test_an_object_is_named_after_its_stream_its_oldest_record_and_a_uuid():
    name = object_name("sales-DeliveryStream", 3, ARRIVAL_MS, "5c4974e2-b441-44e8-8f92-18f0f65ee24a", ".json")
    assert name == "sales-DeliveryStream-3-2018-08-27-00-05-09-5c4974e2-b441-44e8-8f92-18f0f65ee24a.json"
