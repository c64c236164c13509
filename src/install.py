"""Installs packages for the Makefiles: `python install.py uv|pip ARGUMENT...` does what `pip install ARGUMENT...` does.

A person's pip may be set up to install in another place or another way, in a file or in the environment: `user`,
`target`, `prefix`, `require-hashes` and others. pip has no option to undo each of them. So pip and uv run here with the
settings that lead to a package registry, and without all others. uv does not read pip's settings, so it gets them by
uv's names.

`uv` installs with uv. It first tries without a network, because what its cache has needs no registry. Where this Python
has no uv, or uv fails, pip installs instead.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

# pip's settings that lead to a registry, and what uv reads instead, if it has the same.
REGISTRY_SETTINGS = {
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "constraint": "UV_CONSTRAINT",
    "default-timeout": None,
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "keyring-provider": None,
    "no-index": "UV_NO_INDEX",
    "proxy": "ALL_PROXY",
    "retries": None,
    "timeout": None,
    "trusted-host": "UV_INSECURE_HOST",
    "use-deprecated": None,
    "use-feature": None,
}
LIST_SEPARATORS = {"constraint": " ", "extra-index-url": " ", "find-links": ",", "trusted-host": " "}  # in uv's
# uv's own settings of that kind: what their names begin with.
UV_REGISTRY_SETTINGS = (
    "UV_CACHE_DIR",
    "UV_CONCURRENT_",
    "UV_CONSTRAINT",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_",
    "UV_INDEX",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_LINK_MODE",
    "UV_NATIVE_TLS",
    "UV_NO_INDEX",
)


def registry_settings(listing: str) -> dict[str, str]:
    """Return the settings that lead to a registry, by pip's name, from what `pip config list` prints.

    A line is `global.timeout='60'`. The environment (`:env:`) goes before the section `install`, and that before
    `global`, as in pip.
    """
    ranks = {"global": 0, "install": 1, ":env:": 2}
    found = []
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in ranks and name in REGISTRY_SETTINGS:
            found.append((ranks[section], name, str(ast.literal_eval(value))))
    return {name: value for _, name, value in sorted(found)}


def environment(inherited: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which pip and uv have these settings of pip's, and no others but uv's registries."""
    result = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("PIP_", "UV_")) or name.startswith(UV_REGISTRY_SETTINGS)
    }
    for name, value in settings.items():
        result["PIP_" + name.upper().replace("-", "_")] = value
        uv_name = REGISTRY_SETTINGS[name]
        if uv_name:
            separator = LIST_SEPARATORS.get(name)
            result[uv_name] = separator.join(value.split()) if separator else value
    return result | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip: a version may come from any of several registries
        "UV_NO_CONFIG": "1",
    }


def main(installer: str, *arguments: str) -> int:
    """Install; return the exit code of uv or pip."""
    pip = (sys.executable, "-m", "pip")
    listing = _run(*pip, "config", "list", env=os.environ | {"PIP_QUIET": "0"}, stdout=subprocess.PIPE)
    if listing.returncode:
        return listing.returncode
    clean = environment(os.environ, registry_settings(listing.stdout))
    if installer == "uv" and find_spec("uv"):
        uv = (sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable)
        if _run(*uv, "--offline", *arguments, env=clean, stderr=subprocess.DEVNULL).returncode == 0:
            return 0
        if _run(*uv, *arguments, env=clean).returncode == 0:
            return 0
        sys.stderr.write("uv failed. pip installs instead, which takes longer.\n")
    return _run(*pip, "install", *arguments, env=clean).returncode


def _run(
    *command: str, env: Mapping[str, str], stdout: int | None = None, stderr: int | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, stdout=stdout, stderr=stderr, text=True, check=False)  # noqa: S603


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
