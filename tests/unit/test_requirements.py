"""The lists of packages: what is declared is used, and all lists agree."""

import ast
import sys
import tomllib

from tests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTS = [*ROOT.glob("requirements-*.txt"), *ROOT.glob("src/*/requirements.txt")]


def pins(path):
    return {line for line in path.read_text().splitlines() if line and not line.startswith("#")}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_sales_depends_on_the_packages_that_its_commands_on_aws_import_and_on_no_others():
    source = ROOT / "src"
    modules = [
        path
        for package in ("common", "generator", "sales_pipeline", "transform")
        for path in (source / package).rglob("*.py")
        if path != source / "transform" / "app.py" and source / "sales_pipeline" / "local" not in path.parents
    ]
    ours = sys.stdlib_module_names | {path.name for path in source.iterdir()}
    packages = {name.split(".")[0] for path in modules for name in imported(path)} - ours
    packages = {name for name in packages if not name.startswith("mypy_boto3_")}  # types alone
    declared = {requirement.split(">")[0].lower() for requirement in PROJECT["dependencies"]}
    assert packages - {"botocore"} == declared  # boto3 brings botocore


def test_all_lists_pin_the_same_versions():
    versions = {line.split(" ;")[0] for line in pins(ROOT / "requirements-dev.txt")}
    for path in (ROOT / "requirements-demo.txt", *ROOT.glob("src/*/requirements.txt")):
        assert {line.split(" ;")[0] for line in pins(path)} <= versions, path


def test_a_list_says_neither_where_packages_come_from_nor_what_they_hash_to():
    assert len(LISTS) >= 6
    for path in LISTS:
        assert all("==" in line and "--" not in line and "@" not in line for line in pins(path)), path
