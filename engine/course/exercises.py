"""`course exercises`: generate exercises/ from solutions/ with nbgrader's own steps."""

import contextlib
import json
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.course.paths import course_root
from engine.grading.exercises import Choice, Exercise, load_exercises, misfits
from engine.grading.submission import check_points
from engine.grading.table import released_table


class UnfinishedError(ValueError):
    """An exercise lacks a part; the message names folder, exercise and part."""


app = typer.Typer(help="Generate the students' exercise notebooks from solutions/.")


@app.callback(invoke_without_command=True)
def exercises(
    refresh: Annotated[bool, typer.Option(help="Write exercises/ anew.")] = False,
    check: Annotated[bool, typer.Option(help="Fail if exercises/ is out of date.")] = False,
) -> None:
    """Generate exercises/ from solutions/, or check that it is up to date."""
    if refresh == check:
        raise typer.BadParameter("choose one of --refresh and --check")
    root = course_root()
    try:
        found = write(root) if refresh else differences(root)
    except UnfinishedError as error:
        typer.echo(f"course: {error}", err=True)
        raise typer.Exit(1) from None
    for path in found:
        done = "written" if (root / path).exists() else "removed"
        typer.echo(f"{done if refresh else 'out of date'}: {path.as_posix()}")
    if not found:
        typer.echo("exercises/ is up to date")
    elif check:
        typer.echo("Run `course exercises --refresh`. Edit solutions/, never exercises/.")
        raise typer.Exit(1)


def generate(folder: Path, root: Path) -> dict[str, bytes]:
    """The files of one exercise folder by name, from the instructor's folder.

    Raises: UnfinishedError if a part of an exercise is missing or a mutant passes its check.
    """
    checks, notebook = folder / "checks.py", folder / f"{folder.name}.ipynb"
    try:
        exercises = load_exercises(folder)
        if missing := list(missing_parts(exercises, notebook.read_bytes())):
            raise UnfinishedError("\n  ".join(missing))
        table = released_table(exercises)
        released = _release(notebook, root / "nbgrader_config.py")
    except Exception as error:  # checks.py is anybody's code: it may fail in any way
        reason = what_failed(error, checks)
        raise UnfinishedError(f"solutions/{folder.name} is unfinished:\n  {reason}") from None
    return {"checks.json": table.encode(), notebook.name: released.encode()}


def what_failed(error: Exception, checks: Path) -> str:
    """Why checks or the notebook beside them cannot be used, with the line of checks.py, if any."""
    lines = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).resolve() == checks.resolve()
    ]
    kind = "" if isinstance(error, ValueError | RuntimeError) else f"{type(error).__name__}: "
    place = f" ({checks.name}, line {lines[-1]})" if lines else ""
    return f"{kind}{error}{place}"


def missing_parts(exercises: Sequence[Exercise | Choice], notebook: bytes) -> Iterator[str]:
    """What an author has forgotten, in checks.py or in the notebook beside it."""
    graded: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for cell in json.loads(notebook)["cells"]:
        if marks := cell["metadata"].get("nbgrader"):
            name = marks.get("grade_id", "")
            if name in sources:
                yield f"{name}: two cells have this grade_id"
            if marks.get("grade") and "points" not in marks:
                yield f"{name}: no points in the cell's nbgrader metadata"
            graded[name], sources[name] = marks, "".join(cell["source"])
    yield from misfits(exercises, check_points(notebook))
    for exercise in exercises:
        name = exercise.id.replace(".", "-")
        if f'check("{exercise.id}")' not in sources.get(f"check-{name}", ""):
            yield f'{exercise.id}: no cell check-{name} with check("{exercise.id}") in the notebook'
        if not graded.get(f"check-{name}", {}).get("grade"):
            yield f"{exercise.id}: no cell check-{name} that is graded in the notebook"
        if not graded.get(f"answer-{name}", {}).get("solution"):
            yield f"{exercise.id}: no cell answer-{name} marked as solution in the notebook"
        elif "### BEGIN SOLUTION" not in sources[f"answer-{name}"]:
            yield f"{exercise.id}: answer-{name} has no ### BEGIN SOLUTION and ### END SOLUTION"
        hints = [mutant.hint for mutant in getattr(exercise, "mutants", ())]
        if isinstance(exercise, Exercise) and not (2 <= len(hints) <= 4 and all(hints)):
            yield f"{exercise.id}: two to four mutants, each with a hint; here are {hints}"
        if len(set(hints)) < len(hints):
            yield f"{exercise.id}: two mutants have the same hint; here are {hints}"


def differences(root: Path) -> list[Path]:
    """Files below root/exercises that are missing, left over, or not as generated."""
    return _differing(root, _wanted(root))


def _differing(root: Path, wanted: dict[Path, bytes]) -> list[Path]:
    present = {
        path.relative_to(root)
        for path in (root / "exercises").rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    changed = {p for p in present & wanted.keys() if (root / p).read_bytes() != wanted[p]}
    return sorted((present ^ wanted.keys()) | changed)


def write(root: Path) -> list[Path]:
    """Bring root/exercises up to date: write what differs, remove what is left over; say which."""
    wanted = _wanted(root)
    found = _differing(root, wanted)
    for path in found:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(wanted[path])
        else:
            (root / path).unlink()
            with contextlib.suppress(OSError):  # other files are left in it
                (root / path).parent.rmdir()
    return found


def _wanted(root: Path) -> dict[Path, bytes]:
    if not (root / "solutions").is_dir():
        raise UnfinishedError("There are no solutions/ here: this is a student's copy")
    return {
        Path("exercises", folder.name, name): content
        for folder in sorted((root / "solutions").iterdir())
        if (folder / "checks.py").is_file()
        for name, content in generate(folder, root).items()
    }


def _release(notebook: Path, config_file: Path) -> str:
    # nbgrader is an instructor's package and takes two seconds to load.
    import nbformat
    from traitlets.config import PyFileConfigLoader
    from traitlets.utils.importstring import import_item

    config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    content = nbformat.read(notebook, as_version=4)
    resources = {"unique_key": notebook.stem, "metadata": {"name": notebook.stem}}
    for step in config.GenerateAssignment.preprocessors:
        # SaveCells fills the instructor's gradebook; nothing in the notebook depends on it.
        if not step.endswith(".SaveCells"):
            content, resources = import_item(step)(config=config)(content, resources)
    return nbformat.writes(content, version=4) + "\n"
