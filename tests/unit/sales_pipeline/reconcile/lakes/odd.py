"""What can be odd about a lake: each oddity is a function that makes one change to it, or none if it does not fit."""

import random

_ODDITIES = []


def odd(weight=1, variants=None):
    """Register a function of a lake, random numbers and, if there are variants, one of them."""

    def register(change):
        _ODDITIES.append((change, weight, variants and list(variants)))
        return change

    return register


def make_odd(lake, rng):
    """Make one change, by the weights of the oddities."""
    change, _, variants = rng.choices(_ODDITIES, [weight for _, weight, _ in _ODDITIES])[0]
    _make(lake, rng, change, variants and rng.choice(variants))


def make_next_odd(lake, rng, number):
    """Make the change that has this number: some 300 numbers in turn make each change, and each variant of it."""
    every = [(change, variant) for change, weight, variants in _ODDITIES for variant in variants or [None] * 2 * weight]
    random.Random(0).shuffle(every)
    _make(lake, rng, *every[number % len(every)])


def _make(lake, rng, change, variant):
    change(lake, rng, *([] if variant is None else [variant]))


def pick(lake, rng, pattern=None):
    """An object with lines, and the position of one of them that a pattern matches; None if there is none."""
    found = [
        (each, position)
        for each in lake.objects
        for position, line in enumerate(each.lines)
        if pattern is None or pattern.search(line)
    ]
    return rng.choice(found) if found else None


def add(lake, added):
    if all(each.key != added.key for each in lake.objects):
        lake.objects.append(added)
