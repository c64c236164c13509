"""The forms in which AWS writes things."""

import json
import re
import time
from typing import Any

from transform.record import RowWriter
from transform.values import RecordError
from verify_aws import orders
from verify_aws.pipeline import NotShownError, Pipeline

READ_SECONDS = 60.0
READ_AGAIN_SECONDS = 0.25  # a shard takes five reads per second
EVENT = {"eventID", "eventName", "eventSource", "eventVersion", "awsRegion", "dynamodb", "eventSourceARN"}
CHANGE = {"ApproximateCreationDateTime", "Keys", "NewImage", "SequenceNumber", "StreamViewType"}


def records(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the records of the Kinesis stream that hold orders of this run."""
    kinesis = pipeline.client("kinesis")
    name = pipeline.stack["StreamName"]
    found = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        deadline = time.monotonic() + READ_SECONDS
        while iterator and time.monotonic() < deadline:
            page = kinesis.get_records(ShardIterator=iterator)
            found += [each for each in page["Records"] if pipeline.prefix.encode() in each["Data"]]
            if not page.get("MillisBehindLatest"):
                break
            iterator = page.get("NextShardIterator")
            time.sleep(READ_AGAIN_SECONDS)
    return found


def _events(pipeline: Pipeline) -> list[dict[str, Any]]:
    found = [json.loads(each["Data"]) for each in records(pipeline)]
    if not found:
        raise NotShownError("the Kinesis stream has no order of this run")
    return found


def change_event(pipeline: Pipeline) -> str:
    found = records(pipeline)
    refused = f"{pipeline.prefix}{orders.REFUSED}"
    for record in found:
        event = json.loads(record["Data"])
        order_id = event["dynamodb"]["Keys"]["orderid"]["S"]
        if record["PartitionKey"] != order_id:
            raise NotShownError(f"{order_id} has the partition key {record['PartitionKey']}")
        try:
            RowWriter(change_columns=True).row(record["Data"])
        except RecordError as error:
            if order_id != refused:
                raise NotShownError(f"the transform refuses {order_id}: {error}") from None
    events = [each for each in _events(pipeline) if each["eventName"] == "INSERT"]
    members, change = set(events[0]), set(events[0]["dynamodb"])
    seen = f"members {', '.join(sorted(members))}; dynamodb: {', '.join(sorted(change))}"
    lacking = (EVENT - members) | (CHANGE - change)
    if lacking:
        raise NotShownError(f"no {', '.join(sorted(lacking))}; {seen}")
    return f"{len(found)} records; {seen}"


def creation_time(pipeline: Pipeline) -> str:
    forms = set()
    for event in _events(pipeline):
        value = event["dynamodb"].get("ApproximateCreationDateTime")
        forms.add(f"{type(value).__name__} such as {value}")
        row = json.loads(RowWriter(change_columns=True).row(json.dumps(_plain(event)).encode()) or b"{}")
        if not row.get("event_time"):
            raise NotShownError(f"the transform reads no time from {value!r}")
    return ", ".join(sorted(forms)[:3])


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with values that no rule refuses, so that only its time counts."""
    image = {"product_name": {"S": "x"}, "quantity": {"N": "1"}, "price": {"N": "1"}}
    return event | {"dynamodb": event["dynamodb"] | {"NewImage": event["dynamodb"]["Keys"] | image}}


def event_filter(pipeline: Pipeline) -> str:
    def look() -> str:
        names = {each["eventName"] for each in _events(pipeline)}
        if names != {"INSERT", "MODIFY", "REMOVE"}:
            raise NotShownError(f"the pipe has passed {', '.join(sorted(names))}")
        return f"the pipe has passed {', '.join(sorted(names))}"

    return pipeline.wait(look, READ_SECONDS)


def object_names(pipeline: Pipeline) -> str:
    name = re.escape(pipeline.stack["DeliveryStreamName"])
    form = re.compile(rf"sales_data/dt=(\d{{4}}-\d\d-\d\d)/{name}-\d+-(\d{{4}}(?:-\d\d){{5}})-[0-9a-f-]{{36}}\.json")
    keys = sorted(pipeline.objects())
    for key in keys:
        found = form.fullmatch(key)
        if not found or not found[2].startswith(found[1]):
            raise NotShownError(f"{key} has another form")
    return f"{len(keys)} objects, such as {keys[0]}"
