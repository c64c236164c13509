"""Why a query fails, in Athena's words."""

from local_aws.errors import LocalAwsError


class QueryFailedError(LocalAwsError):
    """The query fails. The text becomes its `StateChangeReason`: an error code of Trino, a colon, and the reason."""


def not_supported(what: str) -> QueryFailedError:
    """Return the error for SQL that Athena may run, and this stand-in does not."""
    return QueryFailedError(f"NOT_SUPPORTED: {what} does not run on this machine (docs/local.md, Athena's SQL)")
