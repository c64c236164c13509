"""Whatever a person's pip and uv are set up to do, packages go where the Makefiles want them."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import install
from tests import ROOT

PIP_CONFIG = """
[global]
no-index = true
find-links = {wheels}
prefix = {elsewhere}
require-hashes = true
quiet = 1
[install]
user = true
"""


@pytest.fixture
def personal(tmp_path):
    """Settings of a person: where the one package is, which is needed, and much else, which would break an install."""
    wheels, elsewhere = tmp_path / "wheels", tmp_path / "elsewhere"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "def main(): pass")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.dist-info/entry_points.txt", "[console_scripts]\ntiny = tiny:main\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    config = tmp_path / "pip.conf"
    config.write_text(PIP_CONFIG.format(wheels=wheels, elsewhere=elsewhere))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    yield inherited | {
        "CONDA_PREFIX": str(elsewhere),
        "PIP_CONFIG_FILE": str(config),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_TARGET": str(elsewhere),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON": "3.9",
        "UV_REQUIRE_HASHES": "1",
        "UV_SYSTEM_PYTHON": "1",
        "VIRTUAL_ENV": str(elsewhere),
    }
    assert not elsewhere.exists()


@pytest.mark.parametrize("lambda_python", ["host", "3.13"])
def test_a_function_is_built_whatever_a_person_s_pip_is_set_up_to_do(tmp_path, personal, capfd, lambda_python):
    source, artifacts = tmp_path / "src", tmp_path / "artifacts"
    (source / "generator").mkdir(parents=True)
    for name in ("Makefile", "install.py", "generator/__init__.py", "generator/app.py", "generator/orders.py"):
        (source / name).write_text((ROOT / "src" / name).read_text())
    (source / "generator/requirements.txt").write_text("tiny==1\n")
    settings = {"ARTIFACTS_DIR": str(artifacts), "LAMBDA_PYTHON": lambda_python, "PYTHON": sys.executable}
    subprocess.run(
        ["make", "--directory", source, "build-GeneratorFunction"],  # noqa: S607
        env=personal | settings | {"MAKEFLAGS": ""},
        check=True,
        timeout=60,
    )
    assert (artifacts / "tiny.py").is_file()
    assert "uv failed" not in capfd.readouterr().err


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_virtual_environment_is_filled_whatever_a_person_s_pip_is_set_up_to_do(tmp_path, personal, capfd, installer):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, ROOT / "src" / "install.py", installer, "--quiet", "--no-deps", "tiny==1"],
        env=personal | {"PYTHONPATH": sysconfig.get_path("purelib")},  # that is where pip and uv are
        check=True,
        timeout=60,
    )
    subprocess.run([python, "-c", "import tiny"], check=True)
    assert "uv failed" not in capfd.readouterr().err


def test_what_was_installed_once_needs_no_registry(tmp_path, personal, capfd):
    page = tmp_path / "packages" / "tiny"
    page.mkdir(parents=True)
    (tmp_path / "wheels" / "tiny-1-py3-none-any.whl").rename(page / "tiny-1-py3-none-any.whl")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)

    def install_to(target, registry):
        settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": registry}
        command = [sys.executable, ROOT / "src" / "install.py", "uv", "--target", target, "tiny==1"]
        subprocess.run(command, env=personal | settings, check=True, timeout=60)
        assert (target / "tiny.py").is_file()

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        registry = f"http://127.0.0.1:{server.server_port}/packages/"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            install_to(tmp_path / "first", registry)
        finally:
            server.shutdown()
            thread.join()
    install_to(tmp_path / "second", registry)
    assert "uv failed" not in capfd.readouterr().err


def test_pip_installs_where_uv_fails(tmp_path, personal, capfd):
    # uv knows no such option.
    target = tmp_path / "target"
    command = [
        sys.executable,
        ROOT / "src" / "install.py",
        "uv",
        "--progress-bar",
        "off",
        "--target",
        target,
        "tiny==1",
    ]
    subprocess.run(command, env=personal, check=True, timeout=60)
    assert (target / "tiny.py").is_file()
    assert "uv failed. pip installs instead, which takes longer.\n" in capfd.readouterr().err


def test_the_settings_that_lead_to_a_registry_are_kept_and_the_nearest_one_counts():
    listing = """\
:env:.index-url='https://environment.example/simple'
global.extra-index-url='\\nhttps://one.example/simple\\nhttps://two.example/simple'
global.index-url='https://file.example/simple'
global.target='/elsewhere'
install.trusted-host='environment.example'
install.user='true'
"""
    settings = install.registry_settings(listing)
    assert settings == {
        "extra-index-url": "\nhttps://one.example/simple\nhttps://two.example/simple",
        "index-url": "https://environment.example/simple",
        "trusted-host": "environment.example",
    }
    inherited = {"PATH": "/bin", "PIP_USER": "1", "PIP_INDEX_URL": "", "UV_CACHE_DIR": "/cache", "UV_PYTHON": "3.9"}
    environment = install.environment(inherited, settings)
    assert environment["PIP_INDEX_URL"] == environment["UV_DEFAULT_INDEX"] == "https://environment.example/simple"
    assert environment["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert environment["PATH"] == "/bin"
    assert environment["UV_CACHE_DIR"] == "/cache"
    assert not {"PIP_USER", "PIP_TARGET", "UV_PYTHON"} & environment.keys()
