"""`make verify-aws`: checks on AWS what this pipeline relies on AWS to do."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from common.aws_errors import explain
from common.files import write_output
from common.printable import visible
from sales_pipeline.errors import SalesError
from verify_aws import behaviours, leftover, question
from verify_aws.names import Names, can_name
from verify_aws.pipeline import Place
from verify_aws.report import to_markdown
from verify_aws.run import Run, say, verify
from verify_aws.sam import Sam

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
# With change columns, so that changes and deletions are rows too, and with a dashboard. The others are as by default: a
# check changes them, and the deploy of a stack that was kept changes them back.
PARAMETERS = {
    "ChangeColumns": "APPEND",
    "Dashboard": "CREATE",
    "Architecture": "x86_64",
    "CrawlerSchedule": "cron(10 0/6 * * ? *)",
}
STOPPED = 130
# Each check asks often, in an account where others ask too. An hour's run must not fail because AWS throttles a call.
PATIENCE = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "10"}


def main() -> int:
    """Ask once, run, and write the report. Returns 0 if all was shown, 1 if not, and 130 after Ctrl-C."""
    arguments = _parser().parse_args()
    names = Names(arguments.name)
    # SIGTERM, and the end of the terminal, end a run as Ctrl-C does.
    for name in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(name) is not signal.SIG_IGN:  # nohup ignores the end of the terminal
            signal.signal(name, signal.default_int_handler)
    for variable, value in PATIENCE.items():
        os.environ.setdefault(variable, value)
    has_begun = False
    try:
        session = boto3.Session(profile_name=arguments.profile or None, region_name=arguments.region or None)
        found = leftover.look(session, names)
        choice = "d" if arguments.yes else question.ask(found, names, question.place(session), arguments.report)
        if not choice:
            say("Nothing was done.")
            return 0
        log = arguments.report.with_name(f"{arguments.report.stem}-sam.log")
        _prepare(arguments.report, log)
        options = [
            *(("--profile", arguments.profile) if arguments.profile else ()),
            *(("--region", session.region_name) if session.region_name else ()),
        ]
        has_begun = True
        with tempfile.TemporaryDirectory(prefix="verify-aws-", ignore_cleanup_errors=True) as folder:
            environment = os.environ | {"SAM_CLI_TELEMETRY": "0"}
            sam = Sam(TEMPLATE, Path(folder), log, environment, options)
            if found and choice == "u":
                names = replace(names, run=found.run or names.run)
            elif found:
                leftover.remove(session, sam, names, say)
            say("sam build …")
            write = partial(_write, arguments.report)
            run = verify(
                session, sam.build(), names, Place(PARAMETERS), behaviours.read(), keep=arguments.keep, note=write
            )
    except KeyboardInterrupt:
        left = f"If a stack {names.stack} is left, run this again: it asks whether to delete it."
        say(f"Stopped. {left if has_begun else 'Nothing was done.'}")
        return STOPPED
    except (SalesError, OSError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"Error: {visible(_advice(error, arguments))}\n")
        return 1
    return finish(run, arguments.report)


def _advice(error: Exception, arguments: argparse.Namespace) -> str:
    """Return one line about an error that says what to do next."""
    if not isinstance(error, ClientError | BotoCoreError):
        return str(error)
    place = f"region {arguments.region}" if arguments.region else "the default region"
    text = explain(error, what=f"stack {arguments.name}", place=place, options=(), profile=arguments.profile)
    return text.replace("AWS_PROFILE", "PROFILE=…").replace("AWS_REGION", "REGION=…")


def _prepare(report: Path, log: Path) -> None:
    """Set an earlier report and log aside, and make sure that the new report can be written. Raises OSError."""
    for each in (report, log):
        if each.is_file():
            at = datetime.fromtimestamp(each.stat().st_mtime, UTC)
            each.rename(each.with_stem(f"{each.stem}-{at:%Y%m%d-%H%M%S}"))
    if not report.exists():
        report.touch()
        report.unlink()


def finish(run: Run, path: Path) -> int:
    """Write the report, say where it is, and return the exit code. What cannot be written is said."""
    if _write(path, run):
        say(f"Report: {path}")
        return STOPPED if run.was_stopped else run.exit_code()
    say(to_markdown(run, datetime.now(UTC), _version()))
    return STOPPED if run.was_stopped else 1


def _write(path: Path, run: Run) -> bool:
    """Write the report; say what prevents it."""
    try:
        write_output(path, to_markdown(run, datetime.now(UTC), _version()))
    except OSError as error:
        say(f"The report cannot be written: {error}")
        return False
    return True


@cache
def _version() -> str:
    """Return the version, and the commit of the clone if git tells it."""
    git = shutil.which("git")
    command = [git or "git", "-C", str(TEMPLATE.parent), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() if git else ""  # noqa: S603
    return f"{version('sales-data-projection')} {commit}".strip()


def _name(text: str) -> str:
    if not can_name(text):
        raise argparse.ArgumentTypeError("a name begins with a letter, and has at most 71 letters, digits and hyphens")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make verify-aws", description=__doc__)
    parser.add_argument("--profile", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--name", type=_name, default="sales-verify", help="name of the stack, and of all else")
    parser.add_argument("--keep", action="store_true", help="do not delete the stack")
    parser.add_argument("--yes", action="store_true", help="do not ask; delete what an earlier run left")
    parser.add_argument("--report", type=Path, default=Path("verify-aws-report.md"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
