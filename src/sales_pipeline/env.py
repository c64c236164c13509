"""`sales env`: shell lines that set how to reach a pipeline, and the names of its parts."""

import re
import shlex
from collections.abc import Mapping

from sales_pipeline.aws.stack import Stack

_OUTPUTS = {
    "SALES_TABLE": "TableName",
    "SALES_STREAM": "StreamName",
    "SALES_BUCKET": "BucketName",
    "SALES_WORKGROUP": "WorkGroupName",
    "SALES_CRAWLER": "CrawlerName",
}
_TABLES = {"SALES_CRAWLED_DATABASE": "CrawledTable", "SALES_DECLARED_DATABASE": "DeclaredTable"}
# With these set, the AWS CLI and boto3 ignore AWS_PROFILE.
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def names(stack: Stack) -> dict[str, str | None]:
    """Return the names of the stack's parts by variable. Raises StackError where it lacks one."""
    databases = {variable: stack[output].partition(".")[0] for variable, output in _TABLES.items()}
    return {"SALES_STACK": stack.name, **{name: stack[output] for name, output in _OUTPUTS.items()}, **databases}


def on_aws(stack: Stack, profile: str | None, inherited: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables that lead to a stack on AWS, and None for what would lead elsewhere. No credentials."""
    name = stack.session.region_name
    region: dict[str, str | None] = {"AWS_DEFAULT_REGION": name, "AWS_REGION": name}
    if not profile:
        return region
    return {name: None for name in _KEYS if name in inherited} | {"AWS_PROFILE": profile} | region


def lines(variables: Mapping[str, str | None]) -> str:
    """Return lines for a POSIX shell: the variables that are None are unset, then all others are exported."""
    known = {name: value for name, value in variables.items() if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)}
    unset = [name for name, value in known.items() if value is None]
    exported = [f"export {name}={shlex.quote(value)}" for name, value in known.items() if value is not None]
    return "\n".join([f"unset {' '.join(unset)}"] * bool(unset) + exported)
