"""Handlers of the same Firehose event that answer with the same rows, ours among them.

All but the floor write the same log lines and metrics: one line a batch, and one more for each record that fails.
"""

from collections.abc import Callable
from importlib import import_module
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

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler_of(peer: str) -> Handler:
    """Return the handler of a peer; its modules are imported now, and no sooner."""
    handler: Handler = import_module(MODULES[peer]).handler
    return handler
