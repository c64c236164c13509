"""What no handler in plain Python can leave out: base64 both ways and a result for each record. No JSON, no log."""

import base64
from typing import Any

ROW_BYTES = 110
"""Size of a row, on average over the batches: what is encoded is as long as what the others encode."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    output = []
    for record in event["records"]:
        payload = base64.b64decode(record["data"])
        data = base64.b64encode(payload[:ROW_BYTES]).decode("utf-8")
        output.append({"recordId": record["recordId"], "result": "Ok", "data": data})
    return {"records": output}
