"""Sessions with the permissions of one role of the template."""

import boto3
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import get_session

from common.answers import check_answers


def assume(role_arn: str, session_name: str) -> boto3.Session:
    """Return a session of a role that renews itself. The environment's own credentials assume the role."""
    source = get_session()
    check_answers(source.get_component("event_emitter"))
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=source.create_client,
        source_credentials=source.get_credentials(),
        role_arn=role_arn,
        extra_args={"RoleSessionName": session_name},
    )
    assumed = get_session()
    assumed._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    session = boto3.Session(botocore_session=assumed)
    check_answers(session.events)
    return session
