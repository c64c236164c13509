"""The programs that `benchmarks.fresh` runs. They import as little as possible, because imports are measured too."""

import json
import os
from collections.abc import Callable

BARE = "bare"
"""Name of the measurement without a handler: the runtime only parses the event."""
HANDLER, INVOCATION = "handler", "invocation"
"""What is timed: only the handler, or also the JSON of the runtime client around it."""


def answer_with(measure: Callable[[], object]) -> None:
    """Measure, and write the result to standard output as JSON.

    The handlers' own output, their log and metrics, goes to /dev/null.
    """
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        json.dump(measure(), answer)
