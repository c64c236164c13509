"""A crawl reads a few random objects of each folder, as the crawler's SampleSize says."""

from local_aws.crawler.crawl import sample_of_each_folder

DAYS = {
    "sales_data/dt=2026-11-21/": ["a", "b", "c", "d"],
    "sales_data/dt=2026-11-22/": ["a"],
    "sales_data/": ["stray"],
}
KEYS = [folder + name for folder, names in DAYS.items() for name in names]


def test_every_folder_gives_as_many_objects_as_the_sample_has_or_all_that_it_has():
    for size, of_each_day in ((1, (1, 1, 1)), (2, (2, 1, 1)), (10, (4, 1, 1))):
        sampled = sample_of_each_folder(KEYS, size)
        assert tuple(sum(key.rpartition("/")[0] + "/" == folder for key in sampled) for folder in DAYS) == of_each_day
        assert set(sampled) <= set(KEYS)
        assert sampled == sorted(set(sampled))


def test_every_object_has_its_turn():
    assert {key for _ in range(200) for key in sample_of_each_folder(KEYS, 1)} == set(KEYS)


def test_no_object_is_no_sample():
    assert sample_of_each_folder([], 10) == []
