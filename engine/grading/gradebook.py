"""nbgrader's gradebook: scores decided here, shown and completed by hand in its formgrader.

For each submission an "autograded" notebook is composed: the released notebook with the student's
answers in it and, below each check, the verdict. Nothing that a student's kernel has put out is in
it, so that nbgrader may read the points from its outputs.
"""

import contextlib
import copy
import json
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades, SaveCells
from traitlets.config import Config, PyFileConfigLoader

from engine.grading.intake import Submission, UnreadableError
from engine.grading.run import Row
from engine.grading.submission import answer_cells, pictures
from engine.grading.verdict import Report


class Book:
    """The gradebook of a course. One process writes it: the one that the instructor started.

    Args: root: the course's folder, which gets gradebook.db and autograded/. released: the
        notebook as the students got it, such as exercises/01_perceptron/01_perceptron.ipynb.
    """

    def __init__(self, root: Path, released: Path) -> None:
        self.root, self.assignment = root, released.stem
        self._released = nbformat.read(released, as_version=4)
        self._config = _configuration(root)
        self._database = f"sqlite:///{(root / 'gradebook.db').as_posix()}"
        with _own_commands(), Gradebook(self._database) as book:
            book.update_or_create_assignment(self.assignment)
        self._through(SaveCells, copy.deepcopy(self._released), "")

    def record(self, rows: Iterable[Row], submissions: Iterable[Submission]) -> None:
        """Write rows and their notebooks. What was graded by hand stays, and is marked to be seen.

        Raises: OSError if a notebook cannot be written.
        """
        by_student = {submission.student: submission for submission in submissions}
        with warnings.catch_warnings():
            # nbgrader adds a submission's parts in an order that SQLAlchemy remarks upon.
            warnings.filterwarnings("ignore", module=r"nbgrader\.api")
            for row in rows:
                self._record(row, by_student[row.student])

    def completed(self, rows: Iterable[Row]) -> list[Row]:
        """The recorded rows with what a person has added in the formgrader.

        Points given by hand replace those of a check, questions for a reader become reports of
        their own, and a penalty for late work is taken off. What a submission has changed since a
        person gave points waits for a new look. A submission that could not be graded counts as
        graded once a person has given points to every cell of it.
        """
        with Gradebook(self._database) as book:
            return [self._completed(book, row) for row in rows]

    def _completed(self, book: Gradebook, row: Row) -> Row:
        submission = book.find_submission(self.assignment, _folder_name(row.student))
        (notebook,) = submission.notebooks
        grades = {grade.name: grade for grade in notebook.grades}
        # Without nbgrader's own ("No response."). What is said of code stands at its answer cell.
        remarks = {remark.name: remark.manual_comment or "" for remark in notebook.comments}
        known = {report.id: report for report in row.reports}
        reports = []
        for cell in self._released.cells:
            marks = cell.metadata.get("nbgrader", {})
            if (grade := grades.get(marks.get("grade_id"))) is not None:
                remark = remarks.get(grade.name.replace("check-", "answer-"), "").strip()
                reports.append(_by_hand(known, grade, remark))
        if row.state == "manual" and any(grade.manual_score is None for grade in grades.values()):
            # Automatic points would be those of an earlier submission.
            return replace(row, points=sum(grade.max_score for grade in grades.values()))
        shown = {report.id for report in reports}
        reports += [report for report in row.reports if report.id not in shown]
        waiting = ", ".join(report.id for report in reports if report.state == "waiting")
        penalty = submission.late_submission_penalty or 0.0
        less = f": {penalty:g} point{'s' * (penalty != 1)} less" if penalty else ""
        by = timedelta(seconds=round(submission.total_seconds_late))
        late = [f"handed in late by {by}{less}"] if by else []
        return replace(
            row,
            state="reading" if waiting else "graded",
            reason=f"a reader is waited for: {waiting}" if waiting else "",
            earned=max(0.0, sum(report.earned for report in reports) - penalty),
            points=sum(report.points for report in reports),
            checks=[asdict(report) for report in reports],
            notes=[*row.notes, *late],
        )

    def _record(self, row: Row, submission: Submission) -> None:
        student = _folder_name(row.student)
        handed_in = datetime.fromtimestamp(row.time, UTC).replace(tzinfo=None)
        with Gradebook(self._database) as book:
            book.update_or_create_student(student)
            entry = book.update_or_create_submission(self.assignment, student, timestamp=handed_in)
            grades = [grade for notebook in entry.notebooks for grade in notebook.grades]
            written = any(grade.auto_score is not None for grade in grades)
            seen = {one.name: one.auto_score for one in grades if not one.needs_manual_grade}
        stored = self._stored_key(student)
        if row.state != "graded" and not stored:
            # Its points stay open until someone has looked; the formgrader lists what has a file.
            self._store(self._unread(row), student)
        elif row.state == "graded" and (not written or stored != row.key):
            notebook = self._composed(row, submission)
            self._through(SaveAutoGrades, notebook, student)
            if stored.split()[:1] == row.key.split()[:1]:
                self._keep_seen(student, seen)
            self._store(notebook, student)
        self._through(AssignLatePenalties, self._released, student)  # a due date may have changed

    def _unread(self, row: Row) -> Any:
        notebook = copy.deepcopy(self._released)
        # Escaped: a reason may quote what stands in a student's file.
        text = f"Not graded. {escape(row.reason)} Points count once every cell below has some."
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(text))
        return notebook

    def _keep_seen(self, student: str, seen: dict[str, float]) -> None:
        """The same notebook on other checks: where points stay, a person need not look again."""
        with Gradebook(self._database) as book:
            for name, points in seen.items():
                grade = book.find_grade(name, self.assignment, self.assignment, student)
                if grade.auto_score == points:
                    grade.needs_manual_grade = False
            book.db.commit()

    def _through(self, step: Any, notebook: Any, student: str) -> None:
        names = {"notebook": self.assignment, "assignment": self.assignment, "student": student}
        step(config=self._config)(notebook, {"nbgrader": {**names, "db_url": self._database}})

    def _composed(self, row: Row, submission: Submission) -> Any:
        notebook = copy.deepcopy(self._released)
        notebook.metadata["grading"] = {"key": row.key}
        answers, plots = _answers(submission)
        reports = {f"check-{report.id.replace('.', '-')}": report for report in row.reports}
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("solution"):
                cell.source = answers.get(marks["grade_id"], cell.source)
                for plot in plots.get(marks["grade_id"], ()):
                    shown = nbformat.v4.new_output("display_data", data={"image/png": plot})
                    cell.outputs.append(shown)
            elif marks.get("grade"):
                report = reports.get(marks["grade_id"])
                # Without an output nbgrader would take the cell for passed.
                points = {"text/plain": f"{report.earned if report else 0:g}"}
                text = str(report or "This check has no result.")
                cell.outputs = [
                    nbformat.v4.new_output("stream", name="stdout", text=f"{text}\n"),
                    nbformat.v4.new_output("execute_result", data=points, execution_count=1),
                ]
        return notebook

    def _place(self, student: str) -> Path:
        return self.root / "autograded" / student / self.assignment / f"{self.assignment}.ipynb"

    def _store(self, notebook: Any, student: str) -> None:
        path = self._place(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        nbformat.write(notebook, partial)
        partial.replace(path)

    def _stored_key(self, student: str) -> str:
        """The key of the row from which the stored notebook was composed."""
        try:
            return json.loads(self._place(student).read_bytes())["metadata"]["grading"]["key"]
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _by_hand(known: dict[str, Report], grade: Any, remark: str) -> Report:
    """What is said of one graded cell, after a person may have read it."""
    name = re.sub("^(answer|check)-", "", grade.name).replace("-", ".")
    report = known.get(name) or Report(name, "unanswered", 0.0, grade.max_score, "")
    lines = [*report.lines, *filter(None, [remark and f"your instructor: {remark}"])]
    if grade.needs_manual_grade:
        summary = report.summary or "your instructor will read it."
        return replace(report, state="waiting", earned=grade.score, summary=summary, lines=lines)
    state, summary = report.state, report.summary or "there is no answer."
    if grade.manual_score is not None:
        state = "right" if grade.score >= grade.max_score else "read"
        summary = report.summary or "read by your instructor."
    return replace(report, state=state, earned=grade.score, summary=summary, lines=lines)


@contextlib.contextmanager
def _own_commands() -> Iterator[None]:
    """nbgrader makes a new database with the command alembic, which lies beside this Python."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _configuration(root: Path) -> Config:
    file = root / "nbgrader_config.py"
    if not file.exists():
        return Config()
    return PyFileConfigLoader(file.name, path=str(root)).load_config()


def _answers(submission: Submission) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The student's sources by grade id, code and texts, and the pictures for a reader."""
    try:
        content = submission.read()[0]
        return dict(answer_cells(content, texts=True)), pictures(content)
    except (UnreadableError, ValueError):  # taken away since it was graded
        return {}, {}


def _folder_name(student: str) -> str:
    """nbgrader uses the name as a folder's: it must not lead anywhere else."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", student).strip(". ") or "student"
