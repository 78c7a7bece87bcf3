"""check() and progress() for the student's notebook."""

import contextlib
import copy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.grading.answers import Namespace
from engine.grading.exercises import Check, Choice
from engine.grading.table import read_table
from engine.grading.verdict import judge
from engine.random import default_generator


class _NoTableError(Exception):
    """The notebook's checks cannot be found or read; the message is for the student."""


def check(exercise: str, names: dict[str, Any] | None = None) -> None:
    """Check your answer to an exercise and print what was found.

    Args: exercise: such as "01.3". names: where the answers are; the notebook, if left out.
    """
    # The frame that called check() is the notebook's cell; its globals are the notebook's names.
    answers = sys._getframe(1).f_globals if names is None else names
    exercise = str(exercise)
    try:
        table = _table(exercise.split(".")[0])
    except _NoTableError as error:
        print(error)
        return
    if exercise not in table:
        print(f"There is no exercise {exercise} here. There are {', '.join(table)}.")
        return
    with _same_randomness_afterwards():
        report = judge(table[exercise], Namespace(answers))
    print(report)


def progress(notebook: str, names: dict[str, Any] | None = None) -> None:
    """Run every check of a notebook, such as "01", and print the points so far."""
    answers = sys._getframe(1).f_globals if names is None else names
    try:
        table = _table(notebook)
    except _NoTableError as error:
        print(error)
        return
    with _same_randomness_afterwards():
        reports = [judge(entry, Namespace(answers)) for entry in table.values()]
    signs = {"right": "✓", "wrong": "✗", "unanswered": "○"}
    row = "  ".join(f"{signs[report.state]} {report.id}" for report in reports)
    earned, points = (sum(getattr(r, key) for r in reports) for key in ("earned", "points"))
    print(f"{row}\n{earned:g} of {points:g} points so far.")


@contextlib.contextmanager
def _same_randomness_afterwards() -> Iterator[None]:
    """What follows a check draws the same numbers as if nothing had been checked."""
    before = copy.deepcopy(vars(default_generator))
    try:
        yield
    finally:
        vars(default_generator).update(before)


def _table(notebook: str) -> dict[str, Check | Choice]:
    here = Path.cwd()
    places = [p for folder in (here, *here.parents) for p in _tables_below(folder, notebook)]
    if not places:
        raise _NoTableError(
            f"The checks of notebook {notebook} are missing: checks.json belongs beside it, "
            f"in exercises/{notebook}_..."
        )
    try:
        return read_table(places[0])
    except (ValueError, OSError) as error:
        raise _NoTableError(f"{places[0].name} cannot be read ({error}). Restore it.") from None


def _tables_below(folder: Path, notebook: str) -> list[Path]:
    beside = [folder / "checks.json"] if folder.name.startswith(f"{notebook}_") else []
    below = sorted(folder.glob(f"exercises/{notebook}_*/checks.json"))
    return [path for path in (*beside, *below) if path.is_file()]
