"""The environment variables that steer a local pipeline's programs: a caller's own lead elsewhere, or break them."""

import os
from collections.abc import Mapping

# The SDKs read AWS_ and BOTO names, the SAM CLI also SAM_ names. Python reads PYTHONWARNINGS, PYTHONPATH and others.
# `sam build` runs make, which reads MAKEFLAGS and MAKEFILES.
_PREFIXES = ("AWS_", "BOTO", "SAM_", "PYTHON", "MAKE", "GNUMAKEFLAGS", "MFLAGS")


def steers(name: str) -> bool:
    """Say whether a variable of this name can lead a client of AWS elsewhere, or change what Python, SAM or make do."""
    return name.startswith(_PREFIXES) or _names_a_proxy(name)


def without_callers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without all variables that steer."""
    return {name: value for name, value in environment.items() if not steers(name)}


def proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name a proxy, or the hosts without one."""
    return {name: value for name, value in environment.items() if _names_a_proxy(name)}


def use_only(settings: Mapping[str, str]) -> None:
    """Let this process and its children see these settings in place of all that steer."""
    for name in list(os.environ):
        if steers(name):
            del os.environ[name]
    os.environ.update(settings)


def _names_a_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy")
