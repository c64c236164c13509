"""The report in Chromium: charts show, nothing runs, nothing is loaded, and it fits screens and paper."""

import pytest

from sales_pipeline.orders.form import RowForm
from sales_pipeline.report.queries import MINUTE_MS
from tests import chromium
from tests.e2e.report.sample import sales, sample
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.report.lakes import NOW_MS, asked, lake, row, uuid7
from tests.unit.sales_pipeline.report.reports import EVIL

PHONE, TABLET, DESKTOP = 360, 800, 1280
A4 = 718  # between margins of 1 cm
BARS = "[...document.querySelectorAll('svg.%s .rect')].map(each => each.getBoundingClientRect().height)"
LETTERS = (
    "[...document.querySelectorAll('svg.%s .axis text')].map(each => each.getScreenCTM().a *"
    " parseFloat(getComputedStyle(each).fontSize))"
)
"""The height of each letter on the screen, in pixels."""
WIDE_CHARTS, NARROW_CHARTS = "svg.chart.wide:visible", "svg.chart.narrow:visible"


@pytest.fixture(scope="module")
def browser():
    path = chromium.recorded()
    assert path is not None, "no Chromium or Chrome is installed: run `make setup`, which installs one"
    with chromium.launched(path) as running:
        yield running


@pytest.fixture
def open_page(browser, tmp_path):
    """Open a page from a file as a person does. At the end, nothing may have been loaded, logged or asked."""
    noticed, contexts = [], []

    def open_page(text, width=DESKTOP, scheme="light"):
        file = tmp_path / "report.html"
        file.write_text(text)
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme))
        opened = contexts[-1].new_page()
        opened.on("console", lambda message: noticed.append(message.text))
        opened.on("pageerror", lambda error: noticed.append(str(error)))
        opened.on("dialog", lambda dialog: (noticed.append(dialog.message), dialog.dismiss()))
        opened.on("request", lambda request: request.url == file.as_uri() or noticed.append(request.url))
        opened.goto(file.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert noticed == []


@pytest.fixture(scope="module")
def page_of_sales():
    return sample(sales())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, TABLET, PHONE])
def test_the_charts_fit_the_screen_in_light_and_dark(open_page, page_of_sales, width, scheme):
    page = open_page(page_of_sales, width, scheme)
    shown, hidden = ("wide", "narrow") if width == DESKTOP else ("narrow", "wide")
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    assert page.locator(f"svg.chart.{shown}:visible").count() == 7
    assert page.locator(f"svg.chart.{hidden}:visible").count() == 0
    letters = page.evaluate(LETTERS % shown)
    assert 10.5 < min(letters) <= max(letters) < 16.5
    heights = page.evaluate(BARS % shown)
    assert len(heights) == 2 * (17 + 168) + 2 * 12 + 15
    assert max(heights) > 100
    ground, text = page.evaluate(
        "['body', 'h1'].map((each, place) => getComputedStyle(document.querySelector(each))"
        "[place ? 'color' : 'backgroundColor'].match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0))"
    )
    dark, bright = sorted((ground, text))
    assert dark < 150
    assert bright > 600
    assert (ground == bright) == (scheme == "light")


def test_the_tables_and_dates_are_whole_on_every_screen(open_page, page_of_sales):
    page = open_page(page_of_sales)
    for width in (1041, 1040, TABLET, 721, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        hidden = page.evaluate(
            "[...document.querySelectorAll('.scroll')].map(each => each.scrollWidth - each.clientWidth)"
        )
        assert max(hidden) == 0, width
        dates = page.evaluate("[...document.querySelectorAll('time')].map(each => each.getClientRects().length)")
        assert dates == [1, 1, 1], width


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_labels_of_products_are_whole_however_wide_their_letters_are(open_page, width):
    names = ("W" * 40, "\U0001f600" * 40, "日本語" * 20, "LAPTOP 14-INCH, REFURBISHED", "Laptop")
    rows = [row(uuid7(NOW_MS, place), 1, 1, name) for place, name in enumerate(names)]
    page = open_page(sample(lake({NOW_MS: rows})), width)
    left = page.evaluate(
        "[...document.querySelectorAll('svg .axis.y text')].filter(each => each.getClientRects().length)"
        ".map(each => each.getBoundingClientRect().left - each.closest('svg').getBoundingClientRect().left)"
    )
    assert min(left) >= 0


def test_a_bar_shows_its_number_when_one_points_at_it(open_page, page_of_sales):
    page = open_page(page_of_sales)
    readout = page.locator(f"{WIDE_CHARTS} .bar .readout").nth(3)
    assert not readout.is_visible()
    page.locator(f"{WIDE_CHARTS} .bar .area").nth(3).hover(position={"x": 9, "y": 3})  # above the bar
    assert readout.is_visible()
    assert readout.text_content().startswith("Thu 12 Nov 2026: ")


def test_texts_of_others_stay_texts(open_page):
    rows = [row(uuid7(NOW_MS - place * 1000, place), 100 + place, 1, text) for place, text in enumerate(EVIL)]
    page = open_page(sample(lake({NOW_MS: [*rows, *(row(text[:2000], 1000) for text in EVIL)]}), stack_name=EVIL[0]))
    for text in (*EVIL[:5], *EVIL[6:8]):
        assert page.locator("td", has_text=text).count() >= 2, text
    assert page.locator("script, img, a, iframe, [style]").count() == 0
    assert page.title() == f"Sales report: {EVIL[0]}"
    assert page.evaluate("document.scrollingElement.scrollWidth") == DESKTOP


def test_a_script_that_got_into_the_page_would_not_run(browser, page_of_sales):
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.route("**/*", lambda route: route.fulfill(body=page_of_sales.replace("<h1>", "<script>ran = 1</script><h1>")))
    page.goto("http://report.invalid/")
    assert page.evaluate("typeof ran") == "undefined"
    assert "Content Security Policy" in refused[0]
    page.close()


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_order_and_one_order_look_right(open_page, width):
    assert open_page(sample(lake({})), width).locator("svg").count() == 0
    page = open_page(sample(lake({NOW_MS: [row(uuid7(NOW_MS - MINUTE_MS))]})), width)
    shown = page.locator("svg:visible")
    assert shown.count() == 7
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('.vertical .rect')].map(e => e.getBBox().width))")
    assert widest < 60
    assert page.evaluate("document.scrollingElement.scrollWidth") == width


@pytest.mark.parametrize("width", [DESKTOP, A4])
def test_paper_is_white_and_has_every_chart(open_page, page_of_sales, width):
    page = open_page(page_of_sales, width, scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(WIDE_CHARTS).count() == 0
    assert page.locator(NARROW_CHARTS).count() == 7
    assert min(page.evaluate(LETTERS % "narrow")) > 10.5
    assert page.locator("thead:visible").count() >= 2


def test_a_chart_alone_is_as_large_as_one_of_two(open_page):
    page = open_page(sample(lake({NOW_MS: [row("7")]}), question=asked(form=RowForm(columns=FOUR[:1]))))
    letters = page.evaluate(LETTERS % "wide")
    assert 10.5 < min(letters) <= max(letters) < 16.5
