"""What `sales status` and `sales watch` know more of the pipeline that `sales up` runs."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from sales_pipeline.local.health import stand_ins_by_stage
from sales_pipeline.status import local_logs
from sales_pipeline.status.read import Measurements


def of_up(state_dir: Path) -> Measurements:
    """Return where the counts come from, and what the stand-ins in this folder do."""
    # `sales up` ends when it can't write orders any more.
    return replace(local_logs.MEASUREMENTS, writer="sales up", stand_ins=partial(stand_ins_by_stage, state_dir))
