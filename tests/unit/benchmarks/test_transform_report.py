"""RESULTS.md, its targets and its plots quote the worst of the shapes."""

import pytest

from benchmarks import transform_report
from benchmarks.batches import MOCK, REMOVALS
from benchmarks.inside import HANDLER, INVOCATION
from benchmarks.peers import BLUEPRINT, FLOOR, NAMES, OURS, POWERTOOLS
from benchmarks.transform_report import FRESH


def cases(factor=1.0):
    """Make removals the worst shape, but for the floor: for that it is mock orders."""
    return [
        {
            "shape": shape,
            "records": records,
            "way": way,
            "ratio": {POWERTOOLS: powertools * factor, BLUEPRINT: 5.5, FLOOR: floor},
            "microseconds_per_record": {OURS: 2, POWERTOOLS: 2 * powertools * factor, BLUEPRINT: 11, FLOOR: 1.8},
            "rounds": 15,
        }
        for shape, powertools, floor in ((MOCK, 9, 0.8), (REMOVALS, 8, 0.9))
        for records in (500, 4000)
        for way in (HANDLER, INVOCATION, FRESH)
    ]


@pytest.fixture
def measured():
    return [
        {"python": "Python 3.11.7, built without optimizations", "cases": cases(), "without_target": []},
        {"python": "Python 3.13.0", "cases": cases(0.9), "without_target": cases()},
    ]


def test_a_target_is_about_the_worst_of_the_shapes_on_each_python(measured):
    found = {target["what"]: (target["measured"], target["reached"]) for target in transform_report.targets(measured)}
    what = "{}: handler, 500 records, the worst of the shapes ({}): times as fast as {}"
    assert len(found) == 10
    assert found[what.format("Python 3.11.7", REMOVALS, NAMES[POWERTOOLS])] == (8, True)
    assert found[what.format("Python 3.13.0", REMOVALS, NAMES[POWERTOOLS])] == (pytest.approx(7.2), False)
    assert found[what.format("Python 3.13.0", MOCK, NAMES[FLOOR])] == (0.8, True)


def test_one_sentence_holds_for_all_shapes_and_pythons(measured):
    sentence = transform_report.headline(measured)
    assert "the worst of 2 shapes of orders, in batches of 500: 7.2 times as fast as Powertools" in sentence
    assert "0.80 times as fast as the floor" in sentence


def test_a_bar_is_the_lowest_ratio_and_the_lines_are_those_of_the_worst_shape(measured):
    by_shape, by_size = transform_report.ratios(measured)
    assert by_shape["x"] == [MOCK, REMOVALS]
    assert by_shape["series"][NAMES[POWERTOOLS]] == pytest.approx([8.1, 7.2])
    assert by_size["x"] == ["500", "4,000"]
    assert by_size["series"][NAMES[POWERTOOLS]] == pytest.approx([7.2, 7.2])
    growth = transform_report.growth(measured)
    assert growth["label"] == f"Transform, {REMOVALS}, Python 3.13.0: µs of CPU per record"
    assert growth["series"][NAMES[POWERTOOLS]] == pytest.approx([14.4, 14.4])


def test_the_worst_ratios_come_first_and_what_has_no_target_last(measured):
    text = transform_report.to_markdown({"records": 20_000, "measured": measured})
    worst, first, second = (text.index(each) for each in ("### The worst", "### Python 3.11.7", "### Python 3.13.0"))
    assert worst < first < second < text.index("without a target")
    assert f"| Python 3.13.0: handler | 500 | **7.20** {REMOVALS} | **5.50** {MOCK} | **0.80** {MOCK} |" in text
