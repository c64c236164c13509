"""Says in Trino's words why DuckDB failed. Pure."""

import re
from collections.abc import Iterable

import duckdb

from local_aws.athena.errors import QueryFailedError

_REASONS: Iterable[tuple[str, str]] = (
    (r"""["'](\w+_\w+: .*?)["'](?: to [A-Z]|, expected| to DECIMAL|$)""", "{}"),  # a macro's own
    (r'Referenced column "([^"]+)" (?:was )?not found', "COLUMN_NOT_FOUND: Column '{}' cannot be resolved"),
    (r"(invalid (?:perl operator|escape sequence|character class).*)", "NOT_SUPPORTED: a regular expression: {}"),
    (r"Values list \"([^\"]+)\" does not have a column named", "COLUMN_NOT_FOUND: Column of '{}' cannot be resolved"),
)
_CODES: dict[type[duckdb.Error], str] = {
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.BinderException: "SYNTAX_ERROR",
    duckdb.ParserException: "SYNTAX_ERROR",
    duckdb.CatalogException: "FUNCTION_NOT_FOUND",
    duckdb.InvalidInputException: "INVALID_FUNCTION_ARGUMENT",
    duckdb.OutOfMemoryException: "EXCEEDED_MEMORY_LIMIT",
}


def failed(error: duckdb.Error) -> QueryFailedError:
    """Return the reason in one line, with an error code of Trino."""
    if isinstance(error, duckdb.InterruptException):
        return QueryFailedError("EXCEEDED_TIME_LIMIT: the query takes too long for this machine")
    message = str(error)
    for pattern, reason in _REASONS:
        if found := re.search(pattern, message):
            return QueryFailedError(reason.format(found[1]))
    text = " ".join(message.partition("\n\n")[0].partition(": ")[2].split())
    text = re.split(r"(?<=[.)!])\s(?=[A-Z])", text)[0]  # what follows is advice for DuckDB
    return QueryFailedError(f"{_CODES.get(type(error), 'GENERIC_USER_ERROR')}: {text}")
