"""A wait grows with the failures, and stays within its bounds for any number of them."""

from hypothesis import given
from hypothesis import strategies as st

from common.backoff import backoff_seconds

SECONDS = st.floats(1e-3, 1e3)


def test_it_doubles_up_to_the_longest():
    assert [backoff_seconds(failures, 0.5, 5.0) for failures in range(7)] == [0, 0.5, 1, 2, 4, 5, 5]


@given(st.integers(-(10**400), 10**400), SECONDS, SECONDS)
def test_it_stays_within_its_bounds_for_any_count(failures, first_seconds, longest_seconds):
    wait_seconds = backoff_seconds(failures, first_seconds, longest_seconds)
    assert wait_seconds == 0 if failures < 1 else min(first_seconds, longest_seconds) <= wait_seconds <= longest_seconds
