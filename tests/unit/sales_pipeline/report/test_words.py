import pytest

from sales_pipeline.report import words


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (words.amount, 1234.5, "1,234.50"),
        (words.amount, -0.005, "-0.01"),
        (words.amount, 2e28, "2e+28"),
        (words.short_amount, 914_780.95, "914,780.95"),
        (words.short_amount, 1_234_567.89, "1,234,568"),
        (words.short_amount, 12_345_678_901.0, "12.35bn"),
        (words.quantity, 1234.0, "1,234"),
        (words.quantity, 1.5, "1.50"),
        (words.quantity, 1e20, "1e+20"),
        (words.compact, 0.0, "0"),
        (words.compact, 250.0, "250"),
        (words.compact, 0.25, "0.25"),
        (words.compact, -2500.0, "-2.5k"),
        (words.compact, 12e6, "12M"),
        (words.compact, 3e9, "3bn"),
        (words.compact, 2e19, "2e+19"),
        (words.of_row, "349.000000000", "349.00"),
        (words.of_row, "1234567.125000000", "1,234,567.125"),
        (words.of_row, "-3", "-3"),
        (words.of_row, "9999999999999999999.999999999", "9,999,999,999,999,999,999.999999999"),
        (words.of_row, None, ""),
        (words.span, 12_000, "12 s"),
        (words.span, -500, "-0.5 s"),
        (words.span, 90_000, "90 s"),
        (words.span, 150_000, "2.5 min"),
        (words.span, 3 * 86_400_000, "3 days"),
    ],
)
def test_numbers_are_written_for_people(write, value, text):
    assert write(value) == text
