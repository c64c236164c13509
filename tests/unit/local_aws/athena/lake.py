"""A catalog and a lake in memory."""

import gzip
import json
from datetime import UTC, datetime, timedelta

from local_aws.athena import engine
from local_aws.athena.errors import QueryFailedError
from tests.unit.template.parsed import TEMPLATE, resolve

DECLARED, CRAWLED = "declareddatabase", "sales_data_projection_db"
TABLE = TEMPLATE["Resources"]["DeclaredTable"]["Properties"]["TableInput"]
"""The declared table with its own columns."""
_TYPES = {"orderid": "string", "product_name": "string", "quantity": "int", "price": "decimal(28,9)"}
_STORAGE = TABLE["StorageDescriptor"]
_COLUMNS = [{"Name": name, "Type": kind} for name, kind in _TYPES.items()]
FOUR_COLUMNS = TABLE | {
    "StorageDescriptor": _STORAGE | {"Columns": _COLUMNS + [each for each in _STORAGE["Columns"] if "Fn::If" in each]}
}
"""The same with four columns, and those that parameters ask for."""
TODAY = datetime.now(UTC).date()


def day(ago=0):
    return str(TODAY - timedelta(ago))


class Lake:
    """The two databases of the template, with the declared table over s3://Bucket/sales_data/."""

    def __init__(self, table=FOUR_COLUMNS, **parameters):
        declared = resolve(table, **parameters)
        self.entries = {DECLARED: {"orders": json.loads(json.dumps(declared).replace("${!dt}", "${dt}"))}, CRAWLED: {}}
        self.registered = {}
        self.stored = {}

    def add(self, path, *lines, folder="s3://Bucket/sales_data/"):
        body = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        self.stored[folder + path] = gzip.compress(body) if path.endswith(".gz") else body

    def ask(self, sql, database=DECLARED):
        return engine.run(sql, database, self)

    def databases(self):
        return list(self.entries)

    def tables(self, database):
        return list(self.entries[database].values())

    def partitions(self, database, table):
        return self.registered.get((database, table), [])

    def objects(self, location):
        return ((uri, body) for uri, body in sorted(self.stored.items()) if uri.startswith(location))

    def put(self, database, entry):
        self.entries[database][entry["Name"]] = entry

    def delete(self, database, name):
        del self.entries[database][name]


def refusal(sql):
    """Return the reason for which a query of a new lake fails."""
    try:
        answer = Lake().ask(sql)
    except QueryFailedError as error:
        return str(error)
    return f"no reason: it gives {answer.rows}"
