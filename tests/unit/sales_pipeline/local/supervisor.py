"""Runs the real supervisor, `python -m local_aws.workers`, over stand-ins that only report that they work."""

import os
import subprocess
import sys

from local_aws import stand_ins, workers

STAND_IN = """
import os, sys, time
name, report_fd = sys.argv[1:]
if name not in (os.environ["SILENT"], os.environ.get("FAILING")):
    os.write(int(report_fd), (os.environ.get("PROBLEM", "") + "\\n").encode())
if os.environ.get("FAILING") == name:
    print("2026-11-26 10:00:00,000 ERROR [Errno 28] No space left on device: 'settings.json'", flush=True)
    sys.exit(1)
while True:
    os.write(int(report_fd), b" \\n")
    time.sleep(0.1)
"""


class StandIn(subprocess.Popen):
    """A stand-in's process; its command line ends with its name and the file descriptor for its reports."""

    def __init__(self, command, **options):
        name, report_fd = command[2].removeprefix("local_aws."), command[command.index("--report-fd") + 1]
        super().__init__([sys.executable, "-c", STAND_IN, name, report_fd], env=os.environ, **options)


if __name__ == "__main__":
    workers.subprocess.Popen = StandIn
    stand_ins.ANSWER_SECONDS = float(os.environ.get("ANSWER_SECONDS", "30"))
    workers.WRITE_SECONDS = 0.1
    workers.LOOK_SECONDS = 0.02
    workers.FIRST_RESTART_SECONDS = 0.2
    sys.exit(workers.main())
