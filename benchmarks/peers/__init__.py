"""Handlers that answer the same Firehose event with the same rows; ours is one of them.

All except the floor write the same log lines and metrics: one line per batch, and one per refused record.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec
from typing import Any

OURS, POWERTOOLS, BLUEPRINT, FLOOR = "ours", "powertools", "blueprint", "floor"
MODULES = {
    OURS: "transform.app",
    POWERTOOLS: "benchmarks.peers.powertools",
    BLUEPRINT: "benchmarks.peers.blueprint",
    FLOOR: "benchmarks.peers.floor",
}
NAMES = {
    OURS: "ours",
    POWERTOOLS: "Powertools' data classes",
    BLUEPRINT: "AWS' blueprint",
    FLOOR: "the floor",
}
_COLUMNS = ("orderid", "product_name", "quantity", "price")

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler_of(peer: str) -> Handler:
    """Import the module of a peer, and return its handler. All peers make rows with the columns of mock orders."""
    module: Any = import_module(MODULES[peer])
    if peer == OURS and len(module.COLUMNS) > len(_COLUMNS):
        module = _with_fewer_columns(module)
    handler: Handler = module.handler
    return handler


def _with_fewer_columns(ours: Any) -> Any:  # noqa: ANN401 - a module
    """Return a copy of our module without the columns that transform/columns.py declares beside those of the peers."""
    copy: Any = module_from_spec(ours.__spec__)
    ours.__spec__.loader.exec_module(copy)
    copy.COLUMNS = [column for column in ours.COLUMNS if column.attribute in _COLUMNS]
    parameters = {name: getattr(ours._writer, f"_{name}") for name in ("change_columns", "other_attributes")}  # noqa: SLF001
    copy._writer = copy.RowWriter(copy.COLUMNS, **parameters)  # noqa: SLF001
    return copy
