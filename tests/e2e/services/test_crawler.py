"""The stand-in for the Glue crawler, on a stack of its own: with its role it makes the table that Athena reads."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

STACK_NAME = "crawled"
SETTINGS = {"TableName": "crawled_orders", "DatabaseName": "crawled_db", "GeneratorState": "DISABLED"}
WAIT_SECONDS = 10
COLUMNS = {"orderid": "string", "product_name": "string", "quantity": "int", "price": "double"}


@pytest.fixture(scope="module")
def crawled(sam, built_template):
    return sam.deploy(built_template, STACK_NAME, SETTINGS)


@pytest.fixture
def empty(client, crawled):
    """Empty the folder and the database: each test puts what it wants crawled."""
    listed = client("s3").list_objects_v2(Bucket=crawled["BucketName"], Prefix="sales_data/")
    for item in listed.get("Contents", []):
        client("s3").delete_object(Bucket=crawled["BucketName"], Key=item["Key"])
    for table in client("glue").get_tables(DatabaseName="crawled_db")["TableList"]:
        client("glue").delete_table(DatabaseName="crawled_db", Name=table["Name"])


@pytest.fixture
def put(client, crawled, empty):  # noqa: ARG001 - runs before
    def put_rows(key, *prices):
        rows = [row | {"price": price} for row, price in zip(sales(key), prices, strict=False)]
        body = "".join(json.dumps(row) + "\n" for row in rows)
        client("s3").put_object(Bucket=crawled["BucketName"], Key=f"sales_data/{key}", Body=body)

    return put_rows


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("crawler")


@pytest.fixture
def crawl(emulator, state_dir):
    def once():
        return subprocess.run(
            command(state_dir, "--once"),
            env=emulator.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return once


@pytest.fixture
def start_worker(emulator, state_dir):
    @contextmanager
    def running():
        with subprocess.Popen(command(state_dir), env=emulator.environment, stderr=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.kill()

    return running


def command(state_dir, *more):
    module = (sys.executable, "-m", "local_aws.crawler")
    return [*module, "--stack-name", STACK_NAME, "--state-dir", str(state_dir), *more]


def sales(key):
    for number in range(1000):
        yield {"orderid": f"{key}-{number:03}", "product_name": "Läptop", "quantity": 2}


def role_name(client, outputs):
    crawler = client("glue").get_crawler(Name=outputs["CrawlerName"])["Crawler"]
    return crawler["Role"].rpartition("/")[2]


def table(client):
    tables = client("glue").get_tables(DatabaseName="crawled_db")["TableList"]
    return next(iter(tables), None)


def columns(entry):
    return {column["Name"]: column["Type"] for column in entry["StorageDescriptor"]["Columns"]}


def partitions(client):
    found = client("glue").get_partitions(DatabaseName="crawled_db", TableName="sales_data")["Partitions"]
    return {each["Values"][0]: columns(each) for each in found}


def wait_for(condition, seconds=WAIT_SECONDS):
    deadline = time.monotonic() + seconds
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s, last seen: {seen!r}"
        time.sleep(0.2)
    return seen


def wait_until_ready(client, crawled):
    """The emulator runs every crawl for 5 s, and takes no other meanwhile."""
    wait_for(lambda: client("glue").get_crawler(Name=crawled["CrawlerName"])["Crawler"]["State"] == "READY")


def query(client, crawled, sql):
    athena = client("athena")
    started = athena.start_query_execution(QueryString=sql, WorkGroup=crawled["WorkGroupName"])["QueryExecutionId"]

    def ended():
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        return status if status["State"] not in ("QUEUED", "RUNNING") else None

    status = wait_for(ended)
    assert status["State"] == "SUCCEEDED", status
    rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]


def test_a_crawl_reads_no_more_objects_of_a_day_than_the_template_says(client, crawled, put, crawl):
    target = client("glue").get_crawler(Name=crawled["CrawlerName"])["Crawler"]["Targets"]["S3Targets"][0]
    for number in range(target["SampleSize"] + 2):
        put(f"dt=2026-01-01/{number:02}.json", 349.0)
    put("dt=2026-01-02/0.json", 349.0)
    assert crawl().returncode == 0
    found = client("glue").get_partitions(DatabaseName="crawled_db", TableName="sales_data")["Partitions"]
    read = {each["Values"][0]: int(each["Parameters"]["objectCount"]) for each in found}
    assert read == {"2026-01-01": target["SampleSize"], "2026-01-02": 1}


def test_a_crawl_makes_the_table_that_the_query_of_the_readme_reads(client, crawled, put, crawl):
    put("dt=2026-11-21/a.json", *[90.5 + number for number in range(20)])
    # By itself, a day of whole prices has another type than the table.
    put("dt=2026-11-22/b.json", 349)
    put("dt=2026-11-22/c.json", 100, 101)

    ended = crawl()

    assert ended.returncode == 0, ended.stderr
    assert table(client)["Name"] == "sales_data"
    assert columns(table(client)) == COLUMNS
    assert partitions(client) == {"2026-11-21": COLUMNS, "2026-11-22": COLUMNS}
    sql = f"SELECT * FROM {crawled['CrawledTable']} WHERE price > 100 ORDER BY orderid DESC LIMIT 10"  # noqa: S608
    header, *rows = query(client, crawled, sql)
    assert header == [*COLUMNS, "dt"]
    assert len(rows) == 10
    assert [row[3:] for row in rows[:3]] == [["101.0", "2026-11-22"], ["349.0", "2026-11-22"], ["109.5", "2026-11-21"]]


def test_an_empty_folder_makes_no_table_and_says_so(client, crawled, empty, crawl):  # noqa: ARG001 - runs before
    ended = crawl()
    assert ended.returncode == 0, ended.stderr
    assert table(client) is None
    stream = {"logGroupName": "/aws-glue/crawlers", "logStreamName": crawled["CrawlerName"]}
    messages = [event["message"] for event in client("logs").get_log_events(**stream)["events"]]
    assert any(
        f"No table made or changed: nothing to read in {crawled['DataLocation']}" in message for message in messages
    )


@pytest.mark.parametrize(
    "action",
    [
        "s3:ListBucket",
        "s3:GetObject",
        "glue:GetTables",
        "glue:CreateTable",
        "glue:BatchCreatePartition",
        "logs:PutLogEvents",
    ],
)
def test_a_permission_that_is_missing_fails_the_crawl_by_name(client, crawled, put, crawl, action):
    put("dt=2026-11-22/a.json", 1.5)
    role = role_name(client, crawled)
    denial = {"Effect": "Deny", "Action": action, "Resource": "*"}
    client("iam").put_role_policy(
        RoleName=role, PolicyName="denied", PolicyDocument=json.dumps({"Statement": [denial]})
    )
    try:
        ended = crawl()
    finally:
        client("iam").delete_role_policy(RoleName=role, PolicyName="denied")

    assert ended.returncode == 1
    (error,) = [line for line in ended.stderr.splitlines() if " ERROR " in line]
    assert f"role/{role} lacks a permission" in error
    assert f"not authorized to perform: {action} " in error
    assert crawl().returncode == 0
    assert partitions(client) == {"2026-11-22": COLUMNS}


def test_a_table_of_somebody_else_is_left_alone(client, put, crawl):
    put("dt=2026-11-22/a.json", 1.5)
    client("glue").create_table(
        DatabaseName="crawled_db", TableInput={"Name": "sales_data", "Parameters": {"mine": "1"}}
    )
    ended = crawl()
    assert ended.returncode == 1
    assert "crawled_db.sales_data was made by somebody else" in ended.stderr
    assert table(client)["Parameters"] == {"mine": "1"}


def test_an_unchanged_folder_changes_nothing(client, put, crawl):
    put("dt=2026-11-21/a.json", 1.5)
    crawl()
    before = (
        table(client),
        client("glue").get_partitions(DatabaseName="crawled_db", TableName="sales_data")["Partitions"],
    )
    crawl()
    after = (
        table(client),
        client("glue").get_partitions(DatabaseName="crawled_db", TableName="sales_data")["Partitions"],
    )
    assert after == before


def test_start_crawler_adds_a_new_day(client, crawled, put, crawl, start_worker):
    put("dt=2026-11-21/a.json", 1.5)
    crawl()
    with start_worker() as process:
        put("dt=2026-11-22/b.json", 2)
        assert partitions(client).keys() == {"2026-11-21"}
        client("glue").start_crawler(Name=crawled["CrawlerName"])
        wait_for(lambda: partitions(client).keys() == {"2026-11-21", "2026-11-22"})

        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
