"""Another column in a copy of the repository, and nothing else but `make columns`: which tests of the copy fail?"""

import re
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.copies import OPTIONAL_COLUMNS, add_columns, copy, run

FILES = [path.name for path in ROOT.iterdir() if path.is_file()]
FOLDERS = ["benchmarks", "docs", "events", "src", "tests"]
# The tests that see the declared columns, or what `make columns` writes. All others have columns of their own.
SEE_COLUMNS = [
    "tests/unit/benchmarks/test_benchmarks.py",
    "tests/unit/columns",
    "tests/unit/docs",
    "tests/unit/generator/test_app.py",
    "tests/unit/local_aws/athena/test_saved_queries.py",
    "tests/unit/local_aws/pipe/test_settings.py",
    "tests/unit/local_aws/test_deploy.py",
    "tests/unit/sales_pipeline/orders",
    "tests/unit/sales_pipeline/reconcile/test_declared_table.py",
    "tests/unit/table_check/test_rules.py",
    "tests/unit/template",
    "tests/unit/transform",
]


@pytest.fixture
def clone(tmp_path):
    copy(tmp_path, *FILES, *FOLDERS)
    return tmp_path


def run_tests(clone, *paths):
    """Run tests of a copy, but not these: each would make a copy of the copy."""
    these = Path(__file__).relative_to(ROOT)
    options = ["-q", "-p", "no:cacheprovider", "--show-capture=no", f"--ignore={these}"]
    return run(clone, sys.executable, "-m", "pytest", *options, *paths)


def test_optional_columns_of_every_type_need_nothing_but_make_columns(clone):
    add_columns(clone, *OPTIONAL_COLUMNS)
    code, printed = run(clone, "make", "columns")
    assert code == 0, printed
    code, printed = run_tests(clone, *SEE_COLUMNS)
    assert code == 0, printed


def test_a_required_column_names_what_to_change(clone):
    add_columns(clone, 'Column("discount", DECIMAL)')
    assert run(clone, "make", "columns")[0] == 0
    code, printed = run_tests(clone, "tests/unit/columns/test_samples.py")
    assert code == 1
    _, _, printed = printed.partition("START HERE")  # behind all else, which can be long
    assert "$.dynamodb.NewImage.discount: expected N, found nothing\n" in printed
    for name in ("to_item in src/generator/orders.py", "events/*.json", "tests/unit/events.py", "optional=True"):
        assert name in printed


def test_columns_without_make_columns_say_what_to_run(clone):
    add_columns(clone, *OPTIONAL_COLUMNS)
    code, printed = run_tests(clone, "tests/unit/columns/test_files.py", "-k", "test_the_files_follow_from_the_columns")
    assert code == 1
    assert "template.yaml and docs/contract.md do not fit src/transform/columns.py: run `make columns`" in printed


def test_every_test_that_names_the_declared_columns_runs_in_the_copy():
    names = re.compile(r"^from (transform\.columns|tests\.unit\.events) import", re.MULTILINE)
    for path in (ROOT / "tests/unit").rglob("test_*.py"):
        if names.search(path.read_text()):
            place = path.relative_to(ROOT).as_posix()
            assert any(place == each or place.startswith(f"{each}/") for each in SEE_COLUMNS), place
