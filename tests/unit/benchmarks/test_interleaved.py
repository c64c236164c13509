"""Rounds begin with another way each time, and a clock that stood still does not count."""

from benchmarks.interleaved import seconds


def test_a_round_in_which_the_clock_stood_still_does_not_count():
    began = iter([0, 1, 1, 3, 3, 3, 3, 4, 4, 5, 5, 8])
    called = []
    ways = {"a": lambda: called.append("a"), "b": lambda: called.append("b")}
    taken = seconds(ways, lambda rounds: rounds < 2, lambda: next(began), warm_up_rounds=0)
    assert taken == {"a": [1, 1], "b": [2, 3]}
    assert called == ["a", "b", "b", "a", "a", "b"]
