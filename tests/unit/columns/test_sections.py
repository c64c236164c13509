import re

import pytest

from columns.sections import SectionError, written

YAML = """\
Table:
  # make columns: begin key
  Key: old
  # make columns: end key
  Name: orders
View:
    # make columns: begin columns
    # make columns: end columns
Other:
  # make columns: begin key
  # make columns: end key
"""
SECTIONS = {"key": ["Key: new", "", "Type: S"], "columns": ["- a"]}


def test_only_the_lines_of_a_section_change_and_they_are_as_far_to_the_right_as_its_beginning():
    once = written(YAML, SECTIONS)
    assert (
        once
        == """\
Table:
  # make columns: begin key
  Key: new

  Type: S
  # make columns: end key
  Name: orders
View:
    # make columns: begin columns
    - a
    # make columns: end columns
Other:
  # make columns: begin key
  Key: new

  Type: S
  # make columns: end key
"""
    )
    assert written(once, SECTIONS) == once


def test_a_section_of_a_page_is_between_comments_of_html():
    page = "before\n<!-- make columns: begin key -->\nold\n<!-- make columns: end key -->\nafter\n"
    assert written(page, {"key": ["new"]}) == page.replace("old", "new")


def lacking(line):
    return re.sub(f" *# make columns: {line}\n", "", YAML)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the line 'make columns: begin key' is missing."),
        (lacking("end columns"), "line 9: 'make columns: begin key' does not belong here."),
        (lacking("begin columns"), "line 7: 'make columns: end columns' does not belong here."),
        (YAML.replace("end key", "end kye"), "line 4: 'make columns: end kye' does not belong here."),
        (YAML.replace("columns\n", "rows\n"), "line 7: 'make columns: begin rows' does not belong here."),
        (YAML[: YAML.rindex("  # make columns: end")], "the line 'make columns: end key' is missing."),
    ],
)
def test_a_line_that_is_missing_or_wrong_is_named(text, reason):
    with pytest.raises(SectionError) as error:
        written(text, SECTIONS)
    assert str(error.value) == f"{reason} Restore the lines with 'make columns:' from the last commit."
