"""Saves how far a stand-in is, and does not let it go on before that is saved."""

import logging
from collections.abc import Callable

from common.backoff import backoff_seconds
from local_aws import disk

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0

Report = Callable[[str], None]
"""Tells the supervisor that a stand-in works, by an empty text, or why it waits."""

log = logging.getLogger(__name__)


def until_saved(save: Callable[[], None], report: Report, sleep: Callable[[float], None]) -> None:
    """Save a checkpoint. If the disk refuses it, report that and try again until it succeeds.

    A stand-in that ended here instead would be started again, and would put everything since its last checkpoint again.
    """
    failures = 0
    while True:
        try:
            save()
            break
        except OSError as error:
            failures += 1
            where = f": {error.filename}" if error.filename else ""
            advice = f": {disk.ADVICE}" if error.errno in disk.FULL else ""
            problem = (
                f"can't save its checkpoint ({error.strerror or error}{where}){advice}. It does nothing until it can, "
                "so that nothing arrives twice"
            )
            if failures == 1:
                log.error("It %s", problem)  # noqa: TRY400 - the line says it all
            report(problem)
            sleep(backoff_seconds(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS))
    if failures:
        log.info("It has saved its checkpoint")
        report("")
