"""`course release`: the students' archive, without solutions, the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from engine.course.exercises import differences
from engine.course.paths import course_root

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
) -> None:
    """Make one archive for students: notebooks, exercises, engine, environment; no solutions."""
    root = course_root()
    if stale := differences(root):
        names = ", ".join(path.as_posix() for path in stale)
        typer.echo(f"Out of date: {names}. Run `course exercises --refresh` first.", err=True)
        raise typer.Exit(1)
    content = released_files(root)
    write_archive(out, content)
    size = out.stat().st_size / 2**20
    digest = hashlib.sha256(out.read_bytes()).hexdigest()[:16]
    typer.echo(f"{out}: {len(content)} files, {size:.1f} MB, SHA-256 begins with {digest}")


def released_files(root: Path) -> dict[str, bytes]:
    """The files of the archive by their path, with the list of them."""
    names = [name for name in _known_files(root) if _is_for_students(name)]
    content = {name: (root / name).read_bytes() for name in sorted(names)}
    for name in sorted(content):
        if name.startswith("exercises/"):
            content[f"{PRISTINE}/{name}"] = content[name]
    digests = {name: digest(content[name]) for name in sorted(content)}
    content[EDITION] = json.dumps(digests, indent=1).encode() + b"\n"
    return content


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
