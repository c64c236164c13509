"""Lets MiniStack answer Athena's queries with this package, and deploy saved queries, which it refuses.

MiniStack keeps what it does well: workgroups, executions, results in S3, CREATE EXTERNAL TABLE and DROP TABLE.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Self

from ministack.services import athena, glue, s3  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local_aws.athena import engine
from local_aws.athena.errors import QueryFailedError
from local_aws.athena.tables import Json
from local_aws.athena.translate import CATALOG
from local_aws.athena.values import Kind


class _ColumnType(str):  # noqa: SLOT000 - a slot can have no type for mypy
    """A type's name that remembers its digits."""

    kind: Kind

    def __new__(cls, kind: Kind) -> Self:
        name = super().__new__(cls, kind.name)
        name.kind = kind
        return name


class _Rows(list[engine.Row]):
    """Rows that remember how many bytes were read for them. MiniStack takes their own length for that."""

    scanned_bytes = 0


class _Store:
    """MiniStack's catalog and S3, of the account and region of the request."""

    @staticmethod
    def databases() -> list[str]:
        return list(glue._databases)  # noqa: SLF001 - MiniStack has no other way in

    @staticmethod
    def tables(database: str) -> list[Json]:
        return [dict(entry) for key, entry in list(glue._tables.items()) if key.startswith(f"{database}/")]  # noqa: SLF001

    @staticmethod
    def partitions(database: str, table: str) -> list[Json]:
        return list(glue._partitions.get(f"{database}/{table}", ()))  # noqa: SLF001

    @staticmethod
    def objects(location: str) -> Iterator[tuple[str, bytes]]:
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        found = s3._buckets.get(bucket)  # noqa: SLF001
        for key in sorted(each for each in list(found["objects"] if found else ()) if each.startswith(prefix)):
            body = s3._get_object_data(bucket, key)  # noqa: SLF001
            if body is not None:  # else it was deleted meanwhile
                yield f"s3://{bucket}/{key}", body

    @staticmethod
    def put(database: str, entry: Json) -> None:
        there = f"{database}/{entry['Name']}" in glue._tables  # noqa: SLF001
        change = glue._update_table if there else glue._create_table  # noqa: SLF001
        change({"DatabaseName": database, "TableInput": entry})

    @staticmethod
    def delete(database: str, name: str) -> None:
        glue._delete_table({"DatabaseName": database, "Name": name})  # noqa: SLF001


async def _run(query: str, database: str, catalog: str | None = None) -> dict[str, Any]:
    """Run a query, as MiniStack's `_run_duckdb` does. The text of an error becomes the query's StateChangeReason."""
    if (catalog or CATALOG).lower() != CATALOG:
        raise QueryFailedError(f"CATALOG_NOT_FOUND: Catalog '{catalog}' does not exist")
    result = await asyncio.to_thread(engine.run, query, database, _Store())
    rows = _Rows(result.rows)
    rows.scanned_bytes = result.scanned_bytes
    return {
        "columns": result.columns,
        "column_types": [_ColumnType(kind) for kind in result.kinds],
        "rows": rows,
    }


async def _save(query_id: str) -> None:
    """Write a query's result to S3, where GetQueryExecution says it is. MiniStack writes it elsewhere.

    It also corrects how many bytes a query read. MiniStack itself made the rows of statements that are no query.
    A value is quoted, and NULL is empty (Amazon Athena User Guide, "Query output files"). Raises QueryFailedError.
    """
    execution = athena._executions[query_id]  # noqa: SLF001
    results = execution["_results"]
    if isinstance(results["rows"], _Rows):
        execution["Statistics"]["DataScannedInBytes"] = results["rows"].scanned_bytes
    lines = [",".join(map(_quoted, row)) + "\n" for row in (results["columns"], *results["rows"])]
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    body = "".join(lines).encode()
    headers = {"content-type": "text/csv", "content-length": str(len(body))}
    status, _, answer = s3._put_object(bucket, key, body, headers)  # noqa: SLF001
    if status != HTTPStatus.OK:
        raise QueryFailedError(f"An error occurred while writing to S3: {answer.decode(errors='replace')}")


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def _create_saved_query(_logical_id: str, properties: Json, _stack_name: str) -> tuple[str, Json]:
    _, _, body = athena._create_named_query(properties)  # noqa: SLF001
    query_id = str(json.loads(body)["NamedQueryId"])
    return query_id, {"NamedQueryId": query_id}


def _replace_saved_query(
    query_id: str, _old: Json, properties: Json, stack_name: str, logical_id: str = ""
) -> tuple[str, Json]:
    _delete_saved_query(query_id, properties)
    return _create_saved_query(logical_id, properties, stack_name)


def _delete_saved_query(query_id: str, _properties: Json) -> None:
    athena._delete_named_query({"NamedQueryId": query_id})  # noqa: SLF001


def install() -> None:
    """Put this package in the place of what MiniStack has, before the first request."""
    digits = athena._type_precision_scale  # noqa: SLF001

    def type_precision_scale(name: str) -> tuple[int, int]:
        found: tuple[int, int] = (
            (name.kind.precision, name.kind.scale) if isinstance(name, _ColumnType) else digits(name)
        )
        return found

    athena._type_precision_scale = type_precision_scale  # noqa: SLF001
    athena._run_duckdb = _run  # noqa: SLF001
    athena._save_query_results = _save  # noqa: SLF001
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {  # noqa: SLF001
        "create": _create_saved_query,
        "update": _replace_saved_query,
        "delete": _delete_saved_query,
    }
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it only half knows
