"""What the tables show of a lake: a small model of how Athena reads objects, and the view's own SQL on DuckDB.

Shares no code with the product. Sources:
- which objects: Athena User Guide, "Table location in Amazon S3" (all data in the folder, so sub-folders too) and "Use
  partition projection" (a day outside of the range is not read); Trino, HiveFileIterator (hidden names and folders);
- archived objects: Athena User Guide, "Query restored Amazon S3 Glacier objects" (the table does not ask for them);
- how an object is decompressed: Trino, CompressionKind.forFile (by the text behind the last dot of its name);
- where lines end: Trino, TextLineReader (at a line feed, a carriage return or both);
- how the SerDe reads a line: Trino, JsonDeserializer, and Apache Hive, JsonSerDe (keys in lower case, `_col3` for the
  fourth column, no blank line).
Where they leave a row to chance, such as a key that is there twice, docs/contract.md decides: such a line is no row.
"""

import gzip
import re
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

import duckdb

from tests.unit.sales_pipeline.reconcile.lakes.lake import DATA, NOW
from tests.unit.sales_pipeline.reconcile.lakes.services import declared_table
from tests.unit.sales_pipeline.reconcile.lakes.values import (
    CHANGE_COLUMNS,
    OTHERS,
    is_text,
    of_json_text,
    parse,
    require,
    unique,
)
from tests.unit.template.parsed import TEMPLATE, chosen, resolve

OTHER_CODECS = {"bz2", "snappy", "zst", "lz4", "deflate", "lzo", "lzo_deflate"}
GZIP = b"\x1f\x8b"
ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass
class Shown:
    """What Athena reads. Rows are values by column, with `dt` and `$path`."""

    rows: list[dict] = field(default_factory=list)
    broken_lines: list[str] = field(default_factory=list)
    """Lines that are no rows, as `key:number`."""
    broken_objects: list[str] = field(default_factory=list)
    """Keys of objects whose content can't be decompressed as their name says."""
    not_shown: list[str] = field(default_factory=list)
    """Keys of objects that no query reads, but for empty ones."""


def read(lake):
    """Read a lake as the declared table shows it."""
    shown = Shown()
    days = _projected(date.fromisoformat(lake.first_day))
    for each in sorted(lake.objects, key=lambda each: each.key.encode()):
        body = each.body()
        folder, _, path = each.key.removeprefix(DATA).partition("/")
        day = folder.removeprefix("dt=")
        if not body or not each.key.startswith(DATA):
            continue
        if not folder.startswith("dt=") or day not in days or _is_hidden(path) or each.storage_class in ARCHIVED:
            shown.not_shown.append(each.key)
            continue
        try:
            text = _decompressed(path, body)
        except (OSError, EOFError, zlib.error):
            shown.broken_objects.append(each.key)
            continue
        for number, line in enumerate(_lines(text), 1):
            try:
                row = _row(line, lake)
            except (ValueError, ArithmeticError):
                shown.broken_lines.append(f"{each.key}:{number}")
            else:
                shown.rows.append({**row, "dt": day, "$path": f"s3://bucket/{each.key}"})
    return shown


@cache
def _projected(first_day):
    return {str(first_day + timedelta(days)) for days in range((NOW.date() - first_day).days + 1)}


def _is_hidden(path):
    # Athena advises against folders without a name, and does not say whether it reads them. Trino skips Hadoop's marks.
    return path.endswith("_$folder$") or any(part[:1] in {"", "_", "."} for part in path.split("/"))


def _decompressed(path, body):
    name = path.rpartition("/")[2]
    codec = name.rpartition(".")[2] if "." in name else ""
    if codec in OTHER_CODECS:
        raise OSError("reconcile cannot read it, so it may not call the lake equal")
    if codec == "gz":
        return gzip.decompress(body)
    if body.startswith(GZIP):
        raise OSError("Athena reads the compressed bytes as text")
    return body


def _lines(text):
    lines = re.split(rb"\r\n|\n|\r", text)
    return lines[:-1] if not lines[-1] else lines


def _row(line, lake):
    row = parse(line.decode())
    require(isinstance(row, dict) and not any(re.fullmatch("_col[0-9]+", name) for name in row))
    row = unique([(name.lower(), value) for name, value in row.items()])
    change = [row.get(name) for name in CHANGE_COLUMNS]
    if any(value is not None for value in change):
        event_id, event_name, event_time, sequence_number = change
        require(_is_filled(event_id) and event_name in {"INSERT", "MODIFY", "REMOVE"})
        require(event_time is None or (_is_filled(event_time) and _is_time(event_time)))
        require(_is_filled(sequence_number) and re.fullmatch("[0-9]{1,40}", sequence_number))
    require(row.get(lake.schema.key.name) not in {None, ""})
    shown = {column.name: column.of_row(row.get(column.name)) for column in lake.schema.columns}
    if lake.keeps and row.get(OTHERS) is not None:
        require(is_text(row[OTHERS]) and isinstance(parse(row[OTHERS]), dict))
        shown[OTHERS] = of_json_text(row[OTHERS])
    if row.get("event_name") == "REMOVE":
        require(all(shown.get(name) is None for name in lake.schema.names(keep=lake.keeps)))
    return {name: row[name] for name in CHANGE_COLUMNS if name in row} | shown


def _is_filled(value):
    return value and is_text(value)


def _is_time(text):
    datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - raises an error for another form
    return len(text) == len("2026-11-22T11:26:00.000Z")


@dataclass
class Answer:
    """What SQL says of a lake's rows, by order. A version is a tuple of values; None stands for a deletion."""

    newest: dict[str, set]
    """The versions that the view may pick: more than one where the rows do not tell which is newer."""
    picked: dict[str, tuple]
    """What the view picked this time."""
    numbered: set[str]
    """Orders with a row that has a sequence number."""
    duplicate: set[str]


NUMBERED = "SELECT DISTINCT {key} FROM DeclaredDatabase.orders WHERE sequence_number IS NOT NULL"
DUPLICATE = """
    SELECT DISTINCT one.{key} FROM DeclaredDatabase.orders AS one JOIN DeclaredDatabase.orders AS other
    ON one.number <> other.number WHERE {same}
"""
# Whether a row names an event of the table's stream, and not one that a backfill made up.
OF_THE_STREAM = "coalesce({0}.event_id NOT ILIKE 'backfill-%', false)"
# Two rows name one event, by its id or by its number among the changes of an order. Or they hold one version, and one
# of the two names no event of the table's stream.
SAME = {
    "APPEND": f"""
        one.event_id = other.event_id
        OR one.{{key}} = other.{{key}} AND CASE
            WHEN {OF_THE_STREAM.format("one")} AND {OF_THE_STREAM.format("other")}
            THEN one.sequence_number = other.sequence_number
            ELSE {{same_values}}
            AND (coalesce(one.event_name, '') = 'REMOVE') = (coalesce(other.event_name, '') = 'REMOVE')
        END
    """,
    "NONE": "one.{key} = other.{key} AND {same_values}",
}


class Tables:
    """The declared table and the view over it, with the columns of a schema, in the form of a stack's parameters."""

    def __init__(self, schema, change_columns, other_attributes):
        self._form = change_columns
        self._key = f'"{schema.key.name}"'
        names = schema.names(keep=other_attributes == "KEEP")
        self._values = ", ".join(f'"{name}"' for name in names)
        same_values = " AND ".join(f'one."{name}" IS NOT DISTINCT FROM other."{name}"' for name in names)
        self._duplicate = DUPLICATE.format(key=self._key, same=SAME[change_columns]).format(
            key=self._key, same_values=same_values
        )
        columns = declared_table(schema, change_columns, other_attributes)["StorageDescriptor"]["Columns"]
        self._names = [column["Name"] for column in columns] + ["dt", "$path"]
        types = {column["Name"]: column["Type"].replace("string", "VARCHAR") for column in columns}
        declared = ", ".join(f'"{name}" {types.get(name, "VARCHAR")}' for name in self._names)
        view = _view(schema, ChangeColumns=change_columns, OtherAttributes=other_attributes)
        self._candidates = _with_ties(view, self._key, self._values)
        self._database = duckdb.connect()
        self._database.execute("SET threads = 1")
        self._database.execute("CREATE SCHEMA DeclaredDatabase")
        self._database.execute(f"CREATE TABLE DeclaredDatabase.orders ({declared}, number INT)")
        self._database.execute(view)

    def ask(self, rows):
        """Ask the tables over these rows."""
        values = [
            value for number, row in enumerate(rows) for value in (*(row.get(name) for name in self._names), number)
        ]
        self._database.execute("BEGIN")
        try:
            if rows:
                places = ", ".join("?" * (len(self._names) + 1))
                inserted = ", ".join([f"({places})"] * len(rows))
                self._database.execute(f"INSERT INTO DeclaredDatabase.orders VALUES {inserted}", values)  # noqa: S608
            return self._answer()
        finally:
            self._database.execute("ROLLBACK")

    def _answer(self):
        newest = {}
        for orderid, *version, is_shown in self._fetch(self._candidates):
            newest.setdefault(str(orderid), set()).add(tuple(version) if is_shown else None)
        picked = self._fetch(f"SELECT {self._key}, {self._values} FROM DeclaredDatabase.sales_current")  # noqa: S608
        numbered = self._fetch(NUMBERED.format(key=self._key)) if self._form == "APPEND" else []
        duplicate = self._fetch(self._duplicate)
        return Answer(
            newest,
            {str(orderid): tuple(version) for orderid, *version in picked},
            {str(orderid) for (orderid,) in numbered},
            {str(orderid) for (orderid,) in duplicate},
        )

    def _fetch(self, query):
        return self._database.execute(query).fetchall()


def _view(schema, **parameters):
    """The view's SQL of the template, with the columns of a schema in the place of the template's."""
    query = TEMPLATE["Resources"]["CreateSalesCurrentViewQuery"]["Properties"]["QueryString"]
    text, names = chosen(query, **parameters)["Fn::Sub"]
    quoted = {column.name: f'"{column.name}"' for column in schema.columns}
    own = {
        "Key": quoted[schema.key.name],
        "Columns": ", ".join(quoted.values()),
        "IsOrder": " OR ".join(
            f"{quoted[column.name]} IS NOT NULL" for column in schema.columns[1:] if not column.optional
        ),
    }
    return resolve({"Fn::Sub": [text, names | {name: own[name] for name in names.keys() & own}]}, **parameters)


def _with_ties(view, key, values):
    """The view's query with every row that it may pick, and whether it shows the row, which it does not if deleted."""
    parts = re.fullmatch(
        r"CREATE OR REPLACE VIEW \S+ AS\s+SELECT .*?\s+FROM \((.*)\)\s+(?:--[^\n]*\s+)*WHERE \"\$newest\" = 1 AND (.*)",
        view.strip(),
        re.DOTALL,
    )
    assert parts, "the view has another form: correct this function"
    assert parts[1].count("row_number()") == 1
    with_ties = parts[1].replace("row_number()", "rank()")
    return f'SELECT {key}, {values}, {parts[2]} FROM ({with_ties}) WHERE "$newest" = 1'  # noqa: S608
