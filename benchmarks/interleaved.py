"""Times ways to do the same, taking turns: what slows the machine down for a while slows all of them."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any


def seconds(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return how long each way took in each round. A first round isn't kept, and each begins with another way."""
    names = list(ways)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            begun = time.perf_counter()
            ways[name]()
            ended = time.perf_counter()
            if number:
                taken[name].append(ended - begun)
    return taken


def summary(ways: Mapping[str, Callable[[], object]], orders: int, rounds: int, ours: str) -> dict[str, Any]:
    """Return medians for ways that each handle so many orders.

    `ratio` is how many times as fast as each of the others `ours` is, paired round by round.
    """
    taken = seconds(ways, rounds)
    return {
        "ratio": {
            name: median(theirs / own for theirs, own in zip(each, taken[ours], strict=True))
            for name, each in taken.items()
            if name != ours
        },
        "orders_a_second": {name: orders / median(each) for name, each in taken.items()},
        "rounds": rounds,
    }
