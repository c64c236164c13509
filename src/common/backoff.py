"""How long to wait before something that failed is tried again."""


def backoff_seconds(failures: int, first_seconds: float, longest_seconds: float) -> float:
    """Return how long to wait after so many failures in a row: not at all after none, then twice as long each time."""
    if failures == 0:
        return 0.0
    return min(longest_seconds, first_seconds * 2.0 ** min(failures - 1, 64))
