"""Write the versions that are installed into requirements.txt: `.venv/bin/python scripts/pin.py`.

Groups and comments stay. A package that is gone loses its line; new ones are named by
tests/project/test_packaging.py.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"


def pinned(text: str) -> str:
    """The text of requirements.txt with today's versions; prints what changed."""
    lines = []
    for line in text.splitlines(keepends=True):
        if match := re.match(r"([\w.-]+)==(\S+)", line):
            name, before = match.groups()
            try:
                now = metadata.version(name).partition("+")[0]  # no build, such as +cpu
            except metadata.PackageNotFoundError:
                print(f"{name:30} {before:>15} -> gone")
                continue
            if now != before:
                print(f"{name:30} {before:>15} -> {now}")
            line = line.replace(f"=={before}", f"=={now}")
        lines.append(line)
    return "".join(lines)


if __name__ == "__main__":
    REQUIREMENTS.write_text(pinned(REQUIREMENTS.read_text("utf-8")), "utf-8", newline="\n")
