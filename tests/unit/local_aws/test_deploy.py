"""The local copy of the template differs from it only where the emulator needs it."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_aws import deploy, disk, emulator
from local_aws.deploy import Sam, adapt
from tests.unit.events import load
from tests.unit.template.parsed import TEMPLATE, references

MINUTE = datetime(2026, 11, 22, 16, 26, tzinfo=UTC)


def test_only_alarms_on_an_expression_are_left_out_and_nothing_refers_to_them():
    adapted = adapt(TEMPLATE, MINUTE)
    left_out = TEMPLATE["Resources"].keys() - adapted["Resources"].keys()
    assert left_out
    assert all("Expression" in str(TEMPLATE["Resources"][name]["Properties"]["Metrics"]) for name in left_out)
    assert not references(adapted) & left_out


def test_only_the_stream_actions_that_are_granted_are_widened():
    granted = {"Effect": "Allow", "Action": ["dynamodb:ListStreams", "dynamodb:Scan"], "Resource": "arn"}
    trust = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties = {
        "AssumeRolePolicyDocument": {"Statement": [trust]},
        "Policies": [{"PolicyDocument": {"Statement": [granted]}}],
    }
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}}

    adapted = adapt(template, MINUTE)["Resources"]["Role"]["Properties"]

    widened = {"Effect": "Allow", "Action": ["dynamodb:ListStreams"], "Resource": "*"}
    assert adapted["Policies"][0]["PolicyDocument"]["Statement"] == [granted, widened]
    assert adapted["AssumeRolePolicyDocument"]["Statement"][0] == trust
    assert properties["Policies"][0]["PolicyDocument"]["Statement"] == [granted]


def test_the_schedules_time_is_filled_in():
    schedule = adapt(TEMPLATE, MINUTE)["Resources"]["GeneratorSchedule"]["Properties"]
    assert json.loads(schedule["Target"]["Input"]) == load("scheduler")


def test_a_full_disk_is_said_with_its_folder_and_not_in_the_words_of_sam(tmp_path, monkeypatch):
    def start(_directory, _command, _environment, log):
        log.write(b"Error: CustomMakeBuilder:CopySource - [Errno 28] No space left on device: 'a' -> 'b'\n")
        return SimpleNamespace(wait=lambda _: 1, stop=lambda: None)

    monkeypatch.setattr(deploy.guard, "start", start)
    running = emulator.Emulator("http://127.0.0.1:1", tmp_path / "emulator.log", None, emulator.Key())
    sam = Sam(running, tmp_path, tmp_path / "sam.log")
    for free_bytes, folder in ((0, tempfile.gettempdir()), (10**9, tmp_path)):
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _, free=free_bytes: SimpleNamespace(free=free))
        with pytest.raises(deploy.DeployError, match=f"The disk that holds {folder} is full: free some space") as full:
            sam.build(Path("template.yaml"))
        assert "CopySource" not in str(full.value)


def test_only_the_build_sees_the_callers_proxies(tmp_path, monkeypatch):
    """It installs packages. The others talk to the emulator only."""
    proxies = {"HTTPS_PROXY": "http://proxy.example:8080"}
    monkeypatch.setenv("HTTPS_PROXY", "http://other.example")
    seen = {}

    def start(_directory, command, environment, _log):
        seen[command[3]] = environment
        raise KeyboardInterrupt

    monkeypatch.setattr(deploy.guard, "start", start)
    running = emulator.Emulator("http://127.0.0.1:1", tmp_path / "emulator.log", None, emulator.Key())
    sam = Sam(running, tmp_path, tmp_path / "sam.log", proxies)
    for call in (lambda: sam.build(Path("template.yaml")), lambda: sam.deploy(Path("template.yaml"), "name", {})):
        with pytest.raises(KeyboardInterrupt):
            call()

    assert seen["build"]["HTTPS_PROXY"] == proxies["HTTPS_PROXY"]
    assert "HTTPS_PROXY" not in seen["deploy"]
