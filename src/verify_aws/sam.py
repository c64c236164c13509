"""Builds, deploys and deletes the stack with the `sam` command, as docs/deploy.md does."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sales_pipeline.errors import SalesError

STOP_SECONDS = 30.0


class SamError(SalesError):
    """A `sam` command failed. The text says why."""


@dataclass(frozen=True)
class Sam:
    """The SAM CLI, with the template that it deploys. It writes to `workdir` and to its log only."""

    template: Path
    workdir: Path
    log_path: Path
    environment: Mapping[str, str]
    options: Sequence[str] = ()
    """Which account and region: `--profile` and `--region`."""

    def build(self) -> "Sam":
        """Build the template; return the same with the built one in its place. Raises SamError."""
        build_dir = self.workdir / "build"
        self._run("build", "--template-file", str(self.template), "--build-dir", str(build_dir))
        return replace(self, template=build_dir / "template.yaml")

    def deploy(self, stack_name: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Create the stack, or update it. Raises SamError."""
        self._run(
            "deploy",
            *("--template-file", str(self.template), "--stack-name", stack_name, *self.options),
            *("--resolve-s3", "--s3-prefix", stack_name, "--no-progressbar", "--capabilities", "CAPABILITY_IAM"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
            *("--tags", *(f"{name}={value}" for name, value in tags.items())),
            *("--parameter-overrides", *(f'{name}="{value}"' for name, value in parameters.items())),
        )

    def delete(self, stack_name: str) -> None:
        """Delete the stack and its uploads. Raises SamError."""
        self._run("delete", "--stack-name", stack_name, "--no-prompts", *self.options)

    def _run(self, *arguments: str) -> None:
        # Without this empty file SAM reads samconfig.toml beside the template, and asks before it deploys.
        settings = self.workdir / "samconfig.toml"
        settings.touch()
        command = [sys.executable, "-m", "samcli", *arguments, "--config-file", str(settings)]
        with self.log_path.open("a+b") as log:
            start = log.seek(0, os.SEEK_END)
            # In a session of its own, so that Ctrl-C reaches this program alone, which then ends it.
            process = subprocess.Popen(  # noqa: S603
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            try:
                code = process.wait()
            except BaseException:
                _end(process)
                raise
            if code:
                log.seek(start)
                lines = log.read().decode(errors="replace").strip().splitlines()
                reason = next((line for line in lines if line.startswith("Error: ")), lines[-1] if lines else "")
                raise SamError(f"sam {arguments[0]} failed: {reason} See {self.log_path}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started, in time; at once if a person presses Ctrl-C again."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
