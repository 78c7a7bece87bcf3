"""Starting JupyterLab on the course."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.course.paths import course_notebooks

CONFIGURATION = Path(__file__).with_name("jupyter")


def lab_command(root: Path, options: Sequence[str] = (), page: str = "") -> list[str]:
    """The command line that opens JupyterLab on the first notebook; options are passed through.

    Args: page: another page of the server to begin with, such as "/formgrader".
    """
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    if notebooks := course_notebooks(root):
        page = page or f"/lab/tree/{notebooks[0].relative_to(root).as_posix()}"
    if page:
        command.append(f"--LabApp.default_url={page}")
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in options:
        # In a container the user is root, and the server would refuse to start.
        command.append("--allow-root")
    return [*command, *options]


def lab_environment() -> dict[str, str]:
    """The environment of JupyterLab: settings with which it asks no server on the internet.

    Commands that lie beside this Python come first: nbgrader calls one of them.
    """

    def first(place: Path, variable: str) -> str:
        return os.pathsep.join(filter(None, [str(place), os.environ.get(variable, "")]))

    commands = first(Path(sys.executable).parent, "PATH")
    settings = first(CONFIGURATION, "JUPYTER_CONFIG_PATH")
    return {**os.environ, "PATH": commands, "JUPYTER_CONFIG_PATH": settings}
