"""A request reaches the emulator only with one signature that is true, however it hides what it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.core.router import extract_access_key_id

from local_aws.gate import rules
from local_aws.gate.rules import Claim, Refusal, examine, verify
from tests.unit.local_aws.gate.signed import HOST, KEY_ID, SECRET, presigned, request, signed

ANSWER = "/_ministack/cfn-response/0f0c5f5c-4d5a-4a3f-8a39-2f8a6c1c7d11"


def refusal(sent, body=b"", later=timedelta(), secret=SECRET):
    """Return why a request is refused that comes so much later than it was signed, or None."""
    claim = examine(sent)
    if isinstance(claim, Refusal):
        return claim
    signed_at = datetime.strptime(claim.signature.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return verify(sent, claim, secret, body, signed_at + later)


def changed(sent, **headers):
    """Return a request with other values in headers, or with further headers."""
    names = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    kept = [(name, value) for name, value in sent.header_lines if name not in names]
    return replace(sent, header_lines=[*kept, *names.items()])


def authorization(sent):
    return sent.headers["authorization"]


@pytest.mark.parametrize(
    "sent",
    [
        signed(),
        signed("GET", "/bucket/a%20key%2B?list-type=2&prefix=%C3%A4"),
        signed(key=(KEY_ID, SECRET, "a token")),
        signed(host="127.0.0.1"),
        signed(host="127.0.0.1:8080"),  # through a forwarded port
        changed(signed(), Sec_Fetch_Site="none"),  # a person, not a page, opens it
        presigned(),
    ],
)
def test_a_signed_request_passes(sent):
    assert isinstance(examine(sent), Claim)
    assert examine(sent).key_id == KEY_ID
    assert refusal(sent) is None


def test_the_claim_has_the_session_token():
    assert examine(signed(key=(KEY_ID, SECRET, "a token"))).token == "a token"  # noqa: S105
    assert examine(signed()).token == examine(presigned()).token == ""


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}])
@pytest.mark.parametrize("sent", [signed(), request("GET", rules.HEALTH), request("OPTIONS"), request("PUT", ANSWER)])
def test_a_page_is_refused_even_with_a_signature(sent, headers):
    assert examine(changed(sent, **headers)) == rules.FROM_A_PAGE


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
def test_what_a_page_embeds_is_refused(site):
    assert examine(changed(presigned(), Sec_Fetch_Site=site)) == rules.FROM_A_PAGE


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example:4566", "evil.example:4566#127.0.0.1", "127.0.0.1:4566@evil.example"),
        *("localhost:4566", "127.1", "2130706433", "0.0.0.0:4566", "[::1]:4566"),
        *("", "127.0.0.1:", "127.0.0.1:4566, evil.example", "127.0.0.1\n", "127.0.0.1:٤"),
    ],
)
@pytest.mark.parametrize("sent", [signed, lambda host: request("GET", rules.HEALTH, host=host)])
def test_another_host_is_refused(sent, host):
    assert examine(sent(host=host)) == rules.FOREIGN_HOST


@pytest.mark.parametrize("lines", [[], [("host", HOST), ("host", "evil.example")], [("host", HOST), ("host", HOST)]])
def test_a_host_is_named_once(lines):
    sent = signed()
    others = [line for line in sent.header_lines if line[0] != "host"]
    assert examine(replace(sent, header_lines=lines + others)) == rules.FOREIGN_HOST


def test_a_host_that_another_header_names_does_not_count():
    assert examine(changed(signed(host="evil.example"), X_Forwarded_Host=HOST)) == rules.FOREIGN_HOST


def test_health_and_a_custom_resources_answer_need_no_signature():
    assert examine(request("GET", rules.HEALTH)) is None
    assert examine(request("PUT", ANSWER)) is None


@pytest.mark.parametrize(
    "path",
    [
        *("/_ministack/reset", "/%5Fministack/reset", "/_ministack/config", "/_ministack/ready", "/_ministack/health/"),
        *("/_ministack/health/../reset", "/_ministack/reset%00", "/_ministack/lambda-code/f", "/_localstack/health"),
        *(
            "/_aws/lambda-url/id/",
            "/_aws/execute-api/id/stage",
            "/_alb/name",
            "/_ministack/cfn-response/1",
            ANSWER + "0",
        ),
        *(f"http://{HOST}/_ministack/reset", f"http://{HOST}/", "*", HOST, ""),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("make", [signed, request])
def test_other_paths_of_the_emulators_own_are_not_open_even_with_a_signature(make, method, path):
    sent = replace(make(method), raw_path=path, path=request(method, path).path)
    assert examine(sent) == rules.NOT_OPEN


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request("GET", "/2015-03-31/functions"),
        request("OPTIONS", "/"),
        request("GET", "/latest/meta-data/iam/security-credentials/"),
        request("POST", "/", ("Content-Type", "application/x-www-form-urlencoded")),  # the form of a page
        request("POST", "/?Action=AssumeRoleWithWebIdentity"),
        request("POST", "//_ministack/reset"),
        request("PUT", rules.HEALTH.replace("_", "")),
    ],
)
def test_no_signature_is_refused(sent):
    assert examine(sent) == rules.UNSIGNED


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.replace("Credential=", "Credential=test/20261126/us-east-1/s3/aws4_request, Credential="),
        lambda value: value + ", Credential=test/20261126/us-east-1/s3/aws4_request",
        lambda value: value.replace(KEY_ID, ""),
        lambda value: value.replace(KEY_ID, f"test/{KEY_ID}"),
        lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        lambda value: value.lower(),
        lambda value: f" {value}",
        lambda value: f"{value}\n",
        lambda _: "AWS test:c2lnbmF0dXJl",
        lambda _: "Basic dGVzdDp0ZXN0",
        lambda _: "Bearer token",
        lambda _: "",
    ],
)
def test_an_authorization_of_another_form_is_refused(change):
    sent = signed()
    assert examine(changed(sent, Authorization=change(authorization(sent)))) == rules.UNSUPPORTED


@pytest.mark.parametrize("place", [0, 99])
@pytest.mark.parametrize("key_id", [KEY_ID, "test"])
def test_a_second_authorization_is_refused(place, key_id):
    sent = signed()
    lines = list(sent.header_lines)
    lines.insert(place, ("authorization", authorization(signed(key=(key_id, SECRET)))))
    assert examine(replace(sent, header_lines=lines)) == rules.UNSUPPORTED


@pytest.mark.parametrize(
    "query", ["X-Amz-Credential=test/1/1/1/1", "x-amz-credential=test", "AWSAccessKeyId=test", "X-AMZ-SIGNATURE="]
)
def test_a_key_in_the_query_beside_one_in_a_header_is_refused_though_it_is_signed(query):
    assert examine(signed("GET", f"/?{query}")) == rules.UNSUPPORTED


@pytest.mark.parametrize(
    "query",
    [
        {
            "X-Amz-Credential": [
                f"{KEY_ID}/20261126/us-east-1/s3/aws4_request",
                "test/20261126/us-east-1/s3/aws4_request",
            ]
        },
        {"x-amz-credential": ["test/20261126/us-east-1/s3/aws4_request"]},
        {"X-Amz-Credential": ["test"]},
        {"X-Amz-Algorithm": ["AWS4-ECDSA-P256-SHA256"]},
        {"X-Amz-Algorithm": []},
        {"X-Amz-Expires": ["1e9"]},
        {"X-Amz-Expires": ["99999999"]},
        {"X-Amz-Date": ["now"]},
        {"AWSAccessKeyId": ["test"]},
    ],
)
def test_a_presigned_query_of_another_form_is_refused(query):
    sent = presigned()
    assert examine(replace(sent, query=sent.query | query)) == rules.UNSUPPORTED


def test_a_date_is_needed():
    sent = signed()
    lines = [line for line in sent.header_lines if line[0] != "x-amz-date"]
    assert examine(replace(sent, header_lines=lines)) == rules.UNSUPPORTED


@pytest.mark.parametrize("sent", [signed(), presigned()])
def test_a_header_that_chooses_what_is_done_has_to_be_signed(sent):
    added = changed(sent, X_Amz_Security_Token="other")  # noqa: S106
    assert examine(added) == rules.PARTLY_SIGNED


def test_the_host_has_to_be_signed():
    sent = signed()
    without = authorization(sent).replace("host;", "")
    assert examine(changed(sent, Authorization=without)) == rules.PARTLY_SIGNED


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (replace(signed(), method="DELETE"), b""),
        (replace(signed("GET", "/bucket/a"), raw_path="/bucket/b"), b""),
        (replace(signed("GET", "/bucket?prefix=a"), query={"prefix": ["b"]}), b""),
        (changed(signed(), X_Amz_Target="DynamoDB_20120810.DeleteTable"), b""),
        (signed(body=b"{}"), b"{ }"),
        (replace(presigned(), raw_path="/bucket/other"), b""),
    ],
)
def test_a_signature_is_of_one_request_only(sent, body):
    assert refusal(sent, body).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("sent", [signed(), presigned()])
def test_a_key_without_its_secret_is_not_enough(sent):
    assert refusal(sent, secret="made up").code == "SignatureDoesNotMatch"  # noqa: S106


def test_the_hash_that_is_signed_is_that_of_the_body():
    promised = "0" * 64
    sent = signed("PUT", "/bucket/key", **{"X-Amz-Content-SHA256": promised})
    assert refusal(sent, b"another body") == rules.OTHER_BODY


@pytest.mark.parametrize(
    ("sent", "minutes", "code"),
    [
        (signed(), 14, None),
        (signed(), 16, "RequestTimeTooSkewed"),
        (signed(), -16, "RequestTimeTooSkewed"),
        (presigned(seconds=3600), 59, None),
        (presigned(seconds=3600), 61, "RequestExpired"),
        (presigned(seconds=3600), -16, "RequestExpired"),
    ],
)
def test_a_signature_expires(sent, minutes, code):
    found = refusal(sent, later=timedelta(minutes=minutes))
    assert (found and found.code) == code


def test_a_day_that_does_not_exist_is_no_time():
    sent = presigned()
    sent = replace(sent, query=sent.query | {"X-Amz-Date": ["20261332T000000Z"]})
    assert verify(sent, examine(sent), SECRET, b"", datetime.now(UTC)) == Refusal(*rules.EXPIRED)


KEYS = st.sampled_from(["test", "000000000000", KEY_ID, "", f"test/{KEY_ID}"])
PLACES = st.sampled_from(
    ["X-Amz-Credential", "x-amz-credential", "X-Amz-Algorithm", "AWSAccessKeyId", "Authorization", "a"]
)
FORMS = st.sampled_from(
    ["{}", "{}/20261126/us-east-1/s3/aws4_request", "AWS {}:x", "AWS4-HMAC-SHA256 Credential={}/1/1/1/1"]
)
EXTRAS = st.lists(st.tuples(PLACES, FORMS, KEYS), max_size=2)


@given(st.sampled_from([signed, presigned]), EXTRAS, EXTRAS, st.booleans())
def test_the_emulator_reads_that_key_which_the_gate_has_checked(make, in_query, in_headers, at_the_start):
    """Anyone who has a role's key could sign a request in which the emulator finds another key, such as `test`."""
    sent = make("GET", "/?" + urlencode([(name, form.format(key)) for name, form, key in in_query]))
    lines = [(name.lower(), form.format(key)) for name, form, key in in_headers]
    sent = replace(sent, header_lines=[*lines, *sent.header_lines] if at_the_start else [*sent.header_lines, *lines])
    claim = examine(sent)
    if isinstance(claim, Claim):
        assert claim.key_id == extract_access_key_id(sent.headers, sent.query)
