"""Writes docs/aws-behaviours.md from behaviours.toml: `make behaviours`."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from verify_aws.behaviours import Behaviour, read

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "aws-behaviours.md"

HEADINGS = {
    "delivery": "From the table to S3",
    "shapes": "The forms in which AWS writes things",
    "tables": "The tables in Athena",
    "changes": "Changes and deletions",
    "updates": "When the stack is updated",
    "failures": "What fails, and replay",
    "metrics": "Metrics, alarms and the dashboard",
    "costs": "Costs",
    "permissions": "Permissions",
    "existing": "An existing table",
    "deletion": "When the stack is deleted",
}

INTRODUCTION = """\
# What does it rely on AWS to do?

Every behaviour of AWS that this pipeline relies on, where it relies on it, and who says so. On this machine an emulator
and [stand-ins](glossary.md#words-of-this-project) take the place of AWS, so a test here shows only that our side fits
AWS' documentation. **No part of this has run on AWS itself yet.** [`make verify-aws`](#check-it-on-aws) shows it there.

`make behaviours` writes this page from `src/verify_aws/behaviours.toml`. A unit test compares the page, the tests and
the checks with that file.

## Check it on AWS

```console
$ make verify-aws PROFILE=my-profile REGION=eu-west-1
```

It deploys a stack of its own, named `sales-verify`, with a table and databases of its own. It touches nothing else. It
checks each behaviour below, deletes the stack, and checks that nothing is left. Before it starts, it says in which
account it runs, how long it takes and what it costs, and asks once. Without `PROFILE` and `REGION`, it takes those of
the environment, as the AWS CLI does.

It writes a report, `verify-aws-report.md`, after each check. The report holds no account number, no e-mail address, and
no name of a user, a session or a role other than the stack's. Please attach it to an issue. What SAM printed is in
`verify-aws-report-sam.log`, which can hold such names.

It needs [the deployer's permissions](deploy.md#give-the-deployer-its-permissions) for the names of this stack. The
checks need more: they read metrics, logs and AWS CloudTrail, change functions, the pipe and a rule, and query the
tables. An administrator of an account for tests has them all.

| To | Do this |
|---|---|
| stop it | Press Ctrl-C. It deletes the stack and writes the report of what it has seen. |
| stop the deletion too | Press Ctrl-C again. The next run finds the stack. |
| keep the stack | Set `KEEP=1`. The next run finds the stack and asks whether to use or to delete it. |
| go on after a crash | Run it again. It finds what is left, and asks whether to use or to delete it. |
| run a second one in the same region | Set `NAME=sales-verify-2`. Two runs with one name get in each other's way. |
| answer its question beforehand | Set `YES=1`. It then deletes the stack of any other run with this name, and starts. |

Its exit code is 0 if every check showed what it should, or if you answer no. It is 1 if a check did not, and 130 after
Ctrl-C.

*Not here* in the tables means that the emulator cannot answer the check, and why. `make test` runs all checks on the
emulator. A check that the emulator cannot answer counts as neither passed nor failed.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(read()), encoding="utf-8")


def text(behaviours: Iterable[Behaviour]) -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for group, members in groupby(behaviours, key=lambda each: each.group):
        rows = [(each.text, _relies(each), each.source, _test(each), _check(each)) for each in members]
        heads = ("AWS does this", "Relied on by", "Source", "Test on this machine", "Check of `make verify-aws`")
        parts.append(f"\n## {HEADINGS[group]}\n\n{table(heads, rows)}")
    return "".join(parts)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _relies(each: Behaviour) -> str:
    files = dict.fromkeys(place.partition(": ")[0] for place in each.relies)
    return ", ".join(f"[{Path(file).name}]({_link(file)})" for file in files)


def _test(each: Behaviour) -> str:
    file, _, name = each.test.partition(": ")
    return f"[{name}]({_link(f'tests/{file}')})"


def _check(each: Behaviour) -> str:
    if each.unchecked:
        return f"none. {each.unchecked}"
    return f"`{each.id}`" + (f". Not here: {each.not_here}." if each.not_here else "")


def _link(file: str) -> str:
    return file.removeprefix("docs/") if file.startswith("docs/") else f"../{file}"


if __name__ == "__main__":
    main()
