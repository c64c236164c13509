"""Times several ways to do the same thing, in turns, so that a slow moment of the machine affects all of them."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any


def seconds(
    ways: Mapping[str, Callable[[], object]],
    goes_on: Callable[[int], bool],
    clock: Callable[[], float],
    warm_up_rounds: int = 1,
    prepare: Callable[[int], object] = lambda _number: None,
) -> dict[str, list[float]]:
    """Return how long each way took in each round, by a clock in seconds. Each round begins with another way.

    `goes_on` gets the number of rounds so far and returns whether another follows. Warm-up rounds are not counted, and
    neither are rounds in which the clock stood still: on a virtual machine, that of CPU time can.
    `prepare` gets the number of each round, warm-up rounds included, before the round. It is not timed.
    """
    names = list(ways)
    taken: dict[str, list[float]] = {name: [] for name in names}
    number = 0
    while number < warm_up_rounds or goes_on(len(taken[names[0]])):
        prepare(number)
        first = number % len(names)
        round_: dict[str, float] = {}
        for name in names[first:] + names[:first]:
            begun = clock()
            ways[name]()
            round_[name] = clock() - begun
        if number >= warm_up_rounds and all(round_.values()):
            for name, each in round_.items():
                taken[name].append(each)
        number += 1
    return taken


def summary(ways: Mapping[str, Callable[[], object]], orders: int, rounds: int, ours: str) -> dict[str, Any]:
    """Return medians for ways that each handle this many orders per round.

    `ratio` is how many times as fast `ours` is as each of the others: the median of the ratios of each round.
    """
    taken = seconds(ways, lambda number: number < rounds, time.perf_counter)
    return {
        "ratio": {
            name: median(theirs / own for theirs, own in zip(each, taken[ours], strict=True))
            for name, each in taken.items()
            if name != ours
        },
        "orders_per_second": {name: orders / median(each) for name, each in taken.items()},
        "rounds": rounds,
    }
