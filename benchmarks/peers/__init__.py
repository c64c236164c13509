"""Handlers that answer the same Firehose event with the same rows; ours is one of them.

All except the floor write the same log lines and metrics: one line per batch, and one per refused record.
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
    """Import the module of a peer, and return its handler."""
    handler: Handler = import_module(MODULES[peer]).handler
    return handler
