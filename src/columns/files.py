"""Which files repeat the columns, and what they must hold. Pure: no AWS, environment or clock."""

from collections.abc import Callable, Mapping, Sequence

from columns import contract, template
from columns.sections import SectionError, written
from transform.column_types import Column, faults

SECTIONS: Mapping[str, Callable[[Sequence[Column], Column], Mapping[str, Sequence[str]]]] = {
    "template.yaml": template.sections,
    "docs/contract.md": contract.sections,
}
"""For each file, the function that returns its sections."""


class ColumnsError(ValueError):
    """The files cannot be written. `reasons` has a line for each reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))


def rewritten(texts: Mapping[str, str], columns: Sequence[Column], key: Column) -> dict[str, str]:
    """Return the files that these columns change, each with its new text. Raises ColumnsError."""
    if reasons := faults(columns, key):
        raise ColumnsError(reasons)
    changed = {}
    for path, sections in SECTIONS.items():
        try:
            text = written(texts[path], sections(columns, key))
        except SectionError as error:
            raise ColumnsError([f"{path}: {error}"]) from None
        if text != texts[path]:
            changed[path] = text
    return changed
