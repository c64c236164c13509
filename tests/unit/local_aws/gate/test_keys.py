"""Keys of this run, and those that MiniStack's IAM and STS gave out, have a secret; its own root keys have none."""

import time

import pytest
from ministack.services import iam, sts

from local_aws.gate import keys
from local_aws.gate.rules import UNKNOWN_KEY, Refusal

ACCOUNT = "000000000000"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    monkeypatch.setattr(sts, "_sessions", {})


@pytest.mark.parametrize("key_id", ["", "test", ACCOUNT, "123456789012", "AKIAXXXXXXXXXXXXXXXX"])
def test_the_root_keys_that_everybody_knows_have_no_secret(key_id):
    assert keys.secret_of(key_id, "") == UNKNOWN_KEY


def test_this_runs_key_is_that_of_the_root_user():
    keys.register_root("LOCALKEY", "its secret")
    assert keys.secret_of("LOCALKEY", "") == "its secret"
    assert isinstance(keys.secret_of("LOCALKEY", "a token"), Refusal)
    assert isinstance(keys.secret_of("localkey", ""), Refusal)


def test_a_session_needs_its_token_and_expires():
    session = {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", "SecretAccessKey": "its secret", "SessionToken": "t"}
    sts.register_session("ASIASESSION", {**session, "Expiration": time.time() + 60})
    assert keys.secret_of("ASIASESSION", "t") == "its secret"
    assert isinstance(keys.secret_of("ASIASESSION", ""), Refusal)
    assert isinstance(keys.secret_of("ASIASESSION", "other"), Refusal)
    sts.register_session("ASIAEXPIRED", {**session, "Expiration": time.time() - 1})
    assert keys.secret_of("ASIAEXPIRED", "t").code == "ExpiredTokenException"


def test_a_users_key_counts_while_it_is_active(monkeypatch):
    record = {"UserName": "u", "SecretAccessKey": "its secret", "Status": "Active"}
    monkeypatch.setitem(iam._access_keys, "AKIAUSER", record)
    assert keys.secret_of("AKIAUSER", "") == "its secret"
    record["Status"] = "Inactive"
    assert isinstance(keys.secret_of("AKIAUSER", ""), Refusal)
    del iam._access_keys["AKIAUSER"]
    assert keys.secret_of("AKIAUSER", "") == UNKNOWN_KEY
    monkeypatch.setitem(iam._access_keys, "AKIAUSER", record)  # the fixture removes it
