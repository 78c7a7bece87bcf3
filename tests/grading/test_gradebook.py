"""nbgrader's gradebook gets the decided scores, and what was graded by hand stays."""

import base64
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import compute_checksum
from submissions import FOLDER, submission

from engine.grading.gradebook import Book
from engine.grading.intake import collect
from engine.grading.reports import feedback_page
from engine.grading.run import Row
from engine.grading.submission import MOST_PICTURE_BYTES, answer_cells, pictures
from engine.grading.verdict import Report

pytestmark = pytest.mark.slow  # nbgrader

NAME, ROOT = FOLDER.name, Path(__file__).parents[2]
MANUAL = {
    "cell_type": "markdown",
    "id": "words",
    "metadata": {
        "nbgrader": {
            "grade": True,
            "grade_id": "words-01",
            "locked": False,
            "points": 2,
            "schema_version": 3,
            "solution": True,
            "task": False,
        }  # fmt: skip
    },
    "source": "YOUR ANSWER HERE",
}


@pytest.fixture
def course(tmp_path):
    """A course folder whose assignment has a question for a reader too, and its submissions."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    released = json.loads((ROOT / "exercises" / NAME / f"{NAME}.ipynb").read_bytes())
    question = nbformat.from_dict(MANUAL)
    question.metadata.nbgrader.checksum = compute_checksum(question)
    released["cells"].append(question)
    (tmp_path / f"{NAME}.ipynb").write_text(json.dumps(released))
    folder = tmp_path / "submitted"
    folder.mkdir()
    for student, words in (("ada", "XOR needs two lines."), ("bob", MANUAL["source"])):
        content = json.loads(submission(answer_01_1="print('<script>')"))
        content["cells"].append({**question, "source": words})
        (folder / f"{student}.ipynb").write_text(json.dumps(content))
    (folder / "dan.ipynb").write_text("{")
    return tmp_path


def row(student, earned, **facts):
    reports = [
        Report("01.1", "wrong", earned, 1, "wrong <b>"),
        Report("01.4", "right", 3.0, 3, "right"),
    ]
    checks = [asdict(report) for report in reports]
    return Row(student, f"{student}.ipynb", "graded", "k", checks=checks, time=1e9, **facts)


def record(course, *rows):
    book = Book(course, course / f"{NAME}.ipynb")
    book.record(rows, collect(course / "submitted", NAME))
    return book


def book_of(course):
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def grades(course, student):
    with book_of(course) as book:
        (notebook,) = book.find_submission(NAME, student).notebooks
        return {
            g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in notebook.grades
        }


def test_scores_arrive_and_texts_wait_for_a_reader(course):
    record(course, row("ada", 0.5), row("bob", 1.0))
    ada, bob = grades(course, "ada"), grades(course, "bob")
    assert ada["check-01-1"] == (0.5, None, False)
    assert ada["check-01-4"] == (3.0, None, False)
    assert ada["words-01"][2], "her text waits for a reader"
    assert bob["words-01"] == (0.0, None, False), "no answer, nothing to read"


def test_what_was_graded_by_hand_survives_a_regrade_and_asks_for_a_look(course):
    record(course, row("ada", 0.0))
    with book_of(course) as book:
        book.find_grade("words-01", NAME, NAME, "ada").manual_score = 1.5
        book.find_grade("check-01-1", NAME, NAME, "ada").manual_score = 1.0
        book.db.commit()
    record(course, row("ada", 0.25))
    assert grades(course, "ada")["check-01-1"] == (0.25, 1.0, True)
    assert grades(course, "ada")["words-01"][1] == 1.5


def test_what_a_person_adds_completes_the_row(course):
    rows = [row("ada", 0.5), row("bob", 1.0), Row("dan", "dan.ipynb", "manual", "k", reason="torn")]
    book = record(course, *rows)
    ada, bob, dan = book.completed(rows)
    assert (ada.state, ada.reason) == ("reading", "a reader is waited for: words.01")
    assert [(r.id, r.state) for r in ada.reports if r.id in ("01.1", "01.4", "words.01")] == [
        ("01.1", "wrong"),
        ("01.4", "right"),
        ("words.01", "waiting"),
    ]
    assert (bob.state, bob.earned) == ("graded", 4.0), "no answer, nothing to read"
    assert bob.points == ada.points == rows[0].points + sum(r.points for r in bob.reports)
    assert dan == rows[2]

    with book_of(course) as gradebook:
        gradebook.find_grade("words-01", NAME, NAME, "ada").manual_score = 1.5
        gradebook.find_grade("words-01", NAME, NAME, "ada").needs_manual_grade = False
        gradebook.find_comment("words-01", NAME, NAME, "ada").manual_comment = "Which <two>?"
        gradebook.find_grade("check-01-1", NAME, NAME, "ada").manual_score = 1.0
        for grade in gradebook.find_submission_notebook(NAME, NAME, "dan").grades:
            grade.manual_score, grade.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    ada, bob, dan = book.completed(rows)
    assert (ada.state, ada.reason, ada.earned) == ("graded", "", 1.0 + 3.0 + 1.5)
    words = next(report for report in ada.reports if report.id == "words.01")
    assert (words.state, words.earned, words.points) == ("read", 1.5, 2)
    assert words.lines == ["your instructor: Which <two>?"]
    assert next(r for r in ada.reports if r.id == "01.1").state == "right"
    assert (dan.state, dan.earned) == ("graded", 0.5 * len(dan.reports))
    page = feedback_page(ada, NAME)
    assert "words.01 · read · 1.5 of 2" in page and "Which &lt;two&gt;?" in page


def test_a_plot_arrives_as_the_picture_that_it_is(course):
    def output(**data):
        return {"output_type": "display_data", "metadata": {}, "data": data}

    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
    lines = [png[:20] + "\n", png[20:]]
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(MOST_PICTURE_BYTES)).decode()
    outputs = [
        output(**{"image/png": lines, "text/html": "<script>alert(1)</script>"}),
        output(**{"image/png": base64.b64encode(b"<svg onload=alert(1)>").decode()}),
        output(**{"image/png": "no base64 <script>"}),
        output(**{"image/png": large}),
        output(**{"image/png": png}),
    ]
    path = course / "submitted" / "ada.ipynb"
    content = json.loads(path.read_text())
    question = content["cells"][-1]
    content["cells"][-1] = {**question, "cell_type": "code", "outputs": outputs, "source": "1 + 1"}
    assert pictures(json.dumps(content).encode()) == {"words-01": [png]}, "of the first four"
    content["cells"][-1]["outputs"] = {"not": "a list"}
    assert pictures(json.dumps(content).encode()) == {}
    assert answer_cells(json.dumps(content).encode())[-1][0] != "words-01", "read, not run"
    assert answer_cells(json.dumps(content).encode(), texts=True)[-1] == ["words-01", "1 + 1"]


def test_the_notebook_for_the_formgrader_holds_answers_and_verdicts_only(course):
    record(course, row("ada", 0.5))
    path = course / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
    assert cells["answer-01-1"].source == "print('<script>')"
    assert cells["words-01"].source == "XOR needs two lines."
    assert "✗ not yet  01.1" in cells["check-01-1"].outputs[0].text
    assert all(not c.get("outputs") for n, c in cells.items() if n and n.startswith("answer"))


def test_a_submission_that_nobody_could_read_is_there_without_points(course):
    record(course, Row("dan", "dan.ipynb", "manual", "k", reason="torn", time=1e9))
    assert set(grades(course, "dan").values()) == {(None, None, True)}
    with book_of(course) as book, pytest.raises(MissingEntry):
        book.find_submission(NAME, "nobody")


def test_a_late_submission_pays_what_the_plugin_says(course):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    record(course, row("ada", 1.0))
    with book_of(course) as book:
        book.update_or_create_assignment(NAME, duedate="2001-01-01 00:00:00 UTC")
        assert book.find_submission(NAME, "ada").score == 4
    record(course, row("ada", 1.0))  # handed in on 9 September 2001
    with book_of(course) as book:
        assert book.find_submission(NAME, "ada").late_submission_penalty == 4


@pytest.mark.parametrize("student", ["../../evil", "a/b", 'Żaneta, "Z" O\'Hara', "=1+1", "."])
def test_a_name_leads_to_no_other_folder(course, student):
    one = next(s for s in collect(course / "submitted", NAME) if s.student == "ada")
    book = Book(course, course / f"{NAME}.ipynb")
    book.record([row(student, 1.0)], [replace(one, student=student)])
    (path,) = (course / "autograded").rglob("*.ipynb")
    assert len(path.relative_to(course / "autograded").parts) == 3
