"""Computes how long to wait before a failed call is tried again."""


def backoff_seconds(failures: int, first_seconds: float, longest_seconds: float) -> float:
    """Return the wait after `failures` failures in a row: 0 after none, `first_seconds` after one, then twice as long.

    It never exceeds `longest_seconds`.
    """
    if failures < 1:
        return 0.0
    return min(longest_seconds, first_seconds * 2.0 ** min(failures - 1, 64))
