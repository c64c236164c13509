"""What went wrong between here and AWS, in one line that says what to do next."""

import re

from botocore.exceptions import ClientError

_EXPIRED = "the credentials have expired: run `{login}`, or refresh them the way you got them"
_UNKNOWN = "AWS does not accept these credentials: check --profile and this machine's clock ({message})"
_DENIED = "not allowed to {action} on {what}: ask for that permission or choose another --profile"
_THROTTLED = "{what} throttled every attempt for too long: ask for fewer orders, or raise the table's capacity"
_UNREACHED = "cannot reach AWS: check the network, the region and the endpoint ({message})"
_UNANSWERED = "{place} did not answer: check the network and the endpoint, then look for what is in doubt"

# By AWS' error code where there was an answer, by the exception's name where there was none.
_ADVICE = {
    "ResourceNotFoundException": "{what} does not exist: deploy the stack, or check --table and --region",
    "ValidationException": (
        "{what} does not take orders: its key must be orderid (S) alone, but DynamoDB says: {message}"
    ),
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "SSOTokenLoadError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
    "UnauthorizedSSOTokenError": _EXPIRED,
    "IncompleteSignatureException": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "InvalidSignatureException": _UNKNOWN,
    "MissingAuthenticationTokenException": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "ProvisionedThroughputExceededException": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "ThrottledError": _THROTTLED,
    "ProfileNotFound": "{message}: see `aws configure list-profiles`",
    "NoCredentialsError": "no AWS credentials: name a --profile, or run `aws configure` or `{login}`",
    "NoRegionError": "no AWS region: name a --region, or set one in the profile",
    "ConnectTimeoutError": _UNREACHED,
    "EndpointConnectionError": _UNREACHED,
    "ProxyConnectionError": _UNREACHED,
    "SSLError": _UNREACHED,
    "ConnectionClosedError": _UNANSWERED,
    "HTTPClientError": _UNANSWERED,
    "ReadTimeoutError": _UNANSWERED,
    "InvalidRegionError": "{message}: check --region",
    "ValueError": "{message}: check AWS_ENDPOINT_URL",
    "DifferentItemError": "{what} holds something else under id {message}: change --seed or --start-time",
}


def explain(error: Exception, *, what: str, place: str, profile: str | None) -> str:
    """Return one line about an error of boto3 or `writer`.

    `what` was to be reached, `table "order_table" in us-east-1` for example; `place` is where it was asked for.
    """
    name, message, action = type(error).__name__, str(error), ""
    if isinstance(error, ClientError):
        name, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        # AWS' own words name the action even where the call was another, such as assuming a role.
        named = re.search(r"perform: (\S+)", message)
        action = named[1] if named else f"dynamodb:{error.operation_name}"
    text = _ADVICE.get(name, "{message} ({name}, {place})").format(
        name=name,
        message=message.removesuffix("."),
        action=action,
        what=what,
        place=place,
        login=f"aws sso login --profile {profile}" if profile else "aws sso login",
    )
    return " ".join(text.split())
