"""Finds the commands of a page, runs them in one shell, and compares their output with the page's."""

import os
import pty
import re
import shutil
import subprocess
import tty
from typing import NamedTuple

from tests import ROOT
from tests.unit.events import crawled_columns, with_nulls


class Command(NamedTuple):
    """A command of a page, and the output that the page shows for it."""

    page: str
    text: str
    output: tuple[str, ...]

    @property
    def plain(self):
        """The command on one line and without its comment."""
        return re.sub(r"\s+#[^'\"]*$", "", re.sub(r"\s*\\?\n\s*", " ", self.text)).strip()


def commands(page, document):
    """Return the commands of a page: the lines that begin with a dollar sign in `console` blocks."""
    found = []
    for block in re.findall(r"^ *```console\n(.*?)^ *```", document, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = part.rstrip("\n").split("\n")
            more = [line for line in rest if line.startswith("    ")] if _continues(first) else []
            found.append(Command(page, "\n".join([first, *more]), tuple(rest[len(more) :])))
    return found


def procedure(page, beginning, end):
    """Return the commands of a page between two of its texts."""
    document = (ROOT / "docs" / page).read_text()
    text = document.partition(beginning)[2].partition(end)[0]
    assert text, f"{page} has no {beginning!r}"
    return [command.text for command in commands(page, text)]


def _continues(line):
    return line.endswith("\\") or line.count("'") % 2 == 1 or line.count('"') % 2 == 1


class Shell:
    """A bash that keeps its variables and functions from one command to the next, and prints to a terminal."""

    def __init__(self, folder, environment):
        ours, theirs = pty.openpty()
        tty.setraw(theirs)  # a newline stays one
        self._bash = subprocess.Popen(
            [shutil.which("bash"), "--norc", "--noprofile"],
            cwd=folder,
            env=environment | {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "80", "AWS_PAGER": ""},
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            text=True,
            bufsize=1,
        )
        os.close(theirs)
        self._terminal = ours

    def run(self, text):
        """Run a command; return its exit code and its output, with standard error."""
        self._bash.stdin.write(f"{text}\nprintf '\\n<ended %s>\\n' $?\n")
        self._bash.stdin.flush()
        printed = b""
        while not (ended := re.search(rb"\n<ended (\d+)>\n", printed)):
            printed += os.read(self._terminal, 65536)
        return int(ended[1]), printed[: ended.start()].decode().rstrip("\n")

    def close(self):
        self._bash.stdin.close()
        self._bash.wait(10)
        os.close(self._terminal)


def looks_like(output, documented):
    """Return whether every documented line is in the output, in that order.

    Numbers, ids and the width of columns may differ, and … stands for anything.
    """
    lines = iter(output.splitlines())
    patterns = (_pattern(_with_columns(line.strip())) for line in documented)
    return all(any(pattern.fullmatch(line.strip()) for line in lines) for pattern in patterns if pattern)


def _with_columns(line):
    """A line of a page, with every declared column in it. The pages show those that mock orders fill."""
    if line.startswith('{"orderid":'):
        return with_nulls(line.encode()).decode().strip()
    declared = ", ".join(map(" ".join, crawled_columns().items()))
    return line.replace("orderid string, product_name string, quantity int, price double", declared)


_VOLATILE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-F]{10,}|[0-9a-f]{10,}|\d[\d.,:]*|\s+|─+|…")


def _pattern(line):
    if not line or line == "…":
        return None
    parts, end = [], 0
    for found in _VOLATILE.finditer(line):
        parts.append(re.escape(line[end : found.start()]))
        text = found[0]
        parts.append(
            ".*" if text == "…" else r"\s+" if text.isspace() else "─+" if "─" in text else r"[0-9A-Za-z.,:-]+"
        )
        end = found.end()
    return re.compile("".join(parts) + re.escape(line[end:]))
