"""`course release`: the students' archive, without solutions, the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.course.exercises import UnfinishedError, differences
from engine.course.paths import course_notebooks, course_root

# What a student gets, in the course's folder. Everything else stays with the instructor.
# Notebook 09 shows and runs the listings of tests/programs.
FOLDERS = ("engine", "exercises", "notebooks", "scripts", "docs", ".binder", "tests/programs")
FILES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "environment.yml",
    "pyproject.toml",
    "requirements.txt",
)
NEVER = {"solutions", "checks.py", "gradebook.db", "autograded", "submitted", "grades", "feedback"}
EDITION = ".course/edition.json"  # the files of this edition with their digests
PRISTINE = ".course/pristine"  # exercises as they were handed out
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def release(
    out: Annotated[Path, typer.Option(help="The archive to write.")] = Path("course.zip"),
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave out a notebook and its exercises: 06. More than once for more."),
    ] = None,
) -> None:
    """Make one archive for students: notebooks, exercises, engine, environment; no solutions."""
    root = course_root()
    numbers = sorted({_number(root, name) for name in without or ()})
    try:
        stale = differences(root)
    except UnfinishedError as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(1) from None
    if stale:
        names = ", ".join(path.as_posix() for path in stale)
        typer.echo(f"Out of date: {names}. Run `course exercises --refresh` first.", err=True)
        raise typer.Exit(1)
    content = released_files(root, numbers)
    write_archive(out, content)
    size = out.stat().st_size / 2**20
    digest = hashlib.sha256(out.read_bytes()).hexdigest()[:16]
    typer.echo(f"{out}: {len(content)} files, {size:.1f} MB, SHA-256 begins with {digest}")
    for number in numbers:
        typer.echo(f"Without {number}. Still named in the words of: {_naming(content, number)}")


def released_files(root: Path, without: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of the archive by their path, with the list of them.

    Args: without: numbers of notebooks that are left out with their exercises. Rows of tables that
        lead to them go as well; of other links to them the words stay.
    """
    names = [name for name in _known_files(root) if _is_for_students(name)]
    folders = tuple(f"{part}/{one}_" for part in ("notebooks", "exercises") for one in without)
    content = {
        name: (root / name).read_bytes() for name in sorted(names) if not name.startswith(folders)
    }
    link = rf"\[([^\[\]\n]+)\]\([^)\s:]*\b(?:{'|'.join(without)})_\w+\.ipynb(?:#[^)]*)?\)"
    for name in content:
        if without and name.endswith((".md", ".ipynb")):
            text = re.sub(rf"^\|.*{link}.*\n", "", content[name].decode(), flags=re.MULTILINE)
            content[name] = re.sub(link, r"\1", text).encode()
    for name in sorted(content):
        if name.startswith("exercises/"):
            content[f"{PRISTINE}/{name}"] = content[name]
    digests = {name: digest(content[name]) for name in sorted(content)}
    content[EDITION] = json.dumps(digests, indent=1).encode() + b"\n"
    return content


def _number(root: Path, name: str) -> str:
    known = [path.stem for path in course_notebooks(root)]
    fitting = [stem for stem in known if name in (stem, stem[:2])]
    if not fitting:
        raise typer.BadParameter(f"--without {name}: there are {', '.join(known)}")
    return fitting[0][:2]


def _naming(content: dict[str, bytes], number: str) -> str:
    """Notebooks that speak of a notebook: no link of theirs leads nowhere, but a reader may ask."""
    word = f"notebook {number}".encode()
    found = [n for n in content if word in content[n] and n.endswith((".ipynb", ".md"))]
    return ", ".join(n for n in found if not n.startswith(PRISTINE)) or "no page"


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_archive(path: Path, content: dict[str, bytes]) -> None:
    """A zip of one folder, the same bytes for the same content; no half archive is left behind."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for name in sorted(content):
                # Stored, not compressed: what compression makes depends on the library's version.
                member = zipfile.ZipInfo(f"{path.stem}/{name}", date_time=_EPOCH)
                member.create_system, member.external_attr = 3, 0o100644 << 16
                archive.writestr(member, content[name])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _known_files(root: Path) -> list[str]:
    """The files of the course: those that Git knows, where there is Git."""
    if (root / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
        return [name for name in listed.split("\0") if name and (root / name).is_file()]
    return [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]


def _is_for_students(name: str) -> bool:
    parts = name.split("/")
    stray = any(p.endswith((".pyc", ".egg-info")) or p in _CACHES for p in parts)
    inside = name.startswith(tuple(f"{folder}/" for folder in FOLDERS))
    tests = parts[-1].startswith("test_")
    return (inside or name in FILES) and not (stray or tests or NEVER & set(parts))


_CACHES = {"__pycache__", ".ipynb_checkpoints", ".venv", ".DS_Store"}
