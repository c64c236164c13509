"""What the pipeline relies on AWS to do, as data: `behaviours.toml`, whose head explains the members."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("behaviours.toml")


@dataclass(frozen=True)
class Behaviour:
    """One thing that AWS does. Either `check` is set or `unchecked`."""

    id: str
    group: str
    text: str
    relies: tuple[str, ...]
    source: str
    test: str
    check: str = ""
    not_here: str = ""
    unchecked: str = ""


def read() -> list[Behaviour]:
    """Return all behaviours, in the order in which they are checked."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        Behaviour(group=group, **each | {"relies": tuple(each["relies"])})
        for group, members in groups.items()
        for each in members
    ]
