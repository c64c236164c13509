"""A browser is installed only where there is none, in the way that the user may, and after it was said."""

import subprocess
import sys

import pytest

from tests import chromium

APT = "apt-get --quiet --quiet install --yes --no-install-recommends chromium"
PLAYWRIGHT = f"{sys.executable} -m playwright install --only-shell chromium"


class Machine:
    """A machine on which these programs are there, and these commands succeed."""

    def __init__(self, monkeypatch):
        self.programs, self.working, self.succeeding, self.commands = {}, set(), set(), []
        self.installed_by, self.user, self.system = {}, 1000, "debian"
        monkeypatch.delenv("CHROMIUM", raising=False)
        monkeypatch.setattr(chromium, "works", lambda path: path in self.working)
        monkeypatch.setattr(chromium.shutil, "which", self.programs.get)
        monkeypatch.setattr(chromium.os, "geteuid", lambda: self.user)
        monkeypatch.setattr(chromium.platform, "freedesktop_os_release", lambda: {"ID": self.system})
        monkeypatch.setattr(chromium.subprocess, "run", self.run)

    def run(self, command, **_):
        text = " ".join(command)
        self.commands.append(text)
        if text in self.installed_by:
            self.working.add(self.installed_by[text])
            self.programs["chromium"] = "/usr/bin/chromium"
        return subprocess.CompletedProcess(command, text not in self.succeeding and text not in self.installed_by)


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_a_browser_that_is_there_is_taken_and_nothing_is_installed(machine, tmp_path, capsys):
    machine.programs |= {"chromium-browser": "/usr/bin/chromium-browser", "google-chrome": "/opt/chrome"}
    machine.working.add("/opt/chrome")  # on Ubuntu, chromium-browser may only say how to install it
    assert chromium.main(tmp_path / "record") == 0
    assert (tmp_path / "record").read_text() == "/opt/chrome\n"
    assert (machine.commands, capsys.readouterr().err) == ([], "")


def test_the_one_that_somebody_names_is_taken_or_refused(machine, tmp_path, monkeypatch):
    machine.working |= {"/mine", chromium.OWN}
    monkeypatch.setenv("CHROMIUM", "/mine")
    assert chromium.find() == "/mine"
    monkeypatch.setenv("CHROMIUM", "/broken")
    with pytest.raises(SystemExit, match="CHROMIUM=/broken does not start"):
        chromium.main(tmp_path / "record")


@pytest.mark.parametrize(("user", "prefix"), [(0, ""), (1000, "sudo --non-interactive ")])
def test_debian_s_package_is_installed_where_no_password_is_needed(machine, tmp_path, capsys, user, prefix):
    machine.user = user
    machine.programs["sudo"] = "/usr/bin/sudo"
    machine.succeeding.add("sudo --non-interactive true")
    machine.installed_by[f"{prefix}{APT}"] = "/usr/bin/chromium"
    assert chromium.main(tmp_path / "record") == 0
    assert (tmp_path / "record").read_text() == "/usr/bin/chromium\n"
    assert machine.commands[-1] == f"{prefix}{APT}"
    said = capsys.readouterr().err
    assert "none is installed here: installing Debian's package chromium with apt-get" in said
    assert "set CHROMIUM=/path/to/it" in said


@pytest.mark.parametrize(
    ("system", "programs"), [("debian", {}), ("debian", {"sudo": "/usr/bin/sudo"}), ("fedora", {})]
)
def test_playwright_s_own_is_downloaded_elsewhere(machine, tmp_path, capsys, system, programs):
    machine.system = system
    machine.programs |= programs
    machine.installed_by[PLAYWRIGHT] = chromium.OWN
    assert chromium.main(tmp_path / "record") == 0
    assert (tmp_path / "record").read_text() == "\n"
    assert not [each for each in machine.commands if "apt-get" in each]
    assert "downloading Playwright's own into your cache" in capsys.readouterr().err


def test_playwright_s_own_is_downloaded_where_the_package_can_t_be_installed(machine, tmp_path):
    machine.user = 0
    machine.installed_by[PLAYWRIGHT] = chromium.OWN
    assert chromium.main(tmp_path / "record") == 0
    assert machine.commands == [APT, "apt-get --quiet --quiet update", PLAYWRIGHT]


def test_without_any_way_it_says_what_to_do(machine, tmp_path, capsys):
    assert chromium.main(tmp_path / "record") == 1
    assert not (tmp_path / "record").exists()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "error: no browser could be installed. Install Chromium or Chrome, and run this again"
    assert machine.commands == [PLAYWRIGHT]


def test_what_make_found_is_taken_while_it_is_there(machine, tmp_path, monkeypatch):
    there = tmp_path / "browser"
    there.touch()
    monkeypatch.setattr(chromium, "RECORD", tmp_path / "record")
    machine.working.add(chromium.OWN)
    assert chromium.recorded() == chromium.OWN
    chromium.RECORD.write_text(f"{there}\n")
    assert chromium.recorded() == str(there)
    there.unlink()
    assert chromium.recorded() == chromium.OWN
