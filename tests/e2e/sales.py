"""Runs `sales` as a person does: in a process of its own, with a SALES_HOME of its own."""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import boto3

SALES = Path(sys.executable).with_name("sales")
START_SECONDS = 60
COMMAND_SECONDS = 60
END_SECONDS = 10


def environment(home, **settings):
    """Return a command's environment: SALES_HOME, TMPDIR (no file may stay in it), and no way to a real account."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    own = {"SALES_HOME": str(home / "sales"), "TMPDIR": str(home / "tmp"), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    return os.environ | own | settings


def hostile(home):
    """Return what a caller can have set that leads away from this machine, or nowhere."""
    elsewhere = "http://127.0.0.1:9"
    config = home / "aws-config"
    config.write_text(
        f"[default]\nendpoint_url = {elsewhere}\nignore_configured_endpoint_urls = true\nregion = eu-west-1\n"
        f"services = other\ncredential_process = false\n[services other]\ns3 =\n  endpoint_url = {elsewhere}\n"
    )
    services = ("CLOUDFORMATION", "DYNAMODB", "FIREHOSE", "KINESIS", "LAMBDA", "S3", "STS")
    return {
        **{f"AWS_ENDPOINT_URL_{service}": elsewhere for service in services},
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), elsewhere),
        "AWS_CA_BUNDLE": "/nowhere",
        "AWS_CONFIG_FILE": str(config),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PROFILE": "nobody",
        "AWS_REGION": "eu-west-1",
        "AWS_SESSION_TOKEN": "theirs",
        "BOTO_CONFIG": "/nowhere",
        "SAM_TEMPLATE_FILE": "/nowhere",
    }


class Run:
    """A command that runs in the background, in a session of its own as in a terminal; keeps its output.

    Its caller's environment leads elsewhere in all ways that there are.
    """

    def __init__(self, home, *arguments):
        self.home = home
        self.log_path = home / f"{arguments[0]}.out"
        variables = environment(home, **hostile(home))
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [SALES, *arguments], env=variables, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def printed(self):
        return self.log_path.read_text()

    def wait_for(self, text):
        deadline = time.monotonic() + START_SECONDS
        while text not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, f"{text!r} not within {START_SECONDS} s: {self.printed}"
            time.sleep(0.05)

    def end(self, number):
        """Send a signal to its process group, as a terminal does; return the exit code and the seconds it took."""
        start = time.monotonic()
        os.killpg(self.process.pid, number)
        return self.process.wait(END_SECONDS), time.monotonic() - start


def left_processes(home):
    """Processes that run with this SALES_HOME, or whatever inherited or was given a path in its folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # it has gone, or is not ours
            continue
        if os.fsencode(home) in words and state != "Z" and int(process.name) != os.getpid():
            found.append((process.name, (process / "cmdline").read_bytes()))
    return found


def exported(run):
    """Return the variables that `sales env` exports."""
    ended = sales(run.home, "env")
    assert (ended.returncode, ended.stderr) == (0, "")
    words = [word for line in ended.stdout.splitlines() for word in shlex.split(line) if line.startswith("export ")]
    return dict(word.split("=", 1) for word in words if word != "export")


def shorten_buffers(variables):
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_DEFAULT_REGION"]
    )
    firehose = session.client("firehose", endpoint_url=variables["AWS_ENDPOINT_URL"])
    [name] = firehose.list_delivery_streams()["DeliveryStreamNames"]
    described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=described["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 1}},
    )


def sales(home, *arguments, text=None, **settings):
    return subprocess.run(
        [SALES, *arguments],
        env=environment(home, **settings),
        input=text,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


@contextmanager
def quick_up(home):
    """Run `sales up` until it is ready, with Firehose's buffers short, changed as one would change them on AWS."""
    run = Run(home, "up")
    try:
        run.wait_for("sales env")
        shorten_buffers(exported(run))
        yield run
    finally:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGTERM)
            run.process.wait(END_SECONDS)
