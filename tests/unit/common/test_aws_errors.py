"""An error of AWS is one line, which advises what the command that failed can really do."""

import re

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, UnknownServiceError

from common.aws_errors import ADVICE, explain
from generator.console import WRITE_ADVICE

WRITER = ("--profile", "--region", "--table", "--seed", "--rate")


def explained(code, message="", operation="PutItem", options=WRITER, advice=ADVICE):
    error = ClientError({"Error": {"Code": code, "Message": message}}, operation)
    return explain(error, what='table "t"', place="here", options=options, profile="mine", advice=advice)


@pytest.mark.parametrize(
    ("code", "message", "operation", "expected"),
    [
        ("ResourceNotFoundException", "Stream s not found.", "PutRecords", "^Stream s not found: deploy .*--region$"),
        ("ExpiredTokenException", "expired", "PutItem", "`aws sso login --profile mine`"),
        ("UnrecognizedClientException", "The security token is invalid", "PutItem", "does not accept.*--profile"),
        (
            "AccessDeniedException",
            "not authorized to perform: kinesis:PutRecords on",
            "PutRecords",
            "kinesis:PutRecords",
        ),
        ("AccessDenied", "not authorized to perform: sts:AssumeRole on", "PutItem", "for sts:AssumeRole on"),
        ("AccessDeniedException", "", "BatchWriteItem", "permission for BatchWriteItem on"),
        ("ThrottlingException", "", "StartCrawler", "throttled StartCrawler .*wait a minute"),
        (
            *("SomethingNew", "of {braces}\nand lines.", "PutItem"),
            r"^of \{braces\} and lines \(SomethingNew, here\): fix what it names, then run the same command again$",
        ),
        (
            "SomethingNew",
            "",
            "PutItem",
            r"refused PutItem on .* without a reason \(SomethingNew, here\): look ",
        ),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(code, message, operation, expected):
    text = explained(code, message, operation)
    assert re.search(expected, text), text
    assert "\n" not in text


@pytest.mark.parametrize("message", ["", "We encountered an internal error. Please try again."])
@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_aws_that_nobody_knows_is_no_fault_of_the_caller(status, message):
    response = {"Error": {"Code": "NewFault", "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    text = explain(ClientError(response, "GetObject"), what="a bucket", place="here", options=())
    assert text.startswith("AWS failed to do GetObject on a bucket (NewFault, here): wait a minute, then run ")


def test_an_error_of_botocore_that_nobody_knows_says_what_to_do():
    text = explain(UnknownServiceError(service_name="x", known_service_names="y"), what="", place="here", options=())
    assert text.startswith("Unknown service: 'x'")
    assert text.endswith("(UnknownServiceError, here): fix what it names, then run the same command again")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ResourceNotFoundException", '"t" does not exist.*--table'),
        ("ValidationException", "its key must be orderid"),
        ("ThrottlingException", "lower --rate"),
    ],
)
def test_a_write_that_fails_says_what_it_means_for_a_table_of_orders(code, expected):
    assert re.search(expected, explained(code, advice=WRITE_ADVICE))


@pytest.mark.parametrize("options", [(), ("--region",), ("--stack-name", "--profile", "--region"), WRITER])
@pytest.mark.parametrize("code", sorted(ADVICE))
def test_only_options_that_the_command_has_are_named(code, options):
    named = re.findall(r"(?<!sso login )--[a-z-]+", explained(code, options=options).replace("login --profile", ""))
    assert set(named) <= set(options)


@pytest.mark.parametrize("code", sorted(WRITE_ADVICE))
def test_a_failed_write_names_only_options_that_both_its_commands_have(code):
    options = ("--profile", "--region", "--seed", "--rate")
    named = re.findall(r"--[a-z-]+", explained(code, options=options, advice=WRITE_ADVICE))
    assert set(named) <= set(options)


@pytest.mark.parametrize(
    ("endpoint", "advice"),
    [
        ("http://127.0.0.1:4566/", 'Run `sales up` and then `eval "$(sales env)"` again, or open another terminal'),
        ("https://dynamodb.eu-west-1.amazonaws.com/", "check the network, the region and the endpoint"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_a_pipeline_that_has_stopped_or_a_network_that_is_down(endpoint, advice):
    error = EndpointConnectionError(endpoint_url=endpoint)
    text = explain(error, what="the table", place="AWS", options=())
    assert text.startswith("cannot reach AWS: ")
    assert advice in text
    assert endpoint in text
