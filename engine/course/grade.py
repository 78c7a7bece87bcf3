"""`course grade`: a folder of submissions becomes grades, feedback pages and tables."""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.course.exercises import what_failed
from engine.course.paths import course_root
from engine.grading import breakout
from engine.grading.exercises import misfits
from engine.grading.intake import IntakeError, collect
from engine.grading.process import Assignment, load_assignment
from engine.grading.reports import FORMS, feedback_page, page_name, table
from engine.grading.run import Graders, Journal, Row, grade_class, on_threads
from engine.grading.sandbox import UnfitMachineError, find_sandbox
from engine.grading.submission import check_points


class UnfitChecksError(ValueError):
    """The checks and the notebook that the students have do not belong together."""


def grade(
    submissions: Annotated[Path, typer.Argument(help="A folder, or the archive of an LMS.")],
    assignment: Annotated[str, typer.Option(help="Such as 01_perceptron.")],
    out: Annotated[Path, typer.Option(help="Where results go.")] = Path("grades"),
    workers: Annotated[int, typer.Option(min=1, help="Submissions at the same time.")] = 2,
    scheduler: Annotated[
        str, typer.Option(help="Grade on the workers of a Dask scheduler: tcp://10.0.0.1:8786.")
    ] = "",
    checks: Annotated[
        Path | None, typer.Option(help="A private folder with NN_topic/checks.py of your own.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Replay the inputs of an earlier run; see run.txt.")
    ] = None,
    form: Annotated[str, typer.Option(help="Columns: plain, canvas or moodle.")] = "plain",
    trust_submissions: Annotated[
        bool,
        typer.Option("--trust-submissions", help="Run without a sandbox if there is none."),
    ] = False,
    gradebook: Annotated[bool, typer.Option(help="Write nbgrader's gradebook too.")] = True,
) -> None:
    """Grade submissions. A run that was stopped goes on where it was."""
    root, console = course_root(), Console()
    folder = root / "solutions" / assignment
    if not (folder / "checks.py").is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/checks.py")))
        raise typer.BadParameter(f"no assignment {assignment!r}; there are {known}")
    if form not in FORMS:
        raise typer.BadParameter(f"--form is one of {', '.join(FORMS)}, got {form!r}")
    place, own = out / assignment, checks / assignment if checks else folder
    released = root / "exercises" / assignment / f"{assignment}.ipynb"
    if not (own / "checks.py").is_file():
        raise typer.BadParameter(f"there is no {own / 'checks.py'} for --checks {checks}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        found = collect(submissions, assignment)
        journal = Journal(place)
        chosen = _loaded(folder, _seed(place, seed), own, released)
        with (
            _graders(chosen, scheduler, workers, trust_submissions, submissions, out) as graders,
            Progress(*columns, TimeRemainingColumn(), console=console) as progress,
        ):
            task = progress.add_task(assignment, total=len(found))
            rows = grade_class(found, chosen, graders, journal, lambda _: progress.advance(task))
            progress.update(task, completed=len(rows))
    except (IntakeError, UnfitMachineError, UnfitChecksError) as error:
        console.print(f"[red]{escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    if gradebook:
        from engine.grading.gradebook import Book  # nbgrader takes two seconds to load

        book = Book(root, released)
        book.record(rows, found)
        rows = book.completed(rows)
    (place / "feedback").mkdir(exist_ok=True)
    for row in rows:
        page = place / "feedback" / page_name(row.student)
        page.write_text(feedback_page(row, assignment), encoding="utf-8")
    for each in FORMS:  # a table of an earlier run must not tell other points than this one
        if each == form or (place / f"grades_{each}.csv").exists():
            text = table(rows, assignment, each)
            (place / f"grades_{each}.csv").write_text(text, encoding="utf-8")
    _tell_the_end(console, rows, place)


def _graders(
    assignment: Assignment,
    scheduler: str,
    workers: int,
    trusted: bool,
    submissions: Path,
    out: Path,
) -> AbstractContextManager[Graders]:
    """Whoever was asked for, after the sandbox of this machine has been tried."""
    if scheduler:
        try:
            from engine.grading.cluster import on_cluster
        except ImportError as error:
            raise UnfitMachineError(
                f"--scheduler needs Dask: pip install distributed. {error}"
            ) from None
        return on_cluster(scheduler, assignment, trusted)
    sandbox = find_sandbox(trusted=trusted)
    if sandbox.level != "none":
        breakout.examine(sandbox, [course_root() / "solutions", submissions, out])
    return on_threads(workers, assignment, sandbox)


def _loaded(folder: Path, seed: int, checks: Path, released: Path) -> Assignment:
    """The assignment on these checks. Refuse checks that do not run, or do not fit the notebook:
    points would be lost, or too many given."""
    try:
        assignment = load_assignment(folder, seed, checks)
        points = check_points(released.read_bytes())
    except Exception as error:  # checks.py is anybody's code: it may fail in any way
        file = checks / "checks.py"
        reason = what_failed(error, file)
        raise UnfitChecksError(f"Nothing was graded: with {file}\n  {reason}") from None
    if found := misfits(assignment.checks, points):
        raise UnfitChecksError(
            f"{checks / 'checks.py'} does not fit {released}:\n  " + "\n  ".join(found) + "\n"
            "Begin your own checks from a copy of the course's. After a change in solutions/: "
            "course exercises --refresh."
        )
    return assignment


def _seed(place: Path, wanted: int | None) -> int:
    """The seed of this class: given, from the earlier run, or new; run.txt keeps it."""
    file = place / "run.txt"
    if wanted is None:
        known = file.read_text(encoding="utf-8").split() if file.exists() else []
        wanted = int(known[-1]) if known else secrets.randbits(62)
    file.write_text(f"seed {wanted}\n", encoding="utf-8")
    return wanted


def _tell_the_end(console: Console, rows: list[Row], place: Path) -> None:
    states = Counter(row.state for row in rows)
    graded, readers = states["graded"] + states["reading"], states["reading"]
    console.print(f"{graded} graded, {states['manual']} to be looked at by hand.")
    if readers:
        console.print(f"{readers} of those graded hold texts or plots for you: make grade-ui.")
    for row in rows:
        if row.state == "manual":
            console.print(f"  {row.student}: {row.reason}", markup=False)
    if any(row.level == "none" for row in rows):
        console.print("[yellow]No sandbox: these submissions ran with your own rights.")
    console.print(f"Results are in {place}", markup=False)
