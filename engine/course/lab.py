"""Starting JupyterLab on the course."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.course.paths import course_notebooks

CONFIGURATION = Path(__file__).with_name("jupyter")


def lab_command(root: Path, options: Sequence[str] = ()) -> list[str]:
    """The command line that opens JupyterLab on the first notebook; options are passed through."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    notebooks = course_notebooks(root)
    if notebooks:
        first = notebooks[0].relative_to(root).as_posix()
        command.append(f"--LabApp.default_url=/lab/tree/{first}")
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in options:
        # In a container the user is root, and the server would refuse to start.
        command.append("--allow-root")
    return [*command, *options]


def lab_environment() -> dict[str, str]:
    """The environment of JupyterLab: settings with which it asks no server on the internet."""
    paths = [str(CONFIGURATION), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
