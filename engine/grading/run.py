"""Grade a class: every submission once, each result on disk as soon as it is known."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.grading.intake import Submission, UnreadableError
from engine.grading.process import Assignment, grade
from engine.grading.sandbox import Sandbox, UnfitMachineError
from engine.grading.scan import remarks
from engine.grading.submission import answer_cells
from engine.grading.verdict import Report


@dataclass(frozen=True)
class Row:
    """What one submission got.

    state: "graded"; "manual" where an instructor has to look at the file; "reading" where all is
    graded but what a person reads. `reason` says why. checks: the reports. notes: for the
    instructor. key: tells this submission, graded with these checks and this seed, from every
    other one. level: of the sandbox it ran in.
    """

    student: str
    file: str
    state: str
    key: str
    reason: str = ""
    earned: float = 0.0
    points: float = 0.0
    checks: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lms_id: str = ""
    time: float = 0.0
    level: str = "not run"
    seed: int = 0

    @property
    def reports(self) -> list[Report]:
        """The verdict on each exercise."""
        return [Report(**check) for check in self.checks]


def grade_one(content: bytes, assignment: Assignment, sandbox: Sandbox) -> dict[str, Any]:
    """What a notebook gets: the fields of its row that follow from its content alone.

    A pure function of values that can be sent to another machine.
    """
    try:
        notes = _remarks(content, assignment)
        reports = grade(content, assignment, sandbox)
    except ValueError as error:
        return {"state": "manual", "reason": f"The file is {error}."}
    return {
        "state": "graded",
        "earned": sum(report.earned for report in reports),
        "checks": [asdict(report) for report in reports],
        "notes": notes,
        "level": sandbox.level,
    }


@dataclass(frozen=True)
class Graders:
    """Who grades. submit: has `grade_one` called on a notebook; count: how many work at a time."""

    submit: Callable[[bytes], Future[dict[str, Any]]]
    count: int


@contextmanager
def on_threads(count: int, assignment: Assignment, sandbox: Sandbox) -> Iterator[Graders]:
    """Graders on this machine; the work is done by the processes in the sandbox."""
    with ThreadPoolExecutor(count) as pool:
        yield Graders(lambda one: pool.submit(grade_one, one, assignment, sandbox), count)


def grade_class(
    submissions: Sequence[Submission],
    assignment: Assignment,
    graders: Graders,
    journal: "Journal",
    tell: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Grade what the journal does not hold yet, and return a row for each submission.

    Whatever is wrong with a submission becomes a row, never an error.

    Args: tell: is called with each new row.
    Raises: OSError where a result cannot be written, UnfitMachineError where nothing may be graded.
        Results before it are safe.
    """
    known: dict[str, dict[str, Row]] = {}
    for row in journal.rows():
        known.setdefault(row.student, {})[row.key] = row
    rows: dict[str, Row] = {}
    running: dict[Future[dict[str, Any]], Row] = {}
    waiting = iter(submissions)

    def record(row: Row) -> None:
        journal.add(row)
        rows[row.student] = row
        tell(row)

    try:
        while True:
            # No more are read than soon can be graded, so that a class of any size fits in memory.
            while len(running) < 2 * graders.count and (one := next(waiting, None)) is not None:
                row, content = _read(one, assignment)
                if old := known.get(one.student, {}).get(row.key):
                    rows[one.student] = old
                elif content is None:
                    record(row)
                else:
                    running[graders.submit(content)] = row
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                record(_completed(running.pop(future), future))
    finally:
        for future in running:
            future.cancel()
    return [rows[submission.student] for submission in submissions]


class Journal:
    """results.jsonl in a folder: a line for each result, so that an end at any time loses none."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "results.jsonl"
        self._mend()

    def rows(self) -> list[Row]:
        """All results, the latest of a student last."""
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8") as file:
            return [Row(**json.loads(line)) for line in file]

    def add(self, row: Row) -> None:
        """Write a result, down to the disk.

        Raises: OSError, for example on a full disk; half a line is taken back the next time.
        """
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _mend(self) -> None:
        """Take back what a killed run has written of a last line."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)


def _read(submission: Submission, assignment: Assignment) -> tuple[Row, bytes | None]:
    """A row with what is known before grading, and the notebook; without one the row is whole."""
    facts: dict[str, Any] = {
        "student": submission.student,
        "file": submission.file,
        "lms_id": submission.lms_id,
        "time": submission.time,
        "seed": assignment.seed,
        "points": sum(check.points for check in assignment.checks),
    }
    try:
        content, notes = submission.read()
    except UnreadableError as error:
        reason = f"The file {error}."
        return Row(state="manual", key=f"unread {error}", reason=reason, **facts), None
    key = f"{hashlib.sha256(content).hexdigest()[:24]} {assignment.fingerprint}"
    return Row(state="waiting", key=key, notes=list(notes), **facts), content


def _completed(row: Row, future: Future[dict[str, Any]]) -> Row:
    """The row with what the grader found."""
    try:
        found = future.result()
    except (UnfitMachineError, CancelledError):  # says nothing of this submission
        raise
    except Exception as error:  # a fault of the grader's own must cost nobody a grade
        reason = f"The grader failed: {type(error).__name__}: {error}"[:300]
        # A key that no submission has: the next run tries again.
        return replace(row, state="manual", key=secrets.token_hex(8), reason=reason)
    return replace(row, **{**found, "notes": [*row.notes, *found.get("notes", [])]})


def _remarks(content: bytes, assignment: Assignment) -> list[str]:
    """What the text of the answers shows, and cells that are there twice."""
    cells = answer_cells(content)
    names = [name for name, _ in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [
        f"{name}: {remark}"
        for name, source in cells
        for remark in remarks(source, assignment.builds.get(name, ()))
    ]
    return [*(f"{name} is there {names.count(name)} times" for name in twice), *found]
