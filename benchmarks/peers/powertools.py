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

from benchmarks.peers.reporting import report


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    firehose_event = KinesisFirehoseEvent(event)
    response = KinesisFirehoseDataTransformationResponse()
    failures = []
    dropped = 0
    for record in firehose_event.records:
        try:
            change = DynamoDBRecord(record.data_as_json)
            if change.event_name is DynamoDBRecordEventName.REMOVE:
                dropped += 1
                processed = KinesisFirehoseDataTransformationRecord(record_id=record.record_id, result="Dropped")
            else:
                image = change.dynamodb.new_image  # type: ignore[union-attr]
                row = {
                    "orderid": image["orderid"],
                    "product_name": image["product_name"],
                    "quantity": int(image["quantity"]),
                    "price": float(image["price"]),
                }
                processed = KinesisFirehoseDataTransformationRecord(
                    record_id=record.record_id, data=base64_from_str(json.dumps(row) + "\n")
                )
        except Exception as error:  # noqa: BLE001 - one record must not fail the others
            failures.append((record.record_id, type(error).__name__))
            processed = KinesisFirehoseDataTransformationRecord(
                record_id=record.record_id, result="ProcessingFailed", data=record.data
            )
        response.add_record(processed)
    report(event, len(response.records), dropped, failures)
    return response.asdict()
