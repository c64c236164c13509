"""What runs in the fresh processes of `benchmarks.fresh`. Next to nothing is imported: that would be measured too."""

import json
import os
from collections.abc import Callable

BARE = "bare"
"""Stands for a peer where the runtime parses the event and no more."""


def answer_with(measure: Callable[[], object]) -> None:
    """Measure, and write the result to standard output as JSON.

    What the handlers print, their log and metrics, they still print, but to nowhere.
    """
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        json.dump(measure(), answer)
