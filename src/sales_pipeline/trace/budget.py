"""How long `sales trace` reads in one place."""

import threading
import time
from dataclasses import dataclass, field


@dataclass
class Budget:
    """Ends when its seconds are over, or when `end` is called. Threads may share one."""

    seconds: float
    _deadline: float = field(init=False)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    @property
    def is_over(self) -> bool:
        return self._ended.is_set() or time.monotonic() >= self._deadline

    @property
    def left_seconds(self) -> float:
        return 0.0 if self._ended.is_set() else max(0.0, self._deadline - time.monotonic())

    def end(self) -> None:
        """Let everybody who reads stop at the next opportunity."""
        self._ended.set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is over."""
        self._ended.wait(min(seconds, self.left_seconds))
