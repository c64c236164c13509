"""Writes what follows from src/transform/columns.py into the files that repeat it: `make columns`."""

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from columns.files import SECTIONS, ColumnsError, rewritten
from transform.column_types import Column

ROOT = Path(__file__).parents[2]
DECLARATIONS = "src/transform/columns.py"


def main() -> int:
    """Write the files, or none of them. Return the exit code."""
    try:
        texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in SECTIONS}
        changed = rewritten(texts, *_declared())
    except (ColumnsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in changed.items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"Wrote {path}.\n")
    if not changed:
        sys.stdout.write("All files fit the columns already.\n")
    return 0


def _declared() -> tuple[Sequence[Column], Column]:
    """Return the columns and the key. Raises ColumnsError with the line, if Python refuses what is written there."""
    try:
        module = importlib.import_module("transform.columns")
        columns, key = module.COLUMNS, module.KEY
    except Exception as error:  # noqa: BLE001 - a person edits that file, so any
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename.endswith(DECLARATIONS)]
        reason = str(error)
        if isinstance(error, SyntaxError):
            lines, reason = [error.lineno], error.msg
        elif isinstance(error, NameError):
            reason += ": import each type from transform.column_types"
        place = f"{DECLARATIONS}, line {lines[-1]}" if lines else DECLARATIONS
        raise ColumnsError([f"{place}: {reason}"]) from None
    return columns, key


if __name__ == "__main__":
    sys.exit(main())
