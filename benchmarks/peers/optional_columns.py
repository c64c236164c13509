"""The columns that a row has only if the stack's parameters ask for them, for the other handlers.

As in Lambda, the environment of the process says so.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

CHANGE_COLUMNS = os.environ.get("CHANGE_COLUMNS") == "APPEND"
OTHER_ATTRIBUTES = os.environ.get("OTHER_ATTRIBUTES") == "KEEP"
COLUMNS = frozenset(("orderid", "product_name", "quantity", "price"))


def change_columns(event_id: str, event_name: str, seconds: float, sequence_number: str) -> dict[str, str]:
    time = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"event_id": event_id, "event_name": event_name, "event_time": time, "sequence_number": sequence_number}


def other_attributes(image: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the column with the JSON text of everything that no column takes, or null."""
    others = {name: value for name, value in image.items() if name not in COLUMNS}
    return {"other_attributes": json.dumps(others, default=_plain) if others else None}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a set of any type or a Decimal
    if isinstance(value, set):
        return sorted(value)
    return int(value) if value == value.to_integral_value() else float(value)
