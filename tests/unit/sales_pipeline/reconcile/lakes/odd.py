"""What can be odd about a lake: each oddity is a function that makes one change to it, or none if it does not fit."""

import random
import re
from typing import NamedTuple

from tests.unit.sales_pipeline.reconcile.lakes.schema import SCHEMAS


class Oddity(NamedTuple):
    """A change to a lake."""

    change: object
    weight: int
    variants: list | None
    schemas: tuple[str, ...]


_ODDITIES = []


def odd(weight=1, variants=None, of=tuple(SCHEMAS)):
    """Register a function of a lake, random numbers and, if there are variants, one of them; `of` names schemas."""

    def register(change):
        _ODDITIES.append(Oddity(change, weight, variants and list(variants), of))
        return change

    return register


def make_odd(lake, rng):
    """Make one change, by the weights of the oddities."""
    fitting = [each for each in _ODDITIES if lake.schema.name in each.schemas]
    chosen = rng.choices(fitting, [each.weight for each in fitting])[0]
    _make(lake, rng, chosen.change, chosen.variants and rng.choice(chosen.variants))


def make_next_odd(lake, rng, number):
    """Make the change that has this number: numbers in turn make each change, and each variant of it.

    There are some 300 numbers for the columns of FOUR, and some 100 for those that only another schema has.
    """
    name = lake.schema.name
    every = [
        (each.change, variant)
        for each in _ODDITIES
        if name in each.schemas and (name == "four" or len(each.schemas) == 1)
        for variant in each.variants or [None] * 2 * each.weight
    ]
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


def replace(lake, rng, pattern, new):
    """Replace in one line, and return the line's beginning, which names the order."""
    if not (picked := pick(lake, rng, re.compile(pattern))):
        return None
    each, position = picked
    text = each.lines[position]
    each.lines[position] = re.sub(pattern, new, text, count=1)
    return start_of(text)


def start_of(line):
    """What a line begins with: it names the order."""
    return line.partition(b",")[0]


def add(lake, added):
    if all(each.key != added.key for each in lake.objects):
        lake.objects.append(added)
