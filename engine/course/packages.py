"""Installing what pip cannot: programs of the system, which tests and grading need."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


class InstallationError(Exception):
    """A program could not be installed; the message is the command's."""


def can_install(*systems: str) -> bool:
    """Whether this is one of these Linux systems ("debian", "ubuntu"), we are root and have apt."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(f"ID={system}" in lines for system in systems)


def install(*names: str) -> None:
    """Install packages of the system.

    Raises: InstallationError where apt fails.
    """
    run("apt-get", "update")
    run("apt-get", "install", "-y", "--no-install-recommends", *names)


def run(*command: str) -> None:
    """Run a command, shown before it runs.

    Raises: InstallationError where it fails.
    """
    print("course:", *command, flush=True)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallationError(str(error)) from None
