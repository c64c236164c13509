"""Finds a Chromium or Chrome for the browser tests; where none is installed, installs one, and says so first.

`python -m tests.chromium FILE` writes to FILE which one it is. It takes the one that the environment variable CHROMIUM
names, one that is installed, or Playwright's own. Where there is none, it installs Debian's package if this is Debian
and the user may do that without a password, and otherwise downloads Playwright's own into the user's cache.
"""

import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OWN = ""
"""Stands for Playwright's own Chromium, which has no path that one need know."""
RECORD = Path(sys.prefix) / "chromium"
ARGUMENTS = (
    *("--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-quic"),
    *("--disable-sync", "--no-first-run"),
)
_OTHER = "To use another one, stop this with Ctrl-C and set CHROMIUM=/path/to/it."


@contextmanager
def launched(path):
    """Run a browser without a screen. Raises playwright's Error where it does not start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path or None, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def works(path):
    """Say whether the browser starts and shows a page: on Ubuntu, a script of that name may only tell to install it."""
    try:
        with launched(path) as browser:
            browser.new_page().set_content("<p>works</p>")
    except Error:
        return False
    return True


def find():
    """Return the path of a browser that works, or OWN; None if there is none. Exits if CHROMIUM names none."""
    if named := os.environ.get("CHROMIUM"):
        if works(named):
            return named
        sys.exit(f"error: CHROMIUM={named} does not start: name another Chromium or Chrome, or unset it")
    paths = [path for name in NAMES if (path := shutil.which(name))]
    return next((path for path in (*paths, OWN) if works(path)), None)


def recorded():
    """Return what `make` found or installed; where that is gone, or nobody asked `make`, what is there now."""
    if RECORD.is_file():
        path = RECORD.read_text().strip()
        if path == OWN or Path(path).exists():
            return path
    return find()


def administrator():
    """Return what a command of the administrator begins with; None if the user may run none without a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    return sudo if shutil.which("sudo") and _run(*sudo, "true", stderr=subprocess.DEVNULL) else None


def install():
    """Install a browser, by Debian's package if that may be. Return whether that did not fail."""
    as_administrator = administrator() if _is_debian() else None
    if as_administrator is not None:
        apt = [*as_administrator, "apt-get", "--quiet", "--quiet"]
        _say(f"installing Debian's package chromium with apt-get (some 300 MB). {_OTHER}")
        command = [*apt, "install", "--yes", "--no-install-recommends", "chromium"]
        if _run(*command) or (_run(*apt, "update") and _run(*command)):
            return True
    _say(f"downloading Playwright's own into your cache, ~/.cache/ms-playwright (some 200 MB). {_OTHER}")
    return _run(sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")


def main(record):
    """Find or install a browser, and write down which one it is. Return an exit code."""
    found = find()
    if found is None:
        install()
        found = find()
    if found is None:
        sys.stderr.write("error: no browser could be installed. Install Chromium or Chrome, and run this again\n")
        return 1
    Path(record).write_text(f"{found}\n")
    return 0


def _is_debian():
    try:
        return platform.freedesktop_os_release()["ID"] == "debian"
    except (OSError, KeyError):
        return False


def _say(text):
    sys.stderr.write(f"The browser tests need Chromium or Chrome, and none is installed here: {text}\n")


def _run(*command, stderr=None):
    """Run a command, whose output goes to stderr. Return whether it succeeded."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=environment, stdout=sys.stderr, stderr=stderr, check=False)
    except OSError:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
