"""The questions that `sales trace` asks Athena about one order. Pure: no AWS, environment or clock."""

from collections.abc import Collection
from datetime import date

from transform.column_types import STRING, Column
from transform.values import ENCODERS, RecordError

PATHS_MAX = 1_000
"""So many objects are named at most."""
VIEW = "sales_current"


def can_have(key: Column, order_id: str) -> bool:
    """Say whether a row can have this id. Athena fails for some that none has, and rounds others to those of orders."""
    try:
        ENCODERS[key.type](order_id)
    except RecordError:
        return False
    return True


def paths(table: str, key: Column, order_id: str, days: Collection[date]) -> str:
    """Return the query for the objects that have rows of the order, and how many each has."""
    return (
        f'SELECT "$path" AS path, count(*) AS found FROM {table} WHERE {_is(key, order_id)} AND {_in(days)} '  # noqa: S608 - `_is` quotes
        f'GROUP BY "$path" LIMIT {PATHS_MAX}'
    )


def rows(table: str, key: Column, order_id: str, days: Collection[date]) -> str:
    """Return the query for the number of rows of the order in these days."""
    return f"SELECT count(*) AS found FROM {table} WHERE {_is(key, order_id)} AND {_in(days)}"  # noqa: S608


def rows_of_view(view: str, key: Column, order_id: str) -> str:
    """Return the query for the number of rows that the view has of the order. It reads all days."""
    return f"SELECT count(*) AS found FROM {view} WHERE {_is(key, order_id)}"  # noqa: S608


def _is(key: Column, order_id: str) -> str:
    quoted = "'" + order_id.replace("'", "''") + "'"  # the only escape in a text of Trino's SQL
    value = quoted if key.type is STRING else f"CAST({quoted} AS {key.type.catalog_type})"
    return f'"{key.name}" = {value}'


def _in(days: Collection[date]) -> str:
    listed = ", ".join(f"'{day}'" for day in sorted(days))
    return f"dt IN ({listed})"
