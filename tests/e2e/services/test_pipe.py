"""The pipe's stand-in carries the table's changes to Kinesis, with what the template grants and no more."""

import functools
import json
import signal
import subprocess
import sys
import time

import pytest
from samcli.yamlhelper import yaml_parse

DEADLINE_SECONDS = 20
STOPS_SECONDS = 1.5
PIPE = ("OrderTable", "OrderPipe", "OrderPipeRole", "OrderPipeDeadLetterQueue", "OrderPipeLogGroup", "KinesisStream")
OUTPUTS = ("TableName", "TableStreamArn", "PipeName", "PipeDeadLetterQueueUrl", "StreamName")


@pytest.fixture(scope="module")
def client(client):
    """Make each client once: waiting asks often."""
    return functools.cache(client)


@pytest.fixture(scope="module")
def deploy_pipe(client, built_template):
    """Deploy the pipe's part of the template by itself: nothing else reads or writes its table and streams."""

    def deploy(stack_name, **stream_parameters):
        template = yaml_parse(built_template.read_text())
        template["Resources"] = {name: template["Resources"][name] for name in PIPE}
        template["Outputs"] = {name: template["Outputs"][name] for name in OUTPUTS}
        pipe = template["Resources"]["OrderPipe"]
        del pipe["DependsOn"]
        pipe["Properties"]["SourceParameters"]["DynamoDBStreamParameters"] |= stream_parameters
        client("cloudformation").create_stack(
            StackName=stack_name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "TableName", "ParameterValue": f"{stack_name}-orders"}],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": DEADLINE_SECONDS}
        )
        described = client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    return deploy


@pytest.fixture
def run_pipe(emulator, tmp_path):
    """Start workers of one state directory, one after the other; each ends with the test."""
    workers = []

    def run(stack_name):
        log_path = tmp_path / f"pipe-{len(workers)}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "local_aws.pipe"),
                    *("--stack-name", stack_name, "--state-dir", str(tmp_path / "state")),
                ],
                env=emulator.environment,
                stdout=log,
                stderr=log,
            )
        workers.append(process)
        return process, log_path

    yield run
    for process in workers:
        process.kill()
        process.wait()


def wait_until(holds):
    """Return the first true answer."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (answer := holds()):
        assert time.monotonic() < deadline, "deadline passed"
        time.sleep(0.2)
    return answer


def put_orders(client, table_name, ids):
    items = [{"orderid": {"S": each}, "quantity": {"N": "2"}, "price": {"N": "349.99"}} for each in ids]
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client("dynamodb").batch_write_item(RequestItems={table_name: requests})


def arrived(client, stream_name):
    """Everything in the Kinesis stream, in its order."""
    kinesis, records = client("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream_name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream_name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while page := kinesis.get_records(ShardIterator=iterator, Limit=10000):
            records += page["Records"]
            iterator = page["NextShardIterator"]
            if not page["Records"]:
                break
    return records


def arrived_ids(client, stream_name):
    return [record["PartitionKey"] for record in arrived(client, stream_name)]


def dead_letters(client, queue_url):
    messages = client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def without(document, action):
    """The policy document less one action, wherever it is granted."""
    statements = []
    for statement in document["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if kept := [each for each in actions if each != action]:
            statements.append(statement | {"Action": kept})
    return document | {"Statement": statements}


@pytest.fixture(scope="module")
def patient(deploy_pipe):
    """Deploy with the template's own limits."""
    return deploy_pipe("patient")


@pytest.fixture(scope="module")
def hasty(deploy_pipe):
    """Deploy a pipe that gives up after two retries, within a second."""
    return deploy_pipe("hasty", MaximumRetryAttempts=2)


def test_a_change_arrives_as_aws_sends_it(client, patient, run_pipe):
    table = {"TableName": patient["TableName"]}
    key = {"orderid": {"S": "first"}}
    item = key | {"price": {"N": "349.00"}, "product_name": {"S": "Käse, \n \U0001f600"}, "seal": {"B": b"\x00\xff"}}
    run_pipe("patient")
    client("dynamodb").put_item(**table, Item=item)
    client("dynamodb").delete_item(**table, Key=key)
    client("dynamodb").put_item(**table, Item={"orderid": {"S": "second"}})

    wait_until(lambda: len(arrived(client, patient["StreamName"])) >= 2)

    first, second = arrived(client, patient["StreamName"])
    event = json.loads(first["Data"])
    assert (first["PartitionKey"], second["PartitionKey"]) == ("first", "second")
    assert not first["Data"].endswith(b"\n")
    assert list(event) == [
        *("eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "eventSourceARN")
    ]
    assert event["eventName"] == "INSERT"
    assert event["eventSourceARN"] == patient["TableStreamArn"]
    assert isinstance(event["dynamodb"]["ApproximateCreationDateTime"], int)
    assert event["dynamodb"]["Keys"] == key
    assert event["dynamodb"]["NewImage"] == item | {"price": {"N": "349"}, "seal": {"B": "AP8="}}


def test_a_killed_worker_loses_nothing(client, patient, run_pipe):
    ids = [f"killed-{number:04}" for number in range(1500)]
    worker, _ = run_pipe("patient")
    put_orders(client, patient["TableName"], ids[:1000])
    wait_until(lambda: "killed-0000" in arrived_ids(client, patient["StreamName"]))
    worker.kill()
    put_orders(client, patient["TableName"], ids[1000:])
    run_pipe("patient")
    wait_until(lambda: set(ids) <= set(arrived_ids(client, patient["StreamName"])))


def test_it_ends_when_told_and_goes_on_where_it_was(client, patient, run_pipe):
    worker, _ = run_pipe("patient")
    put_orders(client, patient["TableName"], ["told"])
    wait_until(lambda: "told" in arrived_ids(client, patient["StreamName"]))
    before = len(arrived(client, patient["StreamName"]))

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(STOPS_SECONDS) == 0
    worker, log_path = run_pipe("patient")
    put_orders(client, patient["TableName"], ["after"])
    wait_until(lambda: "after" in arrived_ids(client, patient["StreamName"]))
    worker.send_signal(signal.SIGINT)
    assert worker.wait(STOPS_SECONDS) == 0

    assert len(arrived(client, patient["StreamName"])) == before + 1
    assert "ERROR" not in log_path.read_text()


@pytest.mark.parametrize("action", ["dynamodb:DescribeStream", "dynamodb:GetRecords", "kinesis:PutRecords"])
def test_a_missing_permission_stops_it_until_it_is_granted(client, patient, run_pipe, action):
    order_id = f"without-{action}"
    role_name = client("pipes").describe_pipe(Name=patient["PipeName"])["RoleArn"].rpartition("/")[2]
    policy = {"RoleName": role_name, "PolicyName": "table-to-kinesis"}
    granted = client("iam").get_role_policy(**policy)["PolicyDocument"]
    client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(without(granted, action)))
    try:
        worker, log_path = run_pipe("patient")
        put_orders(client, patient["TableName"], [order_id])
        wait_until(lambda: f"{role_name}/pipe is not authorized to perform: {action}" in log_path.read_text())
        assert worker.poll() is None
        assert order_id not in arrived_ids(client, patient["StreamName"])
    finally:
        client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(granted))

    wait_until(lambda: order_id in arrived_ids(client, patient["StreamName"]))


def test_a_poison_record_goes_to_the_dead_letter_queue_and_holds_up_no_other_for_long(client, hasty, run_pipe):
    poison = "x" * 257  # a partition key has 256 characters at most
    ids = [*(f"before-{number}" for number in range(20)), poison, *(f"after-{number}" for number in range(20))]
    put_orders(client, hasty["TableName"], ids)
    _, log_path = run_pipe("hasty")
    [message] = wait_until(lambda: dead_letters(client, hasty["PipeDeadLetterQueueUrl"]))
    wait_until(lambda: len(arrived_ids(client, hasty["StreamName"])) >= 40)

    ids.remove(poison)
    assert arrived_ids(client, hasty["StreamName"]) == ids
    assert message["context"]["condition"] == "RetryAttemptsExhausted"
    assert poison not in log_path.read_text()
    place = message["DDBStreamBatchInfo"]
    assert place["startSequenceNumber"] == place["endSequenceNumber"]
    streams = client("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=place["streamArn"],
        ShardId=place["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=place["startSequenceNumber"],
    )["ShardIterator"]
    [record] = streams.get_records(ShardIterator=iterator, Limit=1)["Records"]
    assert record["dynamodb"]["Keys"] == {"orderid": {"S": poison}}


def test_a_queue_that_refuses_is_tried_until_it_takes_the_message(client, hasty, run_pipe):
    role_name = client("pipes").describe_pipe(Name=hasty["PipeName"])["RoleArn"].rpartition("/")[2]
    policy = {"RoleName": role_name, "PolicyName": "table-to-kinesis"}
    granted = client("iam").get_role_policy(**policy)["PolicyDocument"]
    client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(without(granted, "sqs:SendMessage")))
    try:
        _, log_path = run_pipe("hasty")
        put_orders(client, hasty["TableName"], ["y" * 257])
        put_orders(client, hasty["TableName"], ["behind"])
        wait_until(lambda: f"{role_name}/pipe is not authorized to perform: sqs:SendMessage" in log_path.read_text())
        assert "behind" not in arrived_ids(client, hasty["StreamName"])
    finally:
        client("iam").put_role_policy(**policy, PolicyDocument=json.dumps(granted))

    wait_until(lambda: dead_letters(client, hasty["PipeDeadLetterQueueUrl"]))
    wait_until(lambda: "behind" in arrived_ids(client, hasty["StreamName"]))


def test_without_a_stack_it_says_so_and_ends(run_pipe):
    worker, log_path = run_pipe("missing")
    assert worker.wait(DEADLINE_SECONDS) == 1
    assert "there is no stack missing" in log_path.read_text()
