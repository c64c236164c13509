"""Other columns, and OtherAttributes switched on and off, during the life of one lake: docs/updating.md."""

from moto import mock_aws

from tests.unit.sales_pipeline.reconcile.world import World, stop_time, verdict
from transform.column_types import INT32, INT64, JSON, STRING, Column

KEY, NAME, SIZE = Column("id", INT64), Column("name", STRING), Column("size", INT32, optional=True)
ORDERS = [
    {"id": {"N": "1"}, "name": {"S": "PC"}},
    {"id": {"N": "2"}, "name": {"S": "TV"}, "size": {"N": "55"}},
    {"id": {"N": "3"}, "name": {"S": "TV"}, "size": {"N": "55"}, "note": {"S": "call first"}},
]
# What is deployed one after the other. Then these orders are stale, and these have rows that differ in no column.
LIFE = [
    ("a column comes", (KEY, NAME, SIZE), "DROP", ["2", "3"], []),
    ("a number becomes JSON", (KEY, NAME, Column("size", JSON, optional=True)), "DROP", [], []),
    ("a column of text comes", (KEY, NAME, SIZE, Column("note", STRING, optional=True)), "DROP", ["3"], []),
    ("it becomes JSON", (KEY, NAME, SIZE, Column("note", JSON, optional=True)), "DROP", ["3"], []),
    ("it is renamed", (KEY, NAME, SIZE, Column("note", JSON, optional=True, name="remark")), "DROP", ["3"], ["3"]),
    ("all attributes are kept", (KEY, Column("name", STRING, optional=True), SIZE), "KEEP", ["3"], ["3"]),
    ("a column goes", (KEY, NAME), "KEEP", ["2", "3"], ["2", "3"]),
    ("the others are dropped", (KEY, NAME, SIZE), "DROP", ["2", "3"], ["2", "3"]),
]


def test_a_backfill_makes_a_lake_whole_again_after_each_change_of_its_columns(monkeypatch, capsys):
    stop_time(monkeypatch)
    with mock_aws():
        world = World("APPEND", "DROP", (KEY, NAME))
        world.put(*ORDERS)
        world.backfill()
        world.deliver()
        for what, columns, other_attributes, stale, duplicate in LIFE:
            world.deploy("APPEND", other_attributes, columns)
            report = verdict(world, capsys)
            assert (report["stale"]["samples"], report["duplicate"]["samples"]) == (stale, duplicate), what
            assert (report["missing"]["count"], report["unread"]["rows"]["count"]) == (0, 0), what
            world.backfill()
            world.deliver()
        assert verdict(world, capsys)["verdict"] == "accounted for"
