"""Slows reads and writes down to a rate that leaves room for others."""

import time
from dataclasses import dataclass


@dataclass
class Pace:
    """Keeps the use of something below so many units per second, on average."""

    units_per_second: float
    _free_at: float = 0.0

    def pay(self, units: float) -> None:
        """Wait until the rate allows these units. Time in which nothing was used does not count later."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + units / self.units_per_second
        if self._free_at > now:
            time.sleep(self._free_at - now)
