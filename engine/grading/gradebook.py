"""nbgrader's gradebook: scores decided here, shown and completed by hand in its formgrader.

For each submission an "autograded" notebook is composed: the released notebook with the student's
answers in it and, below each check, the verdict. Nothing that a student's kernel has put out is in
it, so that nbgrader may read the points from its outputs.
"""

import contextlib
import copy
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades, SaveCells
from traitlets.config import Config, PyFileConfigLoader

from engine.grading.intake import Submission, UnreadableError
from engine.grading.run import Row
from engine.grading.submission import answer_cells


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

    def _record(self, row: Row, submission: Submission) -> None:
        student = _folder_name(row.student)
        handed_in = datetime.fromtimestamp(row.time, UTC).replace(tzinfo=None)
        with Gradebook(self._database) as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(self.assignment, student, timestamp=handed_in)
        if row.state != "graded":
            return  # its points stay open in the formgrader until someone has looked
        notebook = self._composed(row, submission)
        self._through(SaveAutoGrades, notebook, student)
        self._through(AssignLatePenalties, notebook, student)
        self._store(notebook, student)

    def _through(self, step: Any, notebook: Any, student: str) -> None:
        names = {"notebook": self.assignment, "assignment": self.assignment, "student": student}
        step(config=self._config)(notebook, {"nbgrader": {**names, "db_url": self._database}})

    def _composed(self, row: Row, submission: Submission) -> Any:
        notebook = copy.deepcopy(self._released)
        answers = _answers(submission)
        reports = {f"check-{report.id.replace('.', '-')}": report for report in row.reports}
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("solution"):
                cell.source = answers.get(marks["grade_id"], cell.source)
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

    def _store(self, notebook: Any, student: str) -> None:
        folder = self.root / "autograded" / student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.assignment}.ipynb"
        partial = path.with_suffix(".partial")
        nbformat.write(notebook, partial)
        partial.replace(path)


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


def _answers(submission: Submission) -> dict[str, str]:
    """The student's sources by grade id: code, and the texts that are graded by hand."""
    try:
        return dict(answer_cells(submission.read()[0], texts=True))
    except (UnreadableError, ValueError):  # taken away since it was graded
        return {}


def _folder_name(student: str) -> str:
    """nbgrader uses the name as a folder's: it must not lead anywhere else."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", student).strip(". ") or "student"
