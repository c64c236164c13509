"""The result of `sales demo`. Pure: no AWS, environment or clock."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

EMULATOR_LOG = "emulator.log"
ERRORS_LOG, TRANSFORM_LOG = "errors.log", "transform.log"
"""What the demo keeps, beside the stand-ins' logs, if it is not equal: the records that failed, the function's log."""


@dataclass
class DemoResult:
    """The orders written, compared with the rows in the lake.

    It is equal if at least one order was written, and each order has exactly one row.
    """

    written: int
    rows: int
    lost: int
    duplicate: int
    refused: int = 0
    """Orders that the transform refused."""
    failed: int = 0
    """Orders that Firehose gave up on, because the transform itself failed."""

    @property
    def equal(self) -> bool:
        return self.written == self.rows > 0 == self.lost == self.duplicate == self.refused == self.failed

    def __str__(self) -> str:
        counts = [
            f"{self.written} orders written",
            f"{self.rows} rows in the lake",
            f"{self.lost} lost",
            *([f"{self.refused} refused"] if self.refused else []),
            *([f"{self.failed} failed"] if self.failed else []),
            f"{self.duplicate} duplicate",
        ]
        return f"{'Equal' if self.equal else 'NOT EQUAL'}: {', '.join(counts)}."

    def advice(self, log_dir: Path) -> str:
        """Return lines for a person that say where to look if it is not equal."""
        lines = []
        if self.refused:
            lines.append(
                f"refused: the records are in {ERRORS_LOG}, and the reasons above. The mock orders are right, "
                "so look at src/transform/ first."
            )
        if self.failed:
            lines.append(
                f"failed: the transform itself failed. {TRANSFORM_LOG} has the error of a call, and {EMULATOR_LOG} "
                "also that of a start."
            )
        if self.lost:
            lines.append("lost: pipe.log and firehose.log say how far the orders came.")
        if self.duplicate:
            lines.append("duplicate: workers.log says whether a stand-in ended and began again.")
        lines.append(f"The logs are in {log_dir}; {TRANSFORM_LOG} is that of the transform.")
        return "\n".join(lines)


def compare(
    written: set[str], rows_by_order: dict[str, int], refused: Collection[str] = (), failed: Collection[str] = ()
) -> DemoResult:
    """Compare the ids of the orders written with the number of rows that each id has in the lake.

    `refused` and `failed` are the ids of orders with an error record.
    """
    absent = written - rows_by_order.keys()
    failed = set(failed) - set(refused)
    return DemoResult(
        written=len(written),
        rows=sum(rows_by_order.values()),
        lost=len(absent - set(refused) - failed),
        duplicate=sum(rows > 1 for rows in rows_by_order.values()),
        refused=len(absent & set(refused)),
        failed=len(absent & failed),
    )
