"""`make verify-aws`: checks on AWS what this pipeline relies on AWS to do."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.aws_errors import explain
from sales_pipeline.errors import SalesError
from verify_aws import behaviours, costs, leftover
from verify_aws.leftover import Leftover
from verify_aws.names import Names
from verify_aws.pipeline import Place
from verify_aws.report import to_markdown
from verify_aws.run import Run, say, verify
from verify_aws.sam import Sam

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
# With change columns, so that changes and deletions are rows too. Everything else is as by default.
PARAMETERS = {"ChangeColumns": "APPEND"}
STOPPED = 130


def main() -> int:
    """Ask once, run, and write the report. Returns 0 if all was shown, 1 if not, and 130 after Ctrl-C."""
    arguments = _parser().parse_args()
    names = Names(arguments.name)
    # SIGTERM ends a run as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        session = boto3.Session(profile_name=arguments.profile or None, region_name=arguments.region or None)
        found = leftover.look(session, names)
        choice = "d" if arguments.yes else ask(found, names, session.region_name)
        if choice not in {"d", "y", "u"} or (choice == "u" and not found):
            say("Nothing was done.")
            return 0
        options = [
            *(("--profile", arguments.profile) if arguments.profile else ()),
            *(("--region", session.region_name) if session.region_name else ()),
        ]
        with tempfile.TemporaryDirectory(prefix="verify-aws-") as folder:
            environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
            sam = Sam(TEMPLATE, Path(folder), environment, options)
            if found and choice != "u":
                leftover.remove(session, sam, names, say)
            say("sam build …")
            place = Place(PARAMETERS)
            run = verify(session, sam.build(), names, place, behaviours.read(), keep=arguments.keep)
    except KeyboardInterrupt:
        say(f"Stopped. If a stack {names.stack} is left, run this again: it asks whether to delete it.")
        return STOPPED
    except SalesError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except (ClientError, BotoCoreError) as error:
        place_text = f"region {arguments.region}" if arguments.region else "the default region"
        text = explain(error, what=f"stack {names.stack}", place=place_text, options=(), profile=arguments.profile)
        sys.stderr.write(f"Error: {text}\n")
        return 1
    return finish(run, arguments.report)


def finish(run: Run, path: Path) -> int:
    """Write the report, say where it is, and return the exit code."""
    path.write_text(to_markdown(run, datetime.now(UTC), _version()), encoding="utf-8")
    say(f"Report: {path}")
    return STOPPED if run.was_stopped else run.exit_code()


def _version() -> str:
    """Return the version, and the commit of the clone if git tells it."""
    git = shutil.which("git")
    command = [git or "git", "-C", str(TEMPLATE.parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() if git else ""  # noqa: S603
    return f"{version('sales-data-projection')} {commit}".strip()


def ask(found: Leftover | None, names: Names, region: str | None) -> str:
    """Say what a run does, takes and costs, and what an earlier one left; return the answer's first letter."""
    say(
        f"This deploys the stack {names.stack} in {region}, checks it, and deletes it. It touches nothing else.\n"
        f"It takes about {costs.MINUTES} minutes and costs about {costs.usd():.2f} USD.\n"
        "SAM keeps the uploads in a bucket of its own, which it makes if there is none, and which stays."
    )
    if not found:
        question = "Start? [y/N] "
    else:
        say(f"An earlier run left the stack {names.stack}: {found.status}, made {found.created:%Y-%m-%d %H:%M} UTC.")
        question = "Delete it and start anew, use it, or stop? [d/u/N] "
    sys.stdout.write(question)
    sys.stdout.flush()
    answer = sys.stdin.readline().strip().lower()[:1]
    # "y" is no answer to the second question: it does not say whether to delete.
    return answer if answer in ({"d", "u"} if found else {"y"}) else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make verify-aws", description=__doc__)
    parser.add_argument("--profile", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--name", default="sales-verify", help="name of the stack, and beginning of all other names")
    parser.add_argument("--keep", action="store_true", help="do not delete the stack")
    parser.add_argument("--yes", action="store_true", help="do not ask; delete what an earlier run left")
    parser.add_argument("--report", type=Path, default=Path("verify-aws-report.md"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
