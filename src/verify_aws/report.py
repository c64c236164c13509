"""The report of a run, in Markdown, without account numbers and names of people. Pure: no AWS, environment or clock."""

import re
from datetime import datetime

from common.printable import visible
from verify_aws.page import table
from verify_aws.run import Outcome, Result, Run

_EVIDENCE_CHARACTERS = 600
_WORD = r"[^\s\"'`,;()<>\[\]{}|/]+"
_ARN = r"arn:[\w-]+:(?:iam|sts)::[^:\s]*:"


def _names(stack: str) -> dict[str, str]:
    """Return the forms of what tells who ran this, by what stands for it in the report.

    The order counts: an ARN holds an account's number, and can hold an e-mail address.
    """
    return {
        "(e-mail)": r"[\w.+=-]+@[\w-]+(?:\.[\w-]+)+",
        # arn:aws:iam::123456789012:user/division/jane
        r"\1(name)": rf"({_ARN}(?:user|federated-user)/){_WORD}(?:/{_WORD})*",
        # arn:aws:sts::123456789012:assumed-role/role/session
        r"\1/(session)": rf"({_ARN}assumed-role/{_WORD})/{_WORD}",
        # The name of a role of the stack says what was denied. The names of others are nobody's business.
        r"\1(role)": rf"({_ARN}(?:assumed-role|role)/)(?!{re.escape(stack)}-){_WORD}(?:/{_WORD})*",
        "(id)": rf"\bA(?:RO|ID|GP|NP)A[0-9A-Z]{{12,}}(?::{_WORD})?",
        "(key)": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        "~": rf"(?:/home|/Users)/{_WORD}",
        "(account)": r"(?<!\d)\d{12}(?!\d)",
    }


def to_markdown(run: Run, at: datetime, version: str) -> str:
    """Return the report. What failed is first."""
    counts = ", ".join(f"{run.count(each)} {each}" for each in Outcome)
    lines = [
        f"- When: {at:%Y-%m-%d %H:%M} UTC, {run.seconds / 60:.0f} minutes",
        f"- Where: {run.region}, stack {run.names.stack}",
        f"- Version: {version}",
        *([] if run.is_over else ["- It had not ended when this was written."]),
        *([f"- It ended early: {visible(anonymous(run.problem, run))}"] if run.problem else []),
        *(["- The stack was kept."] if run.kept else []),
    ]
    text = f"# Report of `make verify-aws`\n\n**{counts}.**\n\n{chr(10).join(lines)}\n"
    for outcome in (Outcome.failed, Outcome.shown, Outcome.not_answerable, Outcome.not_run):
        rows = [_row(each, run) for each in run.results if each.outcome is outcome]
        if rows:
            heads = ("Behaviour", "AWS does this", "Seen", "Took")
            text += f"\n## {outcome[0].upper()}{outcome[1:]}\n\n{table(heads, rows)}"
    return text


def anonymous(text: str, run: Run) -> str:
    """Return the text without what tells whose account it is from, and who ran this.

    These are the numbers of accounts, e-mail addresses, names of users, of sessions and of roles other than the
    stack's, ids of users and keys, and folders of users.
    """
    if run.account.isdigit():
        text = text.replace(run.account, "(account)")
    for stand_in, form in _names(run.names.stack).items():
        text = re.sub(form, stand_in, text)
    return text


def _row(result: Result, run: Run) -> tuple[str, str, str, str]:
    took = f"{result.seconds:.0f} s" if result.seconds >= 1 else ""
    # First anonymous, then cut: a part of a number is not known for one.
    seen = visible(anonymous(result.evidence, run))[:_EVIDENCE_CHARACTERS]
    return f"`{result.behaviour.id}`", result.behaviour.text, seen, took
