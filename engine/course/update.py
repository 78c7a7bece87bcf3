"""`course update` and `course restore`: a new edition, without losing a student's work.

What the student has not touched is replaced. What the student has touched is first copied to
my_copies/; of an exercise notebook the answers then go into the new one.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from engine.course.normal_form import from_text
from engine.course.paths import course_root
from engine.course.release import EDITION, PRISTINE, digest

COPIES = "my_copies"


class UpdateError(ValueError):
    """The archive or the notebook cannot be used; nothing was changed."""


def update(
    archive: Annotated[Path, typer.Argument(help="The archive of the new edition.")],
) -> None:
    """Bring the course up to a new edition; answers and edits are kept."""
    root = course_root()
    try:
        for line in apply(root, read_archive(archive)):
            typer.echo(line)
    except (UpdateError, OSError) as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("Up to date. If requirements.txt has changed: make setup.")


def restore(
    exercise: Annotated[str, typer.Argument(help="Such as 01 or 01_perceptron.")],
    empty: Annotated[bool, typer.Option("--empty", help="Leave your answers out as well.")] = False,
) -> None:
    """Bring a spoiled exercise notebook back; your answers go into it, your copy is kept."""
    root = course_root()
    folders = sorted((root / PRISTINE / "exercises").glob(f"{exercise[:2]}_*"))
    if not folders:
        typer.echo(f"course: no exercises {exercise!r} to restore in {PRISTINE}.", err=True)
        raise typer.Exit(1)
    for source in sorted(folders[0].iterdir()):
        name = source.relative_to(root / PRISTINE).as_posix()
        for line in _replace(root, name, source.read_bytes(), _stamp(), keep=not empty):
            typer.echo(line)


def read_archive(path: Path) -> dict[str, bytes]:
    """The files of an edition by their path.

    Raises: UpdateError if this is not an archive that `course release` made, or it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [(PurePosixPath(name).parts, name) for name in archive.namelist()]
            content = {"/".join(p[1:]): archive.read(name) for p, name in parts}
        listed = json.loads(content[EDITION])
        climbing = [name for name in content if ".." in name.split("/") or name.startswith("/")]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        reason = error if isinstance(error, OSError | zipfile.BadZipFile) else "no edition in it"
        raise UpdateError(f"{path} is not an archive of the course: {reason}") from None
    if climbing or listed != {n: digest(c) for n, c in content.items() if n != EDITION}:
        raise UpdateError(f"{path} is damaged: files and their list differ. Fetch it again.")
    return content


def apply(root: Path, content: dict[str, bytes]) -> Iterator[str]:
    """Write a new edition into the course, and tell what happened to each changed file."""
    earlier, stamp = _edition(root), _stamp()
    handed_out = {
        path.relative_to(root / PRISTINE).as_posix(): path.read_bytes()
        for path in (root / PRISTINE).rglob("*.ipynb")
    }
    for name, new in content.items():
        path = root / name
        if name == EDITION or (path.is_file() and path.read_bytes() == new):
            continue
        touched = path.is_file() and digest(path.read_bytes()) != earlier.get(name)
        if touched and not name.startswith(".course/"):
            yield from _replace(root, name, new, stamp, handed_out.get(name))
        else:
            _write(path, new)
            yield f"{'replaced' if name in earlier else 'new'}: {name}"
    for name in sorted(earlier.keys() - content.keys()):
        path = root / name
        if path.is_file() and digest(path.read_bytes()) == earlier[name]:
            path.unlink()
            yield f"removed: {name}"
    _write(root / EDITION, content[EDITION])  # last, so that an update that was cut short is redone


def merged(pristine: bytes, mine: bytes, base: bytes | None = None) -> bytes:
    """An exercise notebook with the answers of another copy of it, found by their grade ids.

    Cells that the student added come after the cell that they stood behind.

    Args: base: what the student was handed out; what equals it is no answer.

    Raises: UpdateError if the student's copy is no notebook.
    """
    try:
        old, new = (from_text(content.decode("utf-8-sig")) for content in (mine, pristine))
        handed_out = from_text(base.decode())["cells"] if base else []
        stubs = {_grade_id(cell): cell["source"] for cell in handed_out}
        answers: dict[str, Any] = {}
        extra: dict[str, list[Any]] = {}
        known, last = {cell.get("id") for cell in new["cells"]}, ""
        for cell in old["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if marks.get("solution") and cell["source"] != stubs.get(marks["grade_id"]):
                answers[marks["grade_id"]] = cell["source"]
            if cell.get("id") in known or marks:
                last = cell.get("id", last)
            else:
                extra.setdefault(last, []).append(cell)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UpdateError(f"it is no notebook ({type(error).__name__})") from None
    cells = extra.pop("", [])
    for cell in new["cells"]:
        cell["source"] = answers.pop(_grade_id(cell) or "", cell["source"])
        cells += [cell, *extra.pop(cell.get("id"), [])]
    new["cells"] = cells + [cell for left in extra.values() for cell in left]
    return (json.dumps(new, indent=1, ensure_ascii=False) + "\n").encode()


def _grade_id(cell: dict[str, Any]) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _replace(
    root: Path, name: str, new: bytes, stamp: str, base: bytes | None = None, keep: bool = True
) -> Iterator[str]:
    """Copy the student's file away, then write the new one, with the answers in an exercise."""
    path = root / name
    if path.is_file() and path.read_bytes() != new:
        mine = path.read_bytes()
        copy = root / COPIES / stamp / name
        _write(copy, mine)
        note = "your copy is in"
        if keep and name.startswith("exercises/") and name.endswith(".ipynb"):
            try:
                new, note = merged(new, mine, base), "with your answers; your copy is also in"
            except UpdateError as error:
                note = f"without your answers, because {error}; your copy is in"
        yield f"replaced: {name}, {note} {copy.relative_to(root).as_posix()}"
    _write(path, new)


def _edition(root: Path) -> dict[str, str]:
    try:
        return json.loads((root / EDITION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a clone, or an edition before this command: everything counts as touched


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _stamp() -> str:
    return datetime.now().strftime("%Y-%m-%d_%H%M%S_%f")
