"""Only keys of this run open the emulator: no other user of this machine and no web page, in whatever disguise."""

import hashlib
import io
import json
import re
import shutil
import stat
import subprocess
import urllib.error
import urllib.request
import zipfile
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

CODE = """
import os, boto3
def handler(event, context):
    return dict(os.environ), boto3.client("sts").get_caller_identity()["Arn"]
"""
LIST = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
REFUSED = {
    *("AccessDenied", "AccessDeniedException"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    *("InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId"),
    *("InvalidRequest", "IncompleteSignatureException"),
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = {"Origin": "http://evil.example"}
STACK = b"Action=CreateStack&Version=2010-05-15&StackName=evil&TemplateBody=%7B%7D"
FUNCTION = b'{"FunctionName": "evil", "Runtime": "python3.13", "Handler": "a.b", "Role": "r", "Code": {}}'
FORGED = (
    "AWS4-HMAC-SHA256 Credential={}/20261126/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=" + "0" * 64
)
QUERY = (
    "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261126%2Fus-east-1%2F{}%2Faws4_request"
    "&X-Amz-Date=20261126T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0" * 64
)
PRESIGNED = "/bucket/key" + QUERY.format("s3")
FORM_TARGET = "/" + QUERY.format("cloudformation")


@pytest.fixture
def key(emulator):
    """The access key that `sales up` prints: its id and its secret."""
    return emulator.environment["AWS_ACCESS_KEY_ID"], emulator.environment["AWS_SECRET_ACCESS_KEY"]


@pytest.fixture
def call(emulator):
    """Return a function that sends a request as it is told; it returns the status and the error's code."""
    host = urlsplit(emulator.endpoint_url).netloc

    def call(method, target, headers, body=b""):
        connection = HTTPConnection(host, timeout=10)
        try:
            connection.putrequest(method, target, skip_host="Host" in headers)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            found = re.search(rb'<Code>(\w+)|"__type": ?"(\w+)', response.read())
            return response.status, found and (found[1] or found[2]).decode()
        finally:
            connection.close()

    return call


def signed(host, key, **headers):
    """Return the headers of a request for the list of tables."""
    request = AWSRequest("POST", f"http://{host}/", LIST | headers, b"{}")
    SigV4Auth(Credentials(*key), "dynamodb", "us-east-1").add_auth(request)
    return dict(request.headers)


def stranger(emulator, service, key_id, secret, token=None):
    session = boto3.Session(key_id, secret, token, region_name="us-east-1")
    return session.client(service, endpoint_url=emulator.endpoint_url)


@pytest.mark.parametrize("key_id", ["test", "000000000000", "AKIAXXXXXXXXXXXXXXXX"])
@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_a_key_that_everybody_knows_or_can_make_up_is_refused(emulator, key_id, service, operation, code):
    with pytest.raises(ClientError, match=code):
        getattr(stranger(emulator, service, key_id, key_id), operation)()


def test_no_key_is_refused(emulator):
    anonymous = boto3.Session(region_name="us-east-1").client(
        "dynamodb", endpoint_url=emulator.endpoint_url, config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        anonymous.list_tables()


def test_this_runs_key_is_refused_without_its_secret(emulator, key):
    with pytest.raises(ClientError, match="InvalidSignature"):
        stranger(emulator, "dynamodb", key[0], "made up").list_tables()


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", "/", FORM, STACK),
        ("POST", FORM_TARGET, FORM, STACK),
        ("POST", FORM_TARGET, FORM | PAGE, STACK),
        ("POST", "/2015-03-31/functions", {"Content-Type": "text/plain"}, FUNCTION),
        ("POST", "/2015-03-31/functions", {"Authorization": FORGED.format("test")}, FUNCTION),
        ("OPTIONS", "/2015-03-31/functions", PAGE | {"Access-Control-Request-Method": "POST"}, b""),
        ("GET", PRESIGNED, {}, b""),
        ("GET", "/bucket/key?AWSAccessKeyId=test&Signature=x&Expires=9999999999", {}, b""),
        ("POST", "/_ministack/reset", {}, b""),
        ("POST", "/%5Fministack/reset", {}, b""),
        ("POST", "/_ministack/config", {}, b'{"lambda_svc.LAMBDA_EXECUTOR": "docker"}'),
        ("GET", "/_ministack/sqs/messages", {}, b""),
        ("GET", "/_aws/lambda-url/id/", {}, b""),
        ("POST", "/?Action=AssumeRoleWithWebIdentity&RoleArn=r&RoleSessionName=s&WebIdentityToken=t", {}, b""),
        ("GET", "/latest/meta-data/iam/security-credentials/", {}, b""),
        ("GET", "/_ministack/health", PAGE, b""),
        ("GET", "/_ministack/health", {"Host": "evil.example"}, b""),
    ],
)
def test_what_a_page_or_another_user_can_send_is_refused(call, method, target, headers, body):
    status, code = call(method, target, headers, body)
    assert status in (400, 403)
    assert code in REFUSED


@pytest.mark.parametrize("headers", [PAGE, {"Sec-Fetch-Site": "cross-site"}, {"X-Amz-Security-Token": "t"}])
def test_a_signature_does_not_help_a_page(call, emulator, key, headers):
    host = urlsplit(emulator.endpoint_url).netloc
    assert call("POST", "/", signed(host, key), b"{}") == (200, None)
    assert call("POST", "/", signed(host, key) | headers, b"{}")[0] in (400, 403)


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost"])
def test_a_signature_does_not_help_a_name_that_points_to_this_machine(call, emulator, key, name):
    host = f"{name}:{urlsplit(emulator.endpoint_url).port}"
    assert call("POST", "/", signed(host, key, Host=host), b"{}") == (403, "AccessDeniedException")


def test_the_reset_is_refused_even_with_a_signature(call, emulator, key):
    assert call("POST", "/_ministack/reset", signed(urlsplit(emulator.endpoint_url).netloc, key))[0] == 403


def test_a_refusal_is_one_line_of_the_log_without_a_key(call, emulator, key):
    before = len(emulator.log_path.read_text().splitlines())
    call("POST", "/2015-03-31/functions", {"Authorization": FORGED.format(key[0])}, FUNCTION)
    [line] = emulator.log_path.read_text().splitlines()[before:]
    assert "WARNING [gate] refused POST /2015-03-31/functions: " in line
    assert key[0] not in line


def test_keys_of_iam_and_sts_open_it_while_they_are_valid(emulator, client):
    iam = client("iam")
    iam.create_user(UserName="reader")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = stranger(emulator, "sts", made["AccessKeyId"], made["SecretAccessKey"])
    assert reader.get_caller_identity()["Arn"].endswith(":user/reader")

    iam.delete_access_key(UserName="reader", AccessKeyId=made["AccessKeyId"])
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        reader.get_caller_identity()

    session = client("sts").get_session_token()["Credentials"]
    given = (session["AccessKeyId"], session["SecretAccessKey"])
    assert stranger(emulator, "s3", *given, session["SessionToken"]).list_buckets()
    with pytest.raises(ClientError, match="InvalidToken"):
        stranger(emulator, "s3", *given).list_buckets()


def test_a_presigned_url_opens_one_object(emulator, key):
    s3 = boto3.Session(*key, region_name="us-east-1").client(
        "s3", endpoint_url=emulator.endpoint_url, config=Config(signature_version="s3v4")
    )
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a key", Body=b"content")
    url = s3.generate_presigned_url("get_object", {"Bucket": "presigned", "Key": "a key"})
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"content"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("a%20key", "another"), timeout=10)


@pytest.fixture(scope="module")
def function(client):
    """Make a function; return its ARN, its role's ARN, its environment variables, and who it is for STS."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("app.py", CODE)
    role = client("iam").create_role(RoleName="only", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = client("lambda").create_function(
        FunctionName="environment",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    return made["FunctionArn"], role, *json.load(client("lambda").invoke(FunctionName="environment")["Payload"])


def test_a_function_has_the_key_of_its_role_only(function, key):
    _, _, variables, identity = function
    assert identity.endswith(":assumed-role/only/environment")
    assert not [name for name, value in variables.items() if any(part in value for part in key)]


def test_nobody_can_compute_a_functions_key(emulator, function):
    arn, role, *_ = function
    # So MiniStack makes it, from names that follow from the template.
    digest = hashlib.sha256(f"{arn}:{role}".encode()).hexdigest()
    computed = stranger(
        emulator,
        "sts",
        f"ASIA{digest[:16].upper()}",
        hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
        hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
    )
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        computed.get_caller_identity()


@pytest.mark.usefixtures("stack")
def test_a_deployment_shows_the_key_to_nobody(emulator, sam, function, client, key):
    """It is in no log, no command line and no object; the emulator's own folder is closed."""
    _, _, variables, _ = function
    assert stat.S_IMODE(Path(variables["TMPDIR"]).stat().st_mode) == 0o700

    listed = subprocess.run(
        [shutil.which("ps"), "-axww", "-o", "args"], capture_output=True, check=True, timeout=10
    ).stdout
    s3 = client("s3")
    objects = [
        s3.get_object(Bucket=bucket["Name"], Key=each["Key"])["Body"].read()
        for bucket in s3.list_buckets()["Buckets"]
        for each in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
    ]
    assert objects
    logs = [emulator.log_path.read_bytes(), sam.log_path.read_bytes()]
    for part in key:
        assert not [text for text in (listed, *objects, *logs) if part.encode() in text]
