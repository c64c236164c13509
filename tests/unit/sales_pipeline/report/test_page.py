"""The page is well-formed, runs and loads nothing, and shows texts of others as texts."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from sales_pipeline.failures.records import Failure
from sales_pipeline.orders.form import RowForm
from sales_pipeline.reconcile.ledger import Found
from sales_pipeline.report.page import page
from sales_pipeline.report.queries import DAY_MS
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.report.lakes import NOW_MS, asked, lake, row, uuid7
from tests.unit.sales_pipeline.report.reports import EVIL, reconciliation, report

VOID = {"meta"}
HTML = {
    "html",
    "head",
    "title",
    "style",
    "body",
    "main",
    "header",
    "div",
    "figure",
    "details",
    "summary",
    "pre",
    "code",
}
HTML |= {"h1", "h2", "h3", "p", "strong", "span", "time", "bdi", "dl", "dt", "dd"}
HTML |= {"table", "thead", "tbody", "tr", "th", "td"}
SVG = {"svg", "g", "rect", "path", "text"}


class Parsed(HTMLParser):
    """The elements and the text of a page. Every element has to end where it may."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data

    def attributes(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def parsed(lake=None, question=None, **changes):
    return Parsed(page(report(lake, question, **changes)))


def test_texts_of_others_are_texts_in_elements_that_are_this_page_s_own():
    orders = [row(uuid7(NOW_MS - place * 1000, place), 100 + place, 1, text) for place, text in enumerate(EVIL)]
    orders += [row(text[:2000], 1000) for text in EVIL]
    failures = [Failure(reason=f"Code: {text}", changes=1) for text in EVIL]
    ids = Found(len(EVIL), EVIL)
    found = parsed(
        lake({NOW_MS: orders}), failures=failures, reconciliation=reconciliation(2, 1, missing=ids), stack_name=EVIL[0]
    )
    assert {name for name, _ in found.elements} <= HTML | SVG | VOID
    names = {attribute for _, attributes in found.elements for attribute in attributes}
    assert not {each for each in names if each.startswith("on")} | names & {"href", "src", "style", "xlink:href"}
    for text in (*EVIL[:5], *EVIL[6:8]):
        assert found.text.count(text) >= 3, text
    assert r"\u202eevil\u202c\u2028\x00\x1b[31m" in found.text
    assert '" "' in found.text
    assert not re.search("[\u202a-\u202e\u2028\x00\x1b]|x{300}", found.text)


def test_the_policy_allows_this_style_and_nothing_else():
    text = page(report())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [each["content"] for each in Parsed(text).attributes("meta") if "http-equiv" in each]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
    assert "url(" not in style
    assert "@import" not in style


def test_an_empty_lake_says_when_orders_may_come():
    found = parsed(None, why_not_compared="The table is large.")
    assert "The lake has no orders." in found.text
    assert "for up to 70 s" in found.text
    assert "Not compared with the table. The table is large." in found.text
    assert "No error record is in errors/." in found.text
    assert not found.attributes("svg")
    assert "since 2026-11-25 14:32 UTC" in parsed(None, asked(since_ms=NOW_MS)).text


def test_one_order_has_every_chart():
    found = parsed(lake({NOW_MS: [row(uuid7(NOW_MS - 2500))]}), reconciliation=reconciliation(1, 1))
    charts = [each["aria-label"] for each in found.attributes("svg") if "wide" in each["class"]]
    assert [each.partition(";")[0] for each in charts] == [
        "Bar chart: revenue by day, 7 bars",
        "Bar chart: units by day, 7 bars",
        "Bar chart: revenue by hour, 24 bars",
        "Bar chart: units by hour, 24 bars",
        "Bar chart: revenue of 1 product",
        "Bar chart: units of 1 product",
        "Bar chart: how long orders took. Half of them took up to 72 s, and 95 % up to 72 s.",
    ]
    assert all(each["role"] == "img" for each in found.attributes("svg"))
    assert "Equal: 1 orders in the table, 1 rows in the lake" in found.text


def test_orders_without_times_say_how_they_are_counted_and_have_no_delay():
    found = parsed(lake({NOW_MS: [row("A-1"), row("A-2")]})).text
    assert "These orders have ids without a time." in found
    assert "How long orders took is left out." in found
    found = parsed(lake({NOW_MS: [row("A-1"), row(uuid7(NOW_MS))]})).text
    assert "1 order has an id without a time." in found
    some = parsed(lake({NOW_MS: [row("A-1"), row("A-2"), row(uuid7(NOW_MS))]})).text
    assert "2 orders have ids without a time." in some
    assert "1 order without such times is left out." in found


def test_what_the_rows_have_no_column_for_is_left_out_in_words():
    columns = (FOUR[0], FOUR[2])
    found = parsed(lake({NOW_MS: [row("A-1", quantity=3)]}), asked(form=RowForm(columns=columns)))
    charts = [each["aria-label"].partition(",")[0] for each in found.attributes("svg") if "wide" in each["class"]]
    assert charts == ["Bar chart: units by day", "Bar chart: units by hour"]
    assert "no column product_name" in found.text
    assert "no columns quantity and price that are numbers" in found.text
    assert "Most expensive orders" not in found.text
    assert "quantity × price" not in found.text


def test_negative_and_huge_prices_have_bars():
    huge = b'{"orderid":"h","product_name":"h","quantity":2,"price":9999999999999999999.5}'
    found = parsed(lake({NOW_MS: [row("a", -50.25), huge], NOW_MS - DAY_MS: [row("b", -5)]}))
    assert "-50.25" in found.text
    assert "2e+19" in found.text
    for rect in found.attributes("rect"):
        assert float(rect.get("width", 0)) >= 0 <= float(rect.get("height", 0))


@pytest.mark.parametrize(
    ("found", "shows", "color"),
    [
        (reconciliation(3, 3), "Equal:", "good"),
        (reconciliation(3, 2, in_progress=Found(1, ("A-1",))), "in progress", "warn"),
        (reconciliation(3, 2, stale=Found(1, ("A-1",))), "Versions before the newest are not checked.", "bad"),
    ],
)
def test_the_verdict_is_that_of_reconcile_with_what_it_found(found, shows, color):
    shown = parsed(None, reconciliation=found)
    assert shows in shown.text
    verdict, *_ = [each["class"] for each in shown.attributes("div") if "verdict" in each.get("class", "")]
    assert verdict.endswith(color)


def test_refused_records_are_listed_by_reason_and_what_is_left_out_is_counted():
    reason = "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S"
    failures = [
        Failure(reason=reason, changes=5, oldest_ms=NOW_MS, newest_ms=NOW_MS),
        *(Failure(reason=f"Other: {number}", changes=1) for number in range(30)),
    ]
    text = parsed(None, failures=failures, older_error_objects=1).text
    assert "refused by the transform: $.dynamodb.NewImage.price: expected N, found S" in text
    assert "11-25 14:32" in text
    assert "11 more reasons had fewer records." in text
    assert "1 older error object was not read." in text


def test_the_page_says_what_athena_read():
    text = parsed(None, asked(since_ms=NOW_MS), scanned_bytes=12_345).text
    assert "Athena ran 2 queries and scanned 12.3 KB" in text
    assert "the days from Tue 24 Nov 2026 on" in text
    assert "WHERE dt >= '2026-11-24'" in text


def test_a_year_of_ten_thousand_products_stays_small():
    rows = [row(uuid7(NOW_MS - place * 3_000_000, place), place % 90, 1, f"Product {place}") for place in range(10_000)]
    assert len(page(report(lake({NOW_MS: rows})))) < 1_000_000
