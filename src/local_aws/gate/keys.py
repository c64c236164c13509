"""The access keys that MiniStack knows, and how this run's own key becomes one of them.

MiniStack takes as root, without a check of the signature: no key, the key `test`, and any account id. It never asks
whether it should. So none of them passes the gate, and this run has a random key of the root user instead, as a session
of MiniStack's STS. MiniStack checks the signatures of sessions itself too.
"""

import secrets
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime  # type: ignore[import-untyped]
from ministack.core.responses import get_account_id  # type: ignore[import-untyped]
from ministack.services import sts  # type: ignore[import-untyped]

from local_aws.gate.rules import UNKNOWN_KEY, Refusal


def register_root(key_id: str, secret: str) -> None:
    """Let this key be the root user's. It has no session token, and it never expires."""
    account = get_account_id()
    arn = f"arn:aws:iam::{account}:root"
    sts.register_session(
        key_id,
        {"Arn": arn, "UserId": account, "AccountId": account, "PrincipalType": "Root", "SecretAccessKey": secret},
    )


def secret_of(key_id: str, token: str) -> str | Refusal:
    """Return the secret access key that goes with a key and its session token, or why there is none.

    Unknown, deleted, inactive and expired keys have none.
    """
    if iam_evaluator.is_root_access_key(key_id):
        return UNKNOWN_KEY
    try:
        account = iam_evaluator.find_iam_access_key_account(key_id)
    except iam_evaluator.AmbiguousAccessKeyError:
        return UNKNOWN_KEY
    credential = iam_evaluator.resolve_credential(key_id, account, token)
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        return UNKNOWN_KEY if credential.code == UNKNOWN_KEY.code else Refusal(credential.code, credential.message)
    return str(credential.secret_access_key)


def hide_function_keys() -> None:
    """Make the keys of functions' roles random, before the first function is there.

    MiniStack computes them from the ARNs of the function and of its role, and those from the names in the template. So
    everybody who knows the template could compute them too.
    """
    compute = lambda_runtime.execution_credentials
    salt = secrets.token_hex(16)

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        credentials: dict[str, str] = compute({**config, "FunctionArn": f"{config['FunctionArn']}:{salt}"})
        return credentials

    lambda_runtime.execution_credentials = execution_credentials
