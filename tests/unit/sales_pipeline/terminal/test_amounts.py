"""Amounts carry a unit that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.terminal.amounts import counted, duration, size


@pytest.mark.parametrize(("count", "says"), [(0, "0 orders"), (1, "1 order"), (1.4, "1 order"), (1200, "1,200 orders")])
def test_a_count_is_one_thing_or_several(count, says):
    assert counted(count, "order") == says


@given(st.floats(0, 1e9))
def test_a_duration_never_says_more_than_it_was(seconds):
    units = {"s": 1, "min": 60, "h": 3600, "days": 86400}
    number, unit = duration(seconds).split()
    assert int(number) * units[unit] <= seconds + 0.5
    assert seconds - int(number) * units[unit] <= units[unit]


@pytest.mark.parametrize(("size_bytes", "says"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2.5e12, "2.5 TB")])
def test_a_size_is_in_the_unit_that_fits(size_bytes, says):
    assert size(size_bytes) == says
