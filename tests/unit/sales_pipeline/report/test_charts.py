"""Round numbers on the axes, and labels that have room."""

import pytest

from sales_pipeline.report.charts import NARROW, WIDE, Bar, Chart, draw, ticks


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([], [0, 1]),
        ([0], [0, 1]),
        ([1], [0, 1]),
        ([3, 7], [0, 2, 4, 6, 8]),
        ([9.5], [0, 2.5, 5, 7.5, 10]),
        ([0.3], [0, 0.1, 0.2, 0.3]),
        ([-50, 100], [-50, 0, 50, 100]),
        ([-1.5], [-1.5, -1, -0.5, 0]),
        ([2e28], [0, 5e27, 1e28, 1.5e28, 2e28]),
    ],
)
def test_an_axis_has_a_few_round_numbers_around_all_values(values, numbers):
    assert ticks(values) == pytest.approx(numbers)


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("label", ["{}", "{} Nov", "08:00:{}", "{} letters that fill a line"])
def test_labels_below_a_chart_have_room(size, label):
    bars = [Bar(label.format(place), place / 2 + 100, "") for place in range(60)]
    drawn = draw(Chart("", bars, "units", "time", str), size)
    texts = [each.text or "" for each in drawn.iter("text")]
    shown = [text for text in texts if text.rstrip("…") and any(bar.label.startswith(text.rstrip("…")) for bar in bars)]
    assert 1 <= len(shown) < 25
    assert sum(map(len, shown)) <= size.row_letters + len(shown[-1])


def test_every_product_has_its_label():
    bars = [Bar(f"Product {place}", place, f"Product {place}: {place}") for place in range(12)]
    chart = Chart("", bars, "units", "product", lambda value: f"{value:g}", horizontal=True)
    drawn = draw(chart, WIDE)
    texts = [each.text for each in drawn.iter("text")]
    assert all(texts.count(bar.label) == 1 for bar in bars)
    assert [each for each in texts if each and ": " in each] == [bar.readout for bar in reversed(bars)]
