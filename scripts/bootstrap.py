"""Set the course up in .venv: `python3 scripts/bootstrap.py`. Run again, it changes nothing.

Needs a Python of its own and nothing else, so that it works before anything is installed and on
machines without make. What it leaves in .venv: the versions of requirements.txt and this
repository in editable mode. A run that was interrupted is noticed and done again from the start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
DONE = VENV / "course-installed"
BEGUN = VENV / "course-installing"
OLDEST, NEWEST = (3, 11), (3, 13)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


class SetupError(Exception):
    """The set-up cannot go on; the message says what the reader can do."""


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Raise SetupError unless this Python is one the course is made for."""
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            "The course needs Python 3.11, 3.12 or 3.13; this is Python "
            f"{version[0]}.{version[1]} ({sys.executable}).\n"
            "Install one of them and name it: make lab PYTHON=/path/to/python3.12"
        )


def fingerprint() -> str:
    """What the environment is made from, and where: a change means installing again."""
    digest = hashlib.sha256(str(sys.version_info[:2]).encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{digest.hexdigest()}\n{VENV}"


def is_ready(wanted: str) -> bool:
    """Whether .venv is complete and was made from the present files."""
    try:
        recorded = DONE.read_text()
    except OSError:
        return False
    # The link to the Python it was made with may have died with an upgrade of that Python.
    return recorded == wanted and PYTHON.exists()


def is_usable() -> bool:
    """Whether .venv can be installed into: right Python, pip works, no interrupted run in it."""
    if BEGUN.exists() or not PYTHON.exists():
        return False
    # A copied or moved .venv still names its old place in every script.
    if DONE.exists() and DONE.read_text().partition("\n")[2] != str(VENV):
        return False
    question = "import pip, sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [PYTHON, "-c", question], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def make_venv() -> None:
    """Make .venv afresh; whatever is there is removed."""
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    print("Making .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV])
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"{sys.executable} -m venv failed (see above).\n"
            f"On Debian and Ubuntu it needs a package: apt install python{version}-venv"
        )


def pip_install(*arguments: str) -> bool:
    """Run pip install in .venv; False where it failed (pip has printed why)."""
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    print("pip install", *arguments, flush=True)
    return subprocess.run([*command, "--quiet"], cwd=ROOT).returncode == 0


def torch_index() -> str:
    """The extra package index for torch: $TORCH_INDEX, else PyTorch's own where it matters.

    On Linux the ordinary index serves torch with CUDA, several gigabytes that the course never
    uses; PyTorch's CPU index serves the small build. That index is not reachable from everywhere
    (company mirrors, closed build machines), and pip would ask it for every single package and
    wait each time. So it is asked once, briefly, and used for torch alone; where it does not
    answer, the ordinary index decides. An empty TORCH_INDEX asks nobody.
    """
    if "TORCH_INDEX" in os.environ:
        return os.environ["TORCH_INDEX"].strip()
    if not sys.platform.startswith("linux"):
        return ""
    try:
        with urllib.request.urlopen(f"{CPU_INDEX}/torch/", timeout=5):
            return CPU_INDEX
    except (OSError, urllib.error.URLError, ValueError):
        return ""


def torch_requirement() -> str:
    """The line of requirements.txt that pins torch."""
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line.startswith("torch=="):
            return line.split("#")[0].strip()
    raise SetupError("requirements.txt does not pin torch")


def install() -> None:
    """Bring .venv to the pinned versions and add this repository in editable mode."""
    index = torch_index()
    if index:
        # A failure is no reason to stop: the next step takes torch from the ordinary index.
        pip_install("--no-deps", "--extra-index-url", index, torch_requirement())
    if not pip_install("-r", "requirements.txt"):
        raise SetupError("pip could not install requirements.txt (see above). Is there a network?")
    # setuptools is pinned in requirements.txt, so the build downloads nothing.
    if not pip_install("--no-deps", "--no-build-isolation", "--editable", "."):
        raise SetupError("pip could not install this repository (see above)")


def main() -> int:
    """Set up what is missing; 0 where .venv is ready afterwards."""
    try:
        check_python()
        wanted = fingerprint()
        if is_ready(wanted):
            return 0
        if not is_usable():
            make_venv()
        BEGUN.touch()
        DONE.unlink(missing_ok=True)
        install()
        BEGUN.unlink()
        partial = DONE.with_suffix(".partial")
        partial.write_text(wanted)
        partial.replace(DONE)
    except SetupError as error:
        print(f"\nset-up: {error}", file=sys.stderr)
        return 1
    print("The course is installed in .venv", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
