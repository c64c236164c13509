"""The comparison's temporary file."""

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sales_pipeline.errors import SalesError
from sales_pipeline.reconcile.ledger import Ledger


class LedgerError(SalesError):
    """The comparison can't write its temporary file."""


@contextmanager
def temporary_ledger() -> Iterator[Ledger]:
    """Make a ledger, and delete it afterwards. Raises LedgerError where the disk refuses it."""
    try:
        directory = tempfile.TemporaryDirectory(prefix="sales-reconcile-", ignore_cleanup_errors=True)
    except OSError as error:
        raise LedgerError(_advice(error.strerror or str(error))) from None
    with directory as path:
        try:
            with closing(Ledger(Path(path) / "ledger.sqlite3")) as ledger:
                yield ledger
        except sqlite3.Error as error:
            raise LedgerError(_advice(f"{path}: {error}")) from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise LedgerError(_advice(error.strerror or str(error))) from None


def _advice(problem: str) -> str:
    return (
        f"The comparison can't write its temporary file ({problem}). It takes up to 500 MB for a million orders: free "
        "some space, or name another folder in the environment variable TMPDIR."
    )
