"""Grade a class: every submission once, each result on disk as soon as it is known."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.grading.intake import Submission, UnreadableError
from engine.grading.process import Assignment, grade
from engine.grading.sandbox import Sandbox
from engine.grading.scan import remarks
from engine.grading.submission import answer_cells
from engine.grading.verdict import Report


@dataclass(frozen=True)
class Row:
    """What one submission got.

    state: "graded", or "manual" where an instructor has to look; `reason` says why. checks: the
    reports. notes: for the instructor. key: tells this submission, graded with these checks and
    this seed, from every other one. level: of the sandbox.
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
    level: str = ""
    seed: int = 0

    @property
    def reports(self) -> list[Report]:
        """The verdict on each exercise."""
        return [Report(**check) for check in self.checks]


def grade_one(submission: Submission, assignment: Assignment, sandbox: Sandbox) -> Row:
    """Grade a submission. Whatever is wrong with it becomes a row, never an error."""
    facts: dict[str, Any] = {
        "student": submission.student,
        "file": submission.file,
        "lms_id": submission.lms_id,
        "time": submission.time,
        "level": sandbox.level,
        "seed": assignment.seed,
        "points": sum(check.points for check in assignment.checks),
    }
    try:
        content, notes = submission.read()
        key = _key(content, assignment)
        notes = (*notes, *_remarks(content))
        reports = grade(content, assignment, sandbox)
    except UnreadableError as error:
        return Row(state="manual", key=f"unread {error}", reason=f"The file {error}.", **facts)
    except ValueError as error:
        return Row(state="manual", key=key, reason=f"The file is {error}.", **facts)
    except Exception as error:  # a fault of the grader's own must cost nobody a grade
        reason = f"The grader failed: {type(error).__name__}: {error}"[:300]
        # A key that no submission has: the next run tries again.
        return Row(state="manual", key=secrets.token_hex(8), reason=reason, **facts)
    return Row(
        state="graded",
        key=key,
        earned=sum(report.earned for report in reports),
        checks=[asdict(report) for report in reports],
        notes=list(notes),
        **facts,
    )


def grade_class(
    submissions: Sequence[Submission],
    assignment: Assignment,
    sandbox: Sandbox,
    journal: "Journal",
    workers: int = 1,
    tell: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Grade what the journal does not hold yet, and return a row for each submission.

    Args: workers: submissions at the same time. tell: is called with each new row.
    Raises: OSError where a result cannot be written; those before it are safe.
    """
    known: dict[str, dict[str, Row]] = {}
    for row in journal.rows():
        known.setdefault(row.student, {})[row.key] = row
    rows: dict[str, Row] = {}
    waiting = iter(submissions)
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[Row]] = set()
        try:
            while True:
                while len(running) < 2 * workers and (one := next(waiting, None)) is not None:
                    if old := _known(one, assignment, known.get(one.student, {})):
                        rows[one.student] = old
                    else:
                        running.add(pool.submit(grade_one, one, assignment, sandbox))
                if not running:
                    break
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    row = future.result()
                    journal.add(row)
                    rows[row.student] = row
                    tell(row)
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
        return list(self._read())

    def add(self, row: Row) -> None:
        """Write a result, down to the disk.

        Raises: OSError, for example on a full disk; half a line is taken back the next time.
        """
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> Iterator[Row]:
        if self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                for line in file:
                    yield Row(**json.loads(line))

    def _mend(self) -> None:
        """Take back what a killed run has written of a last line."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)


def _known(submission: Submission, assignment: Assignment, rows: dict[str, Row]) -> Row | None:
    """The row that a submission got before, among its student's rows by their keys."""
    if not rows:
        return None  # and nothing has to be read for it
    try:
        return rows.get(_key(submission.read()[0], assignment))
    except UnreadableError as error:
        return rows.get(f"unread {error}")


def _key(content: bytes, assignment: Assignment) -> str:
    """Of a notebook under these checks."""
    return f"{hashlib.sha256(content).hexdigest()[:24]} {assignment.fingerprint}"


def _remarks(content: bytes) -> list[str]:
    """What the text of the answers shows, and cells that are there twice."""
    cells = answer_cells(content)
    names = [name for name, _ in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [f"{name}: {remark}" for name, source in cells for remark in remarks(source)]
    return [*(f"{name} is there {names.count(name)} times" for name in twice), *found]
