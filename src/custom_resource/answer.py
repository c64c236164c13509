"""Answers CloudFormation's requests for a custom resource.

Requests and responses: AWS CloudFormation User Guide, "Custom resource request and response reference".
"""

import json
import logging
import urllib.request
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

_ANSWER_BYTES_MAX = 4096  # for the whole body

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def answer(
    event: Mapping[str, Any], status: str, reason: str, advice: str = "", data: Mapping[str, str] | None = None
) -> None:
    """Send the answer to a request. `data` holds what Fn::GetAtt gives for the resource.

    Its reason is one line: as much of `reason` as CloudFormation takes, and the whole advice.
    """
    body: dict[str, Any] = {
        "Status": status,
        "Reason": advice,
        # Always the same: if an update changed it, CloudFormation would delete "the old resource".
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    if data:
        body["Data"] = dict(data)
    body["Reason"] = _cut(_printable(reason), _ANSWER_BYTES_MAX - len(json.dumps(body))) + advice
    logger.info("answer", extra={"request": event["RequestType"], "status": status, "reason": body["Reason"]})
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")  # noqa: S310
    request.add_header("Content-Type", "")  # the URL is signed for a request without a type
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - only CloudFormation may invoke
        pass


def _printable(text: str) -> str:
    """Return the text of an error with escapes for what isn't printable: people read it in a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _cut(text: str, room_bytes: int) -> str:
    """Return as much of a text as takes at most so many bytes in JSON, with an ellipsis where it is not the whole."""
    sizes = [len(json.dumps(each)) - 2 for each in text]
    if sum(sizes) <= room_bytes:
        return text
    room_bytes -= len(json.dumps("…")) - 2
    length = sum(size <= room_bytes for size in accumulate(sizes))
    return f"{text[:length]}…"
