"""The names of what a run makes, and how to tell it from what is somebody else's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from sales_pipeline.errors import SalesError

TAG = ("made-by", "verify-aws")
"""A stack or a queue without this tag is not ours, whatever its name."""
RUN_TAG = "verify-aws-run"
# The queue's name adds 9 characters, and may have 80. All other names that the stack's begins may be longer.
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")


class NotOursError(SalesError):
    """There is something of this name that no run made, or that another run is using."""


def can_name(stack: str) -> bool:
    """Say whether the stack, and what is named after it, can have this name."""
    return bool(_STACK.fullmatch(stack))


def is_ours(tags: Mapping[str, str]) -> bool:
    """Say whether a run gave something these tags."""
    return tags.get(TAG[0]) == TAG[1]


@dataclass(frozen=True)
class Names:
    """Everything that a run makes has a name that begins with the stack's."""

    stack: str
    run: str = field(default_factory=lambda: uuid4().hex)
    """The run that deploys: it deletes at its end what is its own, and no other run's."""

    @property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters that give names."""
        word = self.stack.replace("-", "_").lower()
        return {"TableName": f"{word}_orders", "DatabaseName": f"{word}_db"}

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the stack."""
        return {TAG[0]: TAG[1], RUN_TAG: self.run}

    @property
    def queue(self) -> str:
        """The queue that gets the messages of the alarms."""
        return f"{self.stack}-messages"
