"""A handler with Powertools' data classes, without the decorators, which would take more time.

Source: Powertools for AWS Lambda (Python), "Event Source Data Classes", sections Kinesis Firehose delivery stream
(records that cannot be processed, too) and DynamoDB Streams.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes import (
    KinesisFirehoseDataTransformationRecord,
    KinesisFirehoseDataTransformationResponse,
    KinesisFirehoseEvent,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBRecordEventName,
)
from aws_lambda_powertools.utilities.serialization import base64_from_str

from benchmarks.peers.optional_columns import (
    CHANGE_COLUMNS,
    COLUMNS,
    OTHER_ATTRIBUTES,
    change_columns,
    other_attributes,
)
from benchmarks.peers.reporting import looks_at_every, report


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    firehose_event = KinesisFirehoseEvent(event)
    response = KinesisFirehoseDataTransformationResponse()
    failures = []
    dropped = 0
    unknown: set[str] = set()
    every = looks_at_every(event)
    for position, record in enumerate(firehose_event.records):
        try:
            change: Any = DynamoDBRecord(record.data_as_json)
            removed = change.event_name is DynamoDBRecordEventName.REMOVE
            if removed and not CHANGE_COLUMNS:
                dropped += 1
                response.add_record(
                    KinesisFirehoseDataTransformationRecord(record_id=record.record_id, result="Dropped")
                )
                continue
            stream_record = change.dynamodb
            if removed:
                image = {}
                row = dict.fromkeys(COLUMNS) | {"orderid": stream_record.keys["orderid"]}
            else:
                image = stream_record.new_image
                row = {
                    "orderid": image["orderid"],
                    "product_name": image["product_name"],
                    "quantity": int(image["quantity"]),
                    "price": float(image["price"]),
                }
                if position % every == 0:
                    unknown |= image.keys() - COLUMNS
            if CHANGE_COLUMNS:
                time, sequence_number = stream_record.approximate_creation_date_time, stream_record.sequence_number
                row |= change_columns(change.event_id, change.event_name.name, time, sequence_number)
            if OTHER_ATTRIBUTES:
                row |= other_attributes(image)
            processed = KinesisFirehoseDataTransformationRecord(
                record_id=record.record_id, data=base64_from_str(json.dumps(row) + "\n")
            )
        except Exception as error:  # noqa: BLE001 - one record must not fail the others
            failures.append((record.record_id, type(error).__name__))
            processed = KinesisFirehoseDataTransformationRecord(
                record_id=record.record_id, result="ProcessingFailed", data=record.data
            )
        response.add_record(processed)
    report(event, len(response.records), dropped, unknown, failures)
    return response.asdict()
