"""`sales` as a person uses it: real processes on this machine, which leave nothing behind, even when killed."""

import csv
import io
import json
import os
import signal
import subprocess
import time

import pytest

from sales_pipeline.local import folders
from tests.e2e.sales import (
    COMMAND_SECONDS,
    END_SECONDS,
    SALES,
    Run,
    environment,
    exported,
    hostile,
    left_processes,
    quick_up,
    sales,
)
from tests.unit.events import crawled_columns

ROWS_SECONDS = 45
ORDERS = 30


def assert_nothing_is_left(home):
    """No process, and with none no port; no temporary file; logs only, and the marks of their folders."""
    deadline = time.monotonic() + END_SECONDS
    while left := left_processes(home):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert list((home / "tmp").iterdir()) == []
    files = [path.relative_to(home / "sales") for path in (home / "sales").rglob("*") if not path.is_dir()]
    others = [path for path in files if path.name != folders.MARK]
    assert [path for path in others if path.parts[1] != "log" or path.suffix != ".log"] == []


@pytest.fixture
def start(tmp_path):
    """Start a command in a home of the test's own; what it leaves is ended with the test."""
    started = []

    def start(*arguments, home=tmp_path):
        started.append(Run(home, *arguments))
        return started[-1]

    yield start
    for run in started:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    with quick_up(tmp_path_factory.mktemp("up")) as running:
        yield running


def assert_one_line(ended, *words):
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout == ""
    [line] = [line for line in ended.stderr.splitlines() if not line.startswith("using ")]
    assert line.startswith("error: ")
    for word in words:
        assert word in line


@pytest.fixture(scope="module")
def generated(up):
    """Write orders, which take a while to arrive; return what was printed."""
    generate = ("generate", "--count", str(ORDERS), "--rate", "100", "--seed", "7")
    ended = sales(up.home, *generate, **hostile(up.home))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith(
        "using stack sales-data-projection on this machine, account 000000000000, us-east-1, http://127.0.0.1:"
    )
    return ended.stdout


def test_generate_says_what_it_wrote(generated):
    assert f"written        {ORDERS}\n" in generated


@pytest.mark.parametrize("database", ["", "sales_data_projection_db."])
def test_a_table_that_no_crawler_has_made_yet(up, database):
    ended = sales(up.home, "query", f"SELECT * FROM {database}sales_data")  # noqa: S608
    assert_one_line(ended, "no crawler has made the table sales_data_projection_db.sales_data yet", "`sales crawl`")


def test_the_declared_table_without_its_database(up):
    ended = sales(up.home, "query", "SELECT * FROM orders")
    assert_one_line(ended, "in another database: write sales_data_projection_db_declared.orders")


def test_sql_that_fails(up):
    assert_one_line(sales(up.home, "query", "SELECT colour FROM sales_data_projection_db_declared.orders"), "colour")
    assert_one_line(sales(up.home, "query", "-", text="FETCH ME A CAT"), "Athena says")


def test_a_second_up_is_refused(up):
    assert_one_line(sales(up.home, "up"), "runs on this machine already", "`sales down`")
    assert up.process.poll() is None


def test_a_stack_that_is_not_there(up):
    settings = {"AWS_REGION": "us-east-1"} | exported(up)
    ended = sales(up.home, "query", "--stack-name", "other", "SELECT 1", **settings)
    assert_one_line(ended, "there is no stack other in us-east-1", "sam deploy")


def test_what_is_exported_leads_there(up, tmp_path):
    exports = {name: value for name, value in exported(up).items() if name != "SALES_HOME"}
    ended = sales(tmp_path, "query", "--format", "json", "SELECT 1 AS one", **exports)
    assert ended.stdout == '{"one":1}\n', ended.stderr


def test_one_line_leads_a_terminal_there_wherever_it_led_before(up):
    script = (
        'eval "$(sales env)" && python -c "import boto3; print(boto3.client(\'dynamodb\').describe_table('
        "TableName='$SALES_TABLE')['Table']['TableName'])\""
    )
    path = {"PATH": f"{SALES.parent}{os.pathsep}{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "-euc", script],  # noqa: S607
        env=environment(up.home, **hostile(up.home), **path),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "order_table\n", "")


def test_orders_travel_from_generate_to_query(up, generated):
    first, _, last = generated.split("ids ")[1].split()
    declared = "sales_data_projection_db_declared.orders"
    between = f"WHERE orderid BETWEEN '{first}' AND '{last}'"
    count = f"SELECT count(DISTINCT orderid) AS orders FROM {declared} {between}"  # noqa: S608
    deadline = time.monotonic() + ROWS_SECONDS
    while True:
        ended = sales(up.home, "query", "--format", "json", "-", text=count)
        assert ended.returncode == 0, ended.stderr
        if json.loads(ended.stdout)["orders"] >= ORDERS:
            break
        assert time.monotonic() < deadline, ended.stdout

    crawled = sales(up.home, "crawl")
    assert crawled.returncode == 0, crawled.stderr
    columns = ", ".join(map(" ".join, crawled_columns().items()))
    assert crawled.stdout == f"sales_data_projection_db.sales_data ({columns}), 1 day\n"

    # `sales up` writes orders of its own among them.
    sql = f"SELECT orderid, quantity, price FROM sales_data_projection_db.sales_data {between} ORDER BY orderid"  # noqa: S608
    answers = {form: sales(up.home, "query", "--format", form, sql).stdout for form in ("table", "csv", "json")}
    header, *rows = csv.reader(io.StringIO(answers["csv"]))
    assert header == ["orderid", "quantity", "price"]
    assert len(rows) >= ORDERS
    assert len({row[0] for row in rows}) == len(rows)
    assert {first, last} <= {row[0] for row in rows}
    assert [list(map(str, json.loads(line).values())) for line in answers["json"].splitlines()] == rows
    # A table without a database is the crawler's.
    unqualified = sales(up.home, "query", "--format", "csv", sql.replace("sales_data_projection_db.", ""))
    assert unqualified.stdout == answers["csv"], unqualified.stderr
    assert [line.split() for line in answers["table"].splitlines()] == [header, *rows, [str(len(rows)), "rows"]]


def test_the_report_has_the_orders_and_the_verdict(up, generated, tmp_path):
    assert generated
    file = tmp_path / "report.html"
    deadline = time.monotonic() + ROWS_SECONDS
    while True:
        ended = sales(up.home, "report", "--output", str(file))
        assert ended.returncode == 0, ended.stderr
        if int(ended.stdout.split()[1]) >= ORDERS:
            break
        assert time.monotonic() < deadline, ended.stdout
    assert ended.stderr.startswith("using stack sales-data-projection on this machine")
    assert f"\nWrote {file} (" in ended.stdout
    page = file.read_text()
    assert "sales-data-projection</strong> on this machine" in page
    assert "missing, 0 stale, 0 duplicate." in page
    assert "Athena ran 2 queries and scanned " in page


def test_a_stand_in_that_is_killed_is_started_again_and_status_asks_it(up):
    def seen():
        return json.loads(sales(up.home, "status", "--format", "json").stdout)["stages"]

    before = seen()
    assert {before[stage]["stand_in"] for stage in ("pipe", "delivery", "crawler")} == {"running"}
    [process_id] = [number for number, words in left_processes(up.home) if b"\0-m\0local_aws.firehose\0" in words]
    os.kill(int(process_id), signal.SIGKILL)
    up.wait_for("the stand-in for Amazon Data Firehose was ended by SIGKILL: see ")
    up.wait_for("the stand-in for Amazon Data Firehose runs again")
    after = seen()["delivery"]
    assert (after["stand_in"], after["stand_in_restarts"], after["problem"]) == ("running", 1, "")
    assert after["stand_in_since"] > before["delivery"]["stand_in_since"]


def test_down_ends_it_and_whoever_watches_it_and_leaves_logs_only(up):
    watch = Run(up.home, "watch")
    watch.wait_for("dead letters: none")
    ended = sales(up.home, "down")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "stopped" in ended.stdout
    assert up.process.wait(END_SECONDS) == 0
    assert watch.process.wait(END_SECONDS) == 1
    assert watch.printed.splitlines()[-1].startswith("error: the pipeline on this machine has ended")
    assert "could not be read" not in watch.printed
    assert "written" in up.printed
    assert "Traceback" not in up.printed
    assert_nothing_is_left(up.home)
    assert {path.name for path in (up.home / "sales" / "up" / "log").iterdir()} == {
        *("emulator.log", "sam.log", "workers.log", "pipe.log", "firehose.log", "crawler.log", folders.MARK)
    }


def test_down_without_a_pipeline(tmp_path):
    assert_one_line(sales(tmp_path, "down"), "no pipeline runs on this machine", "`sales up`")


def test_a_profile_that_is_not_there(tmp_path):
    assert_one_line(sales(tmp_path, "query", "--profile", "nobody", "SELECT 1"), "nobody", "aws configure")


def test_no_region(tmp_path):
    assert_one_line(sales(tmp_path, "query", "SELECT 1", AWS_DEFAULT_REGION=""), "no AWS region", "--region")


def test_no_credentials(tmp_path):
    ended = sales(tmp_path, "query", "SELECT 1", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert_one_line(ended, "no AWS credentials", "aws configure")


def test_credentials_that_are_not_known(tmp_path, emulator):
    settings = {"AWS_ENDPOINT_URL": emulator.endpoint_url, "AWS_ACCESS_KEY_ID": "AKIAXXXXXXXXXXXXXXXX"}
    assert_one_line(sales(tmp_path, "crawl", **settings), "does not accept these credentials")


def test_ctrl_c_and_sigterm_leave_nothing_whenever_they_come(start, tmp_path):
    homes = [tmp_path / name for name in ("demo", "deploy", "build", "emulator")]
    for home in homes:
        home.mkdir()
    demo = start("demo", home=homes[0])
    demo.wait_for("sam build")  # the ports of two that start in the same moment could be the same
    deploying = start("up", home=homes[1])
    deploying.wait_for("sam build")

    for home, stage in zip(homes[2:], ("sam build", "starting the emulator"), strict=True):
        run = start("up", home=home)
        run.wait_for(stage)
        assert_ends(run, signal.SIGINT)
    deploying.wait_for("sam deploy")
    assert_ends(deploying, signal.SIGTERM)
    demo.wait_for("orders")
    assert_ends(demo, signal.SIGINT)


def assert_ends(run, number):
    code, seconds = run.end(number)
    assert code == 130, run.printed
    assert seconds < 10
    assert "Traceback" not in run.printed
    assert_nothing_is_left(run.home)


def test_a_killed_up_leaves_no_process_and_makes_room_for_the_next(start, tmp_path):
    run = start("up")
    run.wait_for("until Ctrl-C")
    run.end(signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while left := left_processes(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert_one_line(sales(tmp_path, "generate", "--count", "1"), "has died", "`sales down`", "--profile")
    ended = sales(tmp_path, "down")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "had died" in ended.stdout
    assert_nothing_is_left(tmp_path)

    run = start("up")
    run.wait_for("sam build")
    assert_one_line(sales(tmp_path, "query", "SELECT 1"), "starting", "try again")
    assert sales(tmp_path, "down").returncode == 0
    assert run.process.wait(END_SECONDS) == 130
    assert_nothing_is_left(tmp_path)
