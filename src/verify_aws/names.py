"""The names of what a run makes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Everything that a run makes has a name that begins with the stack's."""

    stack: str

    @property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters that give names."""
        word = self.stack.replace("-", "_").lower()
        return {"TableName": f"{word}_orders", "DatabaseName": f"{word}_db"}

    @property
    def queue(self) -> str:
        """The queue that gets the messages of the alarms."""
        return f"{self.stack}-messages"
