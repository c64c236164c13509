"""A filter lets through what EventBridge lets through, and refuses to guess."""

import json

import pytest

from local_aws.pipe.pattern import PatternError, matcher

EVENT = {
    "eventName": "INSERT",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": 1792540800,
        "Keys": {"orderid": {"S": "123"}},
        "NewImage": {
            "paid": {"BOOL": True},
            "coupon": {"NULL": None},
            "note": {"S": ""},
            "tags": {"SS": ["red", "Round"]},
            "lines": {"L": [{"S": "a"}, {"M": {"size": {"N": "4"}}}]},
            "empty": {"L": []},
        },
        "SizeBytes": 98,
    },
}


def image(pattern):
    return {"dynamodb": {"NewImage": pattern}}


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["INSERT", "MODIFY"]},
        {"eventName": ["INSERT"], "awsRegion": ["us-east-1"]},
        {"dynamodb": {"Keys": {"orderid": {"S": ["123"]}}}},
        {"dynamodb": {"SizeBytes": [98]}},
        {"dynamodb": {"SizeBytes": [{"numeric": ["=", 98.0]}]}},
        {"dynamodb": {"SizeBytes": [{"numeric": [">", 97, "<=", 98]}]}},
        {"dynamodb": {"SizeBytes": [{"anything-but": [97, 99]}]}},
        {"eventName": [{"prefix": "INS"}]},
        {"eventName": [{"prefix": {"equals-ignore-case": "ins"}}]},
        {"eventName": [{"suffix": "ERT"}]},
        {"eventName": [{"suffix": {"equals-ignore-case": "ert"}}]},
        {"eventName": [{"equals-ignore-case": "insert"}]},
        {"eventName": [{"anything-but": "REMOVE"}]},
        {"eventName": [{"anything-but": ["REMOVE", "MODIFY"]}]},
        {"eventName": ["REMOVE", {"prefix": "IN"}]},
        {"eventName": [{"exists": True}]},
        {"userIdentity": {"type": [{"exists": False}]}},
        {"$or": [{"eventName": ["REMOVE"]}, {"awsRegion": ["us-east-1"]}]},
        image({"paid": {"BOOL": [True]}}),
        image({"coupon": {"NULL": [None]}}),
        image({"note": {"S": [""]}}),
        image({"tags": {"SS": ["blue", "red"]}}),
        image({"tags": {"SS": [{"anything-but": "red"}]}}),
        image({"lines": {"L": {"S": ["a"]}}}),
        image({"lines": {"L": {"M": {"size": {"N": ["4"]}}}}}),
        # Only values exist: an object or an empty array is no leaf.
        image({"note": [{"exists": False}]}),
        image({"empty": {"L": [{"exists": False}]}}),
    ],
)
def test_it_matches(pattern):
    assert matcher([json.dumps(pattern)])(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"eventName": ["REMOVE"]},
        {"eventName": ["insert"]},
        {"eventName": ["INSERT"], "awsRegion": ["eu-west-1"]},
        {"eventName": {"INSERT": ["x"]}},
        {"eventName": [{"anything-but": "INSERT"}]},
        {"eventName": [{"anything-but": ["INSERT", "MODIFY"]}]},
        {"eventName": [{"exists": False}]},
        {"missing": [{"anything-but": "x"}]},
        {"missing": [{"exists": True}]},
        {"missing": {"below": [{"prefix": "x"}]}},
        {"dynamodb": [{"exists": True}]},
        {"dynamodb": {"SizeBytes": ["98"]}},
        {"dynamodb": {"SizeBytes": [{"numeric": [">", 98]}]}},
        {"dynamodb": {"Keys": {"orderid": {"S": [{"numeric": ["=", 123]}]}}}},
        {"$or": [{"eventName": ["REMOVE"]}, {"awsRegion": ["eu-west-1"]}]},
        image({"paid": {"BOOL": [1]}}),
        image({"paid": {"BOOL": [{"numeric": ["=", 1]}]}}),
        image({"coupon": {"NULL": [False]}}),
        image({"tags": {"SS": ["round"]}}),
        image({"empty": {"L": {"S": ["a"]}}}),
    ],
)
def test_it_does_not_match(pattern):
    assert not matcher([json.dumps(pattern)])(EVENT)


def test_any_of_several_filters_lets_an_event_through():
    either = matcher(['{"eventName": ["REMOVE"]}', '{"awsRegion": ["us-east-1"]}'])
    assert either(EVENT)
    assert not either({"eventName": "INSERT"})


def test_without_a_filter_everything_passes():
    assert matcher([])({})


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", r"\$: expected an object"),
        ("{}", r"\$: expected an object"),
        ('{"a": "x"}', r"\$\.a: expected an array"),
        ('{"a": []}', r"\$\.a: expected an array"),
        ('{"a": {}}', r"\$\.a: expected an object"),
        ('{"a": [["x"]]}', r"\$\.a: .*array in an array"),
        ('{"a": [{"wildcard": "*x"}]}', r"\$\.a: a pipe doesn't support \{\"wildcard\": \"\*x\"\}"),
        ('{"a": {"b": [{"cidr": "10.0.0.0/24"}]}}', r"\$\.a\.b: a pipe doesn't support"),
        ('{"a": [{"anything-but": {"prefix": "x"}}]}', r"\$\.a: a pipe doesn't support"),
        ('{"a": [{"anything-but": []}]}', r"\$\.a: a pipe doesn't support"),
        ('{"a": [{"anything-but": [null]}]}', r"\$\.a: a pipe doesn't support"),
        ('{"a": [{"prefix": 1}]}', r"\$\.a: a pipe doesn't support"),
        ('{"a": [{"exists": "yes"}]}', r"\$\.a: a pipe doesn't support"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', r"\$\.a: expected one operator"),
        ('{"a": [{"numeric": [">"]}]}', r"\$\.a: expected one or two comparisons"),
        ('{"a": [{"numeric": ["~", 1]}]}', r"\$\.a: expected comparisons with numbers"),
        ('{"a": [{"numeric": ["=", "1"]}]}', r"\$\.a: expected comparisons with numbers"),
        ('{"a": [{"numeric": [["="], 1]}]}', r"\$\.a: expected comparisons with numbers"),
        ('{"$or": [["x"]]}', r"\$\.\$or: expected an object"),
    ],
)
def test_what_a_pipe_does_not_support_is_an_error_that_names_the_place(pattern, complaint):
    with pytest.raises(PatternError, match=complaint):
        matcher([pattern])
