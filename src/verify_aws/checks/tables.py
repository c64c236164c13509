"""The tables in Athena."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from sales_pipeline import crawl, query
from sales_pipeline.aws.bucket import Bucket
from sales_pipeline.plan.capacity import CRAWL_SAMPLE
from sales_pipeline.query import QueryError
from sales_pipeline.terminal.table import DataTable
from verify_aws import orders
from verify_aws.pipeline import NotShownError, Pipeline

CRAWLED = {"orderid": "string", "product_name": "string", "quantity": "int", "price": "double"}
VIEW = "Create the view sales_current"
VIEW_SECONDS = 120.0


@contextmanager
def _objects(pipeline: Pipeline, day: str, bodies: Mapping[str, bytes]) -> Iterator[None]:
    """Write objects into the folder of a day on which Firehose wrote none; delete them at the end."""
    bucket, folder = Bucket.of(pipeline.stack), f"sales_data/dt={day}/"
    try:
        for name, body in bodies.items():
            bucket.write(folder + name, body)
        yield
    finally:
        for name in bodies:
            bucket.delete(folder + name)


def _row(name: str, price: str = "1.5") -> bytes:
    return f'{{"orderid":"{name}","product_name":"x","quantity":1,"price":{price}}}\n'.encode()


def _of_day(pipeline: Pipeline, day: str, table: str = "DeclaredTable", column: str = "price") -> dict[str, Any]:
    sql = f"SELECT orderid, {column} FROM {pipeline.stack[table]} WHERE dt = '{day}'"  # noqa: S608 - our own names
    return dict(query.ask(pipeline.stack, sql).rows)


def declared_shows_rows(pipeline: Pipeline) -> str:
    table = pipeline.stack["DeclaredTable"]
    sql = f"SELECT orderid FROM {table} WHERE orderid LIKE '{pipeline.prefix}%'"  # noqa: S608 - our own names
    before = sorted(row["orderid"] for row in pipeline.rows())
    shown = sorted(row[0] for row in query.ask(pipeline.stack, sql).rows)
    after = sorted(row["orderid"] for row in pipeline.rows())
    if shown not in (before, after):
        raise NotShownError(f"S3 has {len(before)} rows, and the table {len(shown)}")
    with _objects(pipeline, "2026-01-02", {"by-hand.json": _row("by-hand")}):
        found = _of_day(pipeline, "2026-01-02")
    if set(found) != {"by-hand"}:
        raise NotShownError(f"on a new day it shows {sorted(found)}")
    return f"{len(shown)} rows, and those of a new day"


def declared_is_exact(pipeline: Pipeline) -> str:
    table = pipeline.stack["DeclaredTable"]
    sql = f"SELECT orderid, price FROM {table} WHERE orderid LIKE '{pipeline.prefix}exact-%'"  # noqa: S608
    found = dict(query.ask(pipeline.stack, sql).rows)
    for name, price in orders.EXACT.items():
        shown = found.get(f"{pipeline.prefix}{name}")
        if not isinstance(shown, Decimal) or shown != Decimal(price):
            raise NotShownError(f"{price} is {shown!r}")
    return ", ".join(orders.EXACT.values())


def hidden_names(pipeline: Pipeline) -> str:
    names = {"plain.json", "below/plain.json", "_hidden.json", ".hidden.json", "_below/hidden.json", "/slashes.json"}
    with _objects(pipeline, "2026-01-03", {name: _row(name) for name in names}):
        found = set(_of_day(pipeline, "2026-01-03"))
    # Nobody documents what happens behind two slashes, so nothing relies on it.
    if found - {"/slashes.json"} != {"plain.json", "below/plain.json"}:
        raise NotShownError(f"it shows {sorted(found)}")
    return f"it shows {', '.join(sorted(found))}, of {', '.join(sorted(names))}"


def gzip_by_name(pipeline: Pipeline) -> str:
    with _objects(pipeline, "2026-01-04", {"named.json.gz": gzip.compress(_row("named"))}):
        found = set(_of_day(pipeline, "2026-01-04"))
    if found != {"named"}:
        raise NotShownError(f"of an object .json.gz it shows {sorted(found)}")
    seen = []
    cases = {"unnamed.json": gzip.compress(_row("unnamed")), "wrong.json.gz": _row("wrong")}
    for day, (name, body) in zip(("2026-01-05", "2026-01-06"), cases.items(), strict=True):
        with _objects(pipeline, day, {name: body}):
            try:
                shown = set(_of_day(pipeline, day))
            except QueryError as error:
                seen.append(f"{name}: {error}")
                continue
        if shown & {"unnamed", "wrong"}:
            raise NotShownError(f"{name} is read by its content")
        seen.append(f"{name}: {len(shown)} rows")
    return "; ".join(seen)


def too_large_number(pipeline: Pipeline) -> str:
    with _objects(pipeline, "2026-01-07", {"large.json": _row("large", "1E+30")}):
        try:
            found = _of_day(pipeline, "2026-01-07")
        except QueryError as error:
            return f"the query fails: {error}"
    if found != {"large": None}:
        raise NotShownError(f"it shows {found}")
    return "NULL"


def text_of_scalars(pipeline: Pipeline) -> str:
    scalars = {"whole": "7", "negative": "-100", "decimal": "7.50", "exponent": "1E+2", "boolean": "true"}
    body = b"".join(_row(name).replace(b'"x"', value.encode()) for name, value in scalars.items())
    with _objects(pipeline, "2026-01-09", {"scalars.json": body}):
        found = _of_day(pipeline, "2026-01-09", column="product_name")
    if found != scalars:
        raise NotShownError(f"it shows {found}")
    return ", ".join(scalars.values())


def crawled(pipeline: Pipeline) -> str:
    before = _table(pipeline, "DeclaredTable")
    said = crawl.run(pipeline.stack, pipeline.place.crawl)
    columns = {each["Name"]: each["Type"] for each in _table(pipeline, "CrawledTable")["StorageDescriptor"]["Columns"]}
    if CRAWLED.items() - columns.items():
        raise NotShownError(said)
    after = _table(pipeline, "DeclaredTable")
    changed = [name for name in ("StorageDescriptor", "Parameters", "PartitionKeys") if before[name] != after[name]]
    if changed:
        raise NotShownError(f"the crawler has changed {', '.join(changed)} of the declared table")
    return said


def _table(pipeline: Pipeline, output: str) -> dict[str, Any]:
    database, _, name = pipeline.stack[output].partition(".")
    table: dict[str, Any] = pipeline.client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    return table


def sample_size(pipeline: Pipeline) -> str:
    (target,) = pipeline.client("glue").get_crawler(Name=pipeline.stack["CrawlerName"])["Crawler"]["Targets"][
        "S3Targets"
    ]
    if target.get("SampleSize") != CRAWL_SAMPLE:
        raise NotShownError(f"the crawler's target is {target}")
    return f"SampleSize {target['SampleSize']}"


def new_day_waits(pipeline: Pipeline) -> str:
    with _objects(pipeline, "2026-01-08", {"by-hand.json": _row("by-hand")}):
        found = _of_day(pipeline, "2026-01-08", "CrawledTable")
    if found:
        raise NotShownError(f"it shows {sorted(found)}")
    return "no row before the next crawl"


def view(pipeline: Pipeline) -> str:
    saved = _saved(pipeline)
    if VIEW not in saved:
        raise NotShownError(f"the workgroup has the saved queries {', '.join(saved)}")
    query.ask(pipeline.stack, saved[VIEW])
    database = pipeline.stack["DeclaredTable"].partition(".")[0]
    sql = f"SELECT orderid, price FROM {database}.sales_current WHERE orderid LIKE '{pipeline.prefix}%'"  # noqa: S608

    def look() -> str:
        found = dict(query.ask(pipeline.stack, sql).rows)
        if f"{pipeline.prefix}{orders.DELETED}" in found:
            raise NotShownError("it shows an order that was deleted")
        newest = found.get(f"{pipeline.prefix}changed")
        if newest is None or Decimal(str(newest)) != Decimal(orders.CHANGED[-1]):
            raise NotShownError(f"of prices {', '.join(orders.CHANGED)} it shows {newest}")
        return f"{len(found)} orders, of the changed one the price {newest}"

    return pipeline.wait(look, VIEW_SECONDS)


def saved_queries(pipeline: Pipeline) -> str:
    """Run each. This run's ids sort behind all others, and its product is its own, so their answers are known."""
    saved = _saved(pipeline)
    if len(saved) <= 1:
        raise NotShownError("the workgroup has no saved queries")
    seen = []
    for name, sql in sorted(saved.items(), key=lambda each: each[0] != VIEW):
        answer = query.ask(pipeline.stack, sql)
        wrong = _wrong(pipeline, name, answer)
        if wrong:
            raise NotShownError(f"{name}: {wrong}")
        seen.append(f"{name} ({len(answer.rows)} rows)")
    return ", ".join(seen)


def _wrong(pipeline: Pipeline, name: str, answer: DataTable) -> str:
    """Return what is wrong with the answer of a saved query; nothing for one that is not known here."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    many = sorted((f"{pipeline.prefix}{each}" for each in orders.MANY), reverse=True)
    in_view = [row for row in pipeline.rows() if row["orderid"].removeprefix(pipeline.prefix) in orders.MANY]
    if name == "Latest orders over 100" and [row["orderid"] for row in rows] != many[:10]:
        return f"it shows {[row['orderid'] for row in rows]}"
    if name == "Latest orders" and [row["orderid"] for row in rows] != many:
        return f"it shows {[row['orderid'] for row in rows]}"
    if name == "Revenue and units by product":
        ours = next((row for row in rows if row["product_name"] == pipeline.product), None)
        revenue = sum(map(Decimal, (*orders.EXACT.values(), *orders.MANY.values(), orders.CHANGED[-1])))
        if not ours or Decimal(str(ours["revenue"])) != revenue:
            return f"the revenue of {pipeline.product} is {ours and ours['revenue']}, not {revenue}"
    if (
        name == "Orders with the highest revenue"
        and rows[:1]
        and f"{pipeline.prefix}exact-2" not in json.dumps(rows[0], default=str)
    ):
        return f"the first is {rows[0]['orderid']}"
    if name in {"Revenue and units by day", "Orders per hour"} and sum(row["orders"] for row in rows) < len(in_view):
        return f"it counts {sum(row['orders'] for row in rows)} orders"
    return ""


def _saved(pipeline: Pipeline) -> dict[str, str]:
    """Return the SQL of the stack's saved queries by their names."""
    athena, group = pipeline.client("athena"), pipeline.stack["WorkGroupName"]
    pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=group)
    ids = [each for page in pages for each in page.get("NamedQueryIds", [])]
    queries = [athena.get_named_query(NamedQueryId=each)["NamedQuery"] for each in ids]
    return {each["Name"]: each["QueryString"] for each in queries}
