"""The report of a run, in Markdown, without account numbers. Pure: no AWS, environment or clock."""

import re
from datetime import datetime

from common.printable import visible
from verify_aws.page import table
from verify_aws.run import Outcome, Result, Run

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_KEY = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")
_EVIDENCE_CHARACTERS = 600


def to_markdown(run: Run, at: datetime, version: str) -> str:
    """Return the report. What failed is first."""
    counts = ", ".join(f"{run.count(each)} {each}" for each in Outcome)
    lines = [
        f"- When: {at:%Y-%m-%d %H:%M} UTC, {run.seconds / 60:.0f} minutes",
        f"- Where: {run.region}, stack {run.names.stack}",
        f"- Version: {version}",
        *([f"- It ended early: {run.problem}"] if run.problem else []),
        *(["- The stack was kept."] if run.kept else []),
    ]
    text = f"# Report of `make verify-aws`\n\n**{counts}.**\n\n{chr(10).join(lines)}\n"
    for outcome in (Outcome.failed, Outcome.shown, Outcome.not_answerable, Outcome.not_run):
        rows = [_row(each) for each in run.results if each.outcome is outcome]
        if rows:
            heads = ("Behaviour", "AWS does this", "Seen", "Took")
            text += f"\n## {outcome[0].upper()}{outcome[1:]}\n\n{table(heads, rows)}"
    return without_accounts(text, run.account)


def without_accounts(text: str, account: str) -> str:
    """Return the text without the account's number, without all that may be one, and without access key ids."""
    if account.isdigit():
        text = text.replace(account, "(account)")
    return _KEY.sub("(key)", _ACCOUNT.sub("(account)", text))


def _row(result: Result) -> tuple[str, str, str, str]:
    took = f"{result.seconds:.0f} s" if result.seconds >= 1 else ""
    seen = visible(result.evidence)[:_EVIDENCE_CHARACTERS]
    return f"`{result.behaviour.id}`", result.behaviour.text, seen, took
