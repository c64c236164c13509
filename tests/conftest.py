"""Keeps all tests off AWS: the credentials are made up, and only connections to this machine are allowed."""

import functools
import ipaddress
import os
import signal
import socket
from pathlib import Path

import botocore.session
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# Other workers of pytest use the same processors, so one example can take long by chance.
settings.register_profile("shared processors", deadline=None)
settings.load_profile("shared processors")

# All sessions of boto3 have one loader. With one each, they read the models of their services anew, which took most of
# the time of many tests.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# A shell starts background jobs with SIGINT ignored, and nohup starts them without SIGHUP. Their children inherit that.
# Tests send both signals to children.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "sales-data-projection",
    "SAM_CLI_TELEMETRY": "0",
}


def pytest_xdist_make_scheduler(config, log):
    return Scheduler(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """Say last what to change beside the columns: many other tests fail for the same reason."""
    result = yield
    reports = [each for each in terminalreporter.getreports("failed") if "unit/columns/test_samples.py" in each.nodeid]
    if reports:
        terminalreporter.section("START HERE: other tests fail for the same reason")
    for report in reports:
        terminalreporter.write_line(report.longreprtext)
    return result


class Scheduler(LoadScopeScheduling):
    """Gives each folder of tests/e2e to one worker, which starts an emulator; gives out the other tests one by one."""

    def _split_scope(self, nodeid):
        file, _, _ = nodeid.partition("::")  # a parameter may have a slash in it
        return str(Path(file).parent) if file.startswith("tests/e2e/") else nodeid


@pytest.fixture(autouse=True, scope="session")
def _loopback_only():
    resolve = socket.getaddrinfo

    def loopback(host):
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def guarded(call):
        def guarded_call(self, *arguments):
            address = arguments[-1]
            if self.family in (socket.AF_INET, socket.AF_INET6) and not loopback(address[0]):
                raise PermissionError(f"A test tried to reach {address}: tests stay on this machine.")
            return call(self, *arguments)

        return guarded_call

    def guarded_resolve(host, *args, **kwargs):
        if host is not None and not loopback(host if isinstance(host, str) else host.decode()):
            raise PermissionError(f"A test tried to look up {host!r}: tests stay on this machine.")
        return resolve(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield
