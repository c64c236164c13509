"""What a person is told and asked before a run begins."""

import sys
from pathlib import Path

import boto3

from sales_pipeline.errors import SalesError
from sales_pipeline.plan import prices
from verify_aws import costs
from verify_aws.leftover import Leftover
from verify_aws.names import Names
from verify_aws.run import say


def place(session: boto3.Session) -> str:
    """Return the account and the region of a session, for a person. Raises boto3's errors."""
    return f"account {session.client('sts').get_caller_identity()['Account']}, {session.region_name}"


def ask(found: Leftover | None, names: Names, where: str, report: Path) -> str:
    """Say what a run does, takes and costs, and what an earlier one left; return the answer's first letter.

    Raises SalesError where nobody can answer.
    """
    say(
        f"This deploys the stack {names.stack} in {where}, checks it, and deletes it. It touches nothing else.\n"
        f"It takes about {costs.MINUTES} minutes, and up to {costs.HOURS_MOST} hours where AWS is slow. "
        "Your credentials must stay valid for that time.\n"
        f"It costs about {costs.usd():.2f} USD, and up to {costs.usd(costs.HOURS_MOST):.2f} USD in {costs.HOURS_MOST} "
        f"hours, at the prices of {prices.REGION}.\n"
        "SAM keeps the uploads in a bucket of its own, which it makes if there is none, and which stays.\n"
        f"The report is {report}. An earlier one is kept under another name."
    )
    answers = {"y"}
    question = "Start? [y/N] "
    if found:
        say(
            f"There is a stack {names.stack} of another run: {found.status}, made {found.created:%Y-%m-%d %H:%M} UTC. "
            "If that run still goes on, stop here."
        )
        answers = {"d", "u"} if found.is_usable else {"d"}
        use = ", use it" if found.is_usable else ""
        question = f"Delete it and start anew{use}, or stop? [{'/'.join(sorted(answers))}/N] "
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:
        raise SalesError("nobody can answer: there is no terminal. Answer beforehand with YES=1")
    answer = line.strip().lower()[:1]
    # "y" is no answer to the second question: it does not say whether to delete.
    return answer if answer in answers else ""
