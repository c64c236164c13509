"""Readers read every source once, and end with the first error or when nobody takes their batches."""

import threading

import pytest

from sales_pipeline.aws import parallel


def test_readers_give_every_batch_of_every_source():
    found = list(parallel.batches(lambda number: [number] * number, range(50), 4))
    assert sorted(found) == [number for number in range(50) for _ in range(number)]


@pytest.mark.parametrize("in_sources", [True, False])
def test_the_error_of_a_reader_or_of_a_listing_ends_everything(in_sources):
    def listing():
        yield 1
        if in_sources:
            raise OSError("listing")
        yield 2

    def read(number):
        yield number
        if number == 2:
            raise OSError("reading")

    with pytest.raises(OSError, match="listing" if in_sources else "reading"):
        list(parallel.batches(read, listing(), 3))


def test_no_reader_stays_when_the_taker_stops():
    before = threading.active_count()
    taking = parallel.batches(lambda number: iter(lambda: number, None), range(4), 4)
    assert next(taking) in range(4)
    taking.close()
    assert threading.active_count() == before
