"""Where the course lies on this machine."""

from __future__ import annotations

from pathlib import Path

import engine


class CourseNotFoundError(Exception):
    """The engine is installed, but the folder with the notebooks was not found."""


def is_course(folder: Path) -> bool:
    """Whether folder is a copy of the course."""
    return (folder / "notebooks").is_dir() and (folder / "engine").is_dir()


def course_root(start: Path | None = None) -> Path:
    """The folder that holds notebooks/ and engine/.

    Looked for upwards from start (the current folder), then around the installed engine, which in
    an editable installation lies in the course.

    Raises: CourseNotFoundError where neither leads to a course.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if is_course(folder):
            return folder
    beside_engine = Path(engine.__file__).resolve().parent.parent
    if is_course(beside_engine):
        return beside_engine
    raise CourseNotFoundError(
        f"No folder with notebooks/ and engine/ at or above {start}. Change into your copy of the "
        "course and run the command again."
    )


def course_notebooks(root: Path) -> list[Path]:
    """The notebooks of the course, in order."""
    return sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def solution_notebooks(root: Path) -> list[Path]:
    """The solved exercises, in order."""
    return sorted((root / "solutions").glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))


def as_told(path: Path) -> str:
    """A notebook's path from the course's folder on: "solutions/01_x/01_x.ipynb"."""
    solved = path.parent.parent.name == "solutions"
    return Path(*path.parts[-3 if solved else -2 :]).as_posix()


def stored_notebooks(root: Path, names: list[str] | None = None) -> list[Path]:
    """All notebooks that store outputs; names ("01", "01_perceptron", a path) select some.

    Raises: ValueError naming a selection that fits no notebook.
    """
    notebooks = course_notebooks(root) + solution_notebooks(root)
    if not names:
        return notebooks
    chosen = []
    for name in names:
        fitting = [path for path in notebooks if path.stem.startswith(Path(name).stem)]
        if not fitting:
            known = ", ".join(path.stem for path in notebooks) or "none"
            raise ValueError(f"No notebook is called {name!r}. Notebooks: {known}.")
        chosen += fitting
    return sorted(set(chosen))
