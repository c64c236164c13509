"""Writes what follows from src/transform/columns.py into the files that repeat it: `make columns`."""

import sys
from pathlib import Path

from columns.files import SECTIONS, ColumnsError, rewritten
from transform.columns import COLUMNS, KEY

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write the files, or none of them. Return the exit code."""
    try:
        texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in SECTIONS}
        changed = rewritten(texts, COLUMNS, KEY)
    except ColumnsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in changed.items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"Wrote {path}.\n")
    if not changed:
        sys.stdout.write("All files fit the columns already.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
