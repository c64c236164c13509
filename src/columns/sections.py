"""Parts of a file that a program writes. Each is between two lines that name it. Pure: no AWS, environment or clock."""

import re
from collections.abc import Mapping, Sequence

_MARKER = re.compile(r"( *)(?:#|<!--) make columns: (begin|end) ([a-z ]+?)(?: -->)?\n")


class SectionError(ValueError):
    """A line that begins or ends a section is missing, or not where it must be."""


def written(text: str, sections: Mapping[str, Sequence[str]]) -> str:
    """Return a text with these lines in its sections, as far to the right as the line that begins the section.

    A section may be there more than once. Raises SectionError, which names the line that is missing or wrong.
    """
    lines: list[str] = []
    found: set[str] = set()
    open_section = None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        marker = _MARKER.fullmatch(line)
        if not marker:
            if open_section is None:
                lines.append(line)
            continue
        indent, place, name = marker.groups()
        lines.append(line)
        if place == "begin" and open_section is None and name in sections:
            lines += [f"{indent}{each}".rstrip() + "\n" for each in sections[name]]
            found.add(name)
            open_section = name
        elif place == "end" and open_section == name:
            open_section = None
        else:
            raise SectionError(f"line {number}: 'make columns: {place} {name}' does not belong here. {_RESTORE}")
    missing = [f"end {open_section}"] if open_section else [f"begin {name}" for name in sections if name not in found]
    if missing:
        raise SectionError(f"the line 'make columns: {missing[0]}' is missing. {_RESTORE}")
    return "".join(lines)


_RESTORE = "Restore the lines with 'make columns:' from the last commit."
