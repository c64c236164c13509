"""The comparison's temporary file."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sales_pipeline.errors import SalesError
from sales_pipeline.reconcile.ledger import Ledger

# For an empty name, SQLite makes a file in TMPDIR, or in /var/tmp, and removes its name at once. So the kernel deletes
# the file when the process ends, even by SIGKILL (sqlite.org, "In-Memory Databases", "Temporary Databases").
UNNAMED = ""


class LedgerError(SalesError):
    """The comparison can't write its temporary file."""


@contextmanager
def temporary_ledger() -> Iterator[Ledger]:
    """Make a ledger in a file that no end of this process leaves behind. Raises LedgerError if the disk refuses it."""
    try:
        with closing(Ledger(UNNAMED)) as ledger:
            yield ledger
    except sqlite3.Error as error:
        raise LedgerError(_advice(str(error))) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise LedgerError(_advice(error.strerror or str(error))) from None


def _advice(problem: str) -> str:
    return (
        f"The comparison can't write its temporary file ({problem}). It takes up to 500 MB for a million orders: free "
        "some space, or name another folder in the environment variable TMPDIR."
    )
