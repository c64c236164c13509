"""Imports lead downwards: what a room may take from which is said here, and nowhere else."""

import ast

import pytest

from tests import ROOT

SOURCE = ROOT / "src"
# From the ground up: a module may import from its own package and from those named beside it, all listed before it.
# Of two packages that fit a module, the one with the longer name counts.
ALLOWED = {
    "common": (),
    "transform": (),
    "columns": ("transform",),
    "custom_resource": (),
    "bucket_cleanup": ("custom_resource",),
    "table_check": ("custom_resource",),
    "install": (),
    "generator": ("common",),
    "sales_pipeline.errors": (),
    "sales_pipeline.defaults": (),
    "sales_pipeline.terminal": ("common", "sales_pipeline.errors"),
    "sales_pipeline.aws": ("common", "transform", "sales_pipeline.errors"),
    "local_aws": ("common", "sales_pipeline.aws"),
    "sales_pipeline.orders": ("common", "sales_pipeline.aws", "transform"),
    "sales_pipeline.query": ("common", "sales_pipeline.aws", "sales_pipeline.errors", "sales_pipeline.terminal"),
    "sales_pipeline.crawl": ("sales_pipeline.aws", "sales_pipeline.errors"),
    "sales_pipeline.env": ("sales_pipeline.aws",),
    "sales_pipeline.generate": ("common", "generator", "transform", "sales_pipeline.aws", "sales_pipeline.errors"),
    "sales_pipeline.plan": ("sales_pipeline.errors", "sales_pipeline.terminal"),
    "sales_pipeline.failures": (
        *("common", "transform"),
        *(f"sales_pipeline.{name}" for name in ("aws", "orders", "terminal", "errors", "defaults")),
    ),
    "sales_pipeline.status": (
        "common",
        *(f"sales_pipeline.{name}" for name in ("aws", "errors", "terminal", "orders", "failures")),
    ),
    "sales_pipeline.watch": (
        *("common", "transform"),
        *(f"sales_pipeline.{name}" for name in ("aws", "terminal", "orders", "plan", "status")),
    ),
    "sales_pipeline.reconcile": (
        *("common", "transform"),
        *(f"sales_pipeline.{name}" for name in ("aws", "orders", "terminal", "errors", "defaults", "failures")),
    ),
    "sales_pipeline.report": (
        *("common", "transform"),
        *(f"sales_pipeline.{name}" for name in ("aws", "orders", "terminal", "errors", "defaults", "query")),
        *(f"sales_pipeline.{name}" for name in ("failures", "reconcile", "plan")),
    ),
    "sales_pipeline.trace": (
        *("common", "transform", "sales_pipeline.query"),
        *(f"sales_pipeline.{name}" for name in ("aws", "orders", "terminal", "errors", "defaults")),
        *(f"sales_pipeline.{name}" for name in ("failures", "reconcile")),
    ),
    "sales_pipeline.local": (
        *("common", "generator", "transform", "local_aws", "sales_pipeline.watch"),
        *(
            f"sales_pipeline.{name}"
            for name in (
                "aws",
                "errors",
                "terminal",
                "crawl",
                "generate",
                "query",
                "orders",
                "failures",
                "reconcile",
                "report",
                "status",
                "watch",
            )
        ),
    ),
    "sales_pipeline.cli": (
        *("common", "sales_pipeline.aws", "sales_pipeline.errors", "sales_pipeline.defaults", "sales_pipeline.plan"),
        *(
            f"sales_pipeline.{name}"
            for name in (
                "query",
                "crawl",
                "env",
                "generate",
                "status",
                "watch",
                "failures",
                "reconcile",
                "report",
                "trace",
                "local",
            )
        ),
    ),
    "sales_pipeline.__main__": ("common", "sales_pipeline.cli"),
    "verify_aws": (
        *("common", "generator", "transform"),
        *(f"sales_pipeline.{name}" for name in ("aws", "errors", "defaults", "terminal", "orders", "plan")),
        *(f"sales_pipeline.{name}" for name in ("query", "crawl", "status", "failures", "reconcile")),
    ),
}
SHIPPED = ("transform", "generator.app", "generator.orders", "custom_resource", "bucket_cleanup", "table_check")
OWN = {path.name for path in SOURCE.iterdir() if path.is_dir()}


def modules():
    for path in sorted(SOURCE.rglob("*.py")):
        yield ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"), path


def imported(path):
    """Name every module of this repository that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the whole name of {node.module}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.split(".")[0] in OWN)


def is_in(name, package):
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize(
    ("module", "path"), sorted(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_imports_lead_downwards(module, path):
    packages = [package for package in ALLOWED if is_in(module, package)]
    assert packages or module == "sales_pipeline", f"{module} has no place in ALLOWED"
    if not packages:
        return
    package = max(packages, key=len)
    wrong = [
        name for name in imported(path) if not any(is_in(name, allowed) for allowed in (package, *ALLOWED[package]))
    ]
    assert not wrong


def test_the_packages_are_listed_from_the_ground_up():
    below = set()
    for package, allowed in ALLOWED.items():
        assert set(allowed) <= below, package
        below.add(package)


@pytest.mark.parametrize(
    ("module", "path"), sorted(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_ships_in_a_function_imports_nothing_else_of_this_repository(module, path):
    if any(is_in(module, shipped) for shipped in SHIPPED):
        assert [name for name in imported(path) if not any(is_in(name, shipped) for shipped in SHIPPED)] == []


# What a module may write only here, and why.
ONLY_IN = {
    "rich.console": {"common.console"},  # text of others on it is made visible
    # A function ships alone, and names foreign answers itself.
    "boto3.client": {"custom_resource.stack", "bucket_cleanup.empty", "table_check.app", "generator.app"},
}


def attributes_and_imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize("name", ONLY_IN)
def test_what_guards_against_text_and_answers_of_others_is_not_passed_by(name):
    users = {module for module, path in modules() if name in attributes_and_imports(path)}
    assert users == ONLY_IN[name]


def test_no_member_of_an_error_of_aws_is_taken_for_granted():
    """`common.answers` reads the code, the message and the status: a foreign answer can lack each of them."""
    wrong = [
        f"{path}:{node.lineno}"
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("error.response")
    ]
    assert wrong == []
