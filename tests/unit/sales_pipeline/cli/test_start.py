"""`sales` starts fast, and needs on AWS nothing of what runs the pipeline on this machine."""

import json
import os
import signal
import subprocess
import sys

import pytest

SECONDS = 60
ON_AWS = {
    "status": [],
    "watch": [],
    "reconcile": [],
    "failures": [],
    "replay": [],
    "backfill": [],
    "crawl": [],
    "query": ["SELECT 1"],
}
HEAVY = {"samcli", "ministack", "faker", "pydantic", "moto"}
RUN = """
import json, sys
from sales_pipeline.cli.app import app
try:
    app(json.loads(sys.argv[1]))
except SystemExit as ended:
    code = ended.code
print()
print(json.dumps([code, sorted(sys.modules)]))
"""


def run(*arguments, script=RUN, **settings):
    """Run a command; return its exit code, its modules and what it said of an error."""
    environment = os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"} | settings
    ended = subprocess.run(
        [sys.executable, "-c", script, json.dumps(arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    code, modules = json.loads(ended.stdout.splitlines()[-1])
    return code, set(modules), ended.stderr


def test_the_help_needs_no_aws_either():
    code, modules, _ = run("--help")
    assert code == 0
    assert modules & {*HEAVY, "boto3", "botocore", "pyathena"} == set()


@pytest.mark.parametrize("command", ON_AWS)
def test_a_command_on_aws_imports_nothing_that_runs_the_pipeline_here(command, tmp_path):
    code, modules, said = run(command, *ON_AWS[command], SALES_HOME=str(tmp_path))
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith("error: cannot reach AWS")
    assert "boto3" in modules
    assert modules & HEAVY == set()


def test_a_plan_needs_no_aws_at_all():
    code, modules, _ = run("plan", "--orders-per-second", "5")
    assert code == 0
    assert modules & {*HEAVY, "boto3"} == set()


@pytest.mark.parametrize("command", ["demo", "up"])
def test_a_local_command_without_its_packages_says_in_one_line_what_to_install(command):
    script = "import sys\nsys.modules['samcli'] = sys.modules['samcli.yamlhelper'] = None\n" + RUN
    code, _, said = run(command, script=script)
    assert (code, said.count("\n")) == (1, 1), said
    assert f"`sales {command}` runs only in a clone" in said
    assert "make setup" in said


def test_a_local_command_away_from_the_clone_says_so_too(tmp_path):
    script = "from pathlib import Path\nfrom sales_pipeline.local import running\n"
    script += f"running.TEMPLATE = Path({str(tmp_path / 'template.yaml')!r})\n" + RUN
    code, _, said = run("up", script=script)
    assert code == 1
    assert "template.yaml" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_asks_for_an_end_is_as_ctrl_c_for_a_command(number):
    script = "from sales_pipeline import __main__\nfrom sales_pipeline.cli import app\n"
    script += f"app.app = lambda: signal.raise_signal({int(number)})\n__main__.main()"
    ended = subprocess.run([sys.executable, "-c", "import signal\n" + script], timeout=SECONDS, check=False)
    assert ended.returncode == 130


def test_a_command_under_nohup_does_not_end_with_its_terminal():
    script = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nfrom sales_pipeline import __main__\n"
    script += (
        "from sales_pipeline.cli import app\napp.app = lambda: signal.raise_signal(signal.SIGHUP)\n__main__.main()"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=SECONDS, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", [0, 3])
def test_a_signal_after_the_command_changes_no_exit_code(number, code):
    script = f"""
import os, sys
from sales_pipeline import __main__
from sales_pipeline.cli import app
class Late:
    def __del__(self, kill=os.kill, number={int(number)}, own=os.getpid()):
        kill(own, number)  # when Python deletes its modules, it has taken its signal handlers away
app.late = Late()
app.app = lambda: sys.exit({code})
__main__.main()
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=SECONDS, check=False).returncode == code
