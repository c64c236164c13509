"""Explains an error of AWS or of the network in one line that says what to do next."""

import re
from collections.abc import Collection, Mapping

from botocore.exceptions import ClientError

from common.answers import error_code, error_message, error_status

_CREDENTIALS_EXPIRED = "the credentials have expired: run `{login}`, or get new ones the way you got these"
_CREDENTIALS_UNKNOWN = "AWS does not accept these credentials: check {profile} and the time on this machine ({message})"
_DENIED = "no permission for {action} on {what}: ask for it, or choose other credentials with {profile}"
_THROTTLED = "AWS throttled {action} on {what} for too long: wait a minute, then run the same command again"
_UNREACHED = "cannot reach AWS: check the network, the region and the endpoint ({message})"
_UNREACHED_HERE = (
    "cannot reach AWS: nothing answers at this terminal's own endpoint, which is on this machine ({message}). Run "
    '`sales up` and then `eval "$(sales env)"` again, or open another terminal to use AWS'
)
_UNANSWERED = "{place} did not answer: check the network and the endpoint, then run the same command again"
# For what has no advice of its own.
_OWN_FAULT = (
    "AWS failed to do {action} on {what} ({name}, {place}): wait a minute, then run the same command again. "
    "If it lasts, look at the AWS Health Dashboard"
)
_NO_REASON = "AWS refused {action} on {what} without a reason ({name}, {place}): look {name} up in AWS' documentation"
_UNKNOWN = "{message} ({name}, {place}): fix what it names, then run the same command again"
_SERVER_ERROR = 500  # this HTTP status or a higher one is AWS' own fault

# The key is AWS' error code where AWS answered, and the exception's name where it did not.
ADVICE: Mapping[str, str] = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "AnswerError": "{message}",
    "ConnectTimeoutError": _UNREACHED,
    "ConnectionClosedError": _UNANSWERED,
    "EndpointConnectionError": _UNREACHED,
    "ExpiredToken": _CREDENTIALS_EXPIRED,
    "ExpiredTokenException": _CREDENTIALS_EXPIRED,
    "HTTPClientError": _UNANSWERED,
    "IncompleteSignatureException": _CREDENTIALS_UNKNOWN,
    "InvalidClientTokenId": _CREDENTIALS_UNKNOWN,
    "InvalidRegionError": "{message}: check {region}",
    "InvalidSignatureException": _CREDENTIALS_UNKNOWN,
    "MissingAuthenticationTokenException": _CREDENTIALS_UNKNOWN,
    "NoCredentialsError": "no AWS credentials: choose some with {profile}, or run `aws configure` or `{login}`",
    "NoRegionError": "no AWS region: choose one with {region}, or set one in the profile",
    "ProfileNotFound": "{message}: `aws configure list-profiles` lists those that exist",
    "ProvisionedThroughputExceededException": _THROTTLED,
    "ProxyConnectionError": _UNREACHED,
    "ReadTimeoutError": _UNANSWERED,
    "RequestExpired": _CREDENTIALS_EXPIRED,
    "RequestLimitExceeded": _THROTTLED,
    "ResourceNotFoundException": "{message}: deploy the stack again, or check {target}",
    "SSLError": _UNREACHED,
    "SSOTokenLoadError": _CREDENTIALS_EXPIRED,
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TokenRetrievalError": _CREDENTIALS_EXPIRED,
    "UnauthorizedSSOTokenError": _CREDENTIALS_EXPIRED,
    "UnrecognizedClientException": _CREDENTIALS_UNKNOWN,
    "ValueError": "{message}: check AWS_ENDPOINT_URL",
}
# After these, nothing works until a person gets other credentials. A signature that is not valid is not among them: it
# may come from a clock that is wrong for a moment.
_FOR_GOOD = {
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "NoCredentialsError", "SSOTokenLoadError"),
    *("TokenRetrievalError", "UnauthorizedSSOTokenError", "UnrecognizedClientException"),
}
_HERE = '"http://127.0.0.1:'
"""The beginning of the endpoint that `sales env` sets."""
_TARGETS = ("--table", "--stack-name", "--region")


def needs_other_credentials(error: Exception) -> bool:
    """Say whether every further call with these credentials fails too."""
    return error_code(error) in _FOR_GOOD


def explain(  # noqa: PLR0913 - one argument per thing that the line can name
    error: Exception,
    *,
    what: str,
    place: str,
    options: Collection[str],
    profile: str | None = None,
    advice: Mapping[str, str] = ADVICE,
) -> str:
    """Return one line about an error of boto3, or about an error whose class is a key of `advice`.

    `what` is the thing that the call was about, such as `table "order_table" in us-east-1`; `place` is its region and
    endpoint. `options` are the options of the command that failed, such as `--profile`; the line names no others.
    `profile` is the profile that was used.
    """
    name, message, action = error_code(error), error_message(error), ""
    if isinstance(error, ClientError):
        # AWS' message names the denied action, which can differ from the call: assuming a role, for example.
        named = re.search(r"perform: (\S+)", message)
        action = named[1] if named else error.operation_name
    text = advice.get(name) or _general(error, message)
    if text == _UNREACHED and _HERE in message:
        text = _UNREACHED_HERE
    text = text.format(
        name=name,
        message=message.removesuffix("."),
        action=action,
        what=what,
        place=place,
        login=f"aws sso login --profile {profile}" if profile else "aws sso login",
        profile="--profile" if "--profile" in options else "AWS_PROFILE",
        region="--region" if "--region" in options else "AWS_REGION",
        target=" and ".join(each for each in _TARGETS if each in options) or place,
    )
    return " ".join(text.split())


def _general(error: Exception, message: str) -> str:
    if (error_status(error) or 0) >= _SERVER_ERROR:
        return _OWN_FAULT
    return _UNKNOWN if message else _NO_REASON
