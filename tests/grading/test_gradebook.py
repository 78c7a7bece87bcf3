"""nbgrader's gradebook gets the decided scores, and what was graded by hand stays."""

import base64
import json
import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook, MissingEntry
from submissions import FOLDER, submission

from engine.grading.gradebook import Book
from engine.grading.intake import collect
from engine.grading.reports import feedback_page
from engine.grading.run import Row
from engine.grading.submission import MOST_PICTURE_BYTES, answer_cells, pictures
from engine.grading.verdict import Report

pytestmark = pytest.mark.slow  # nbgrader

NAME, ROOT = FOLDER.name, Path(__file__).parents[2]
RELEASED = ROOT / "exercises" / NAME / f"{NAME}.ipynb"
WORDS, PLOT = "answer-01-7-words", "answer-01-7-plot"
CELLS = nbformat.read(RELEASED, as_version=4).cells
POINTS = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in CELLS)


def stubs():
    """What stands in the cells for a reader before anybody has answered."""
    names = [(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source) for cell in CELLS]
    return {name.replace("-", "_"): source for name, source in names if name in (WORDS, PLOT)}


@pytest.fixture
def course(tmp_path):
    """A course folder with submissions: ada has answered, bob has not, dan's is torn."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copy(RELEASED, tmp_path)
    folder = tmp_path / "submitted"
    folder.mkdir()
    answer = "print('<script>')"
    ada = submission(answer_01_1=answer, answer_01_7_words="XOR needs two lines.")
    (folder / "ada.ipynb").write_bytes(ada)
    (folder / "bob.ipynb").write_bytes(submission(answer_01_1=answer, **stubs()))
    (folder / "dan.ipynb").write_text("{")
    return tmp_path


def row(student, earned, **facts):
    reports = [
        Report("01.1", "wrong", earned, 1, "wrong <b>"),
        Report("01.4", "right", 3.0, 3, "right"),
    ]
    checks = [asdict(report) for report in reports]
    key = f"{earned} checks"  # of the content, and of what it was put to
    return Row(student, f"{student}.ipynb", "graded", key, checks=checks, time=1e9, **facts)


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
    assert ada[WORDS][2] and ada[PLOT][2], "her text and her plot wait for a reader"
    assert bob[WORDS] == bob[PLOT] == (0.0, None, False), "no answer, nothing to read"


def test_what_was_graded_by_hand_survives_a_regrade_and_asks_for_a_look(course):
    record(course, row("ada", 0.0))
    with book_of(course) as book:
        book.find_grade(WORDS, NAME, NAME, "ada").manual_score = 1.5
        book.find_grade("check-01-1", NAME, NAME, "ada").manual_score = 1.0
        book.db.commit()
    record(course, row("ada", 0.25))
    assert grades(course, "ada")["check-01-1"] == (0.25, 1.0, True)
    assert grades(course, "ada")[WORDS][1] == 1.5


def test_what_a_person_adds_completes_the_row(course):
    rows = [row("ada", 0.5), row("bob", 1.0), Row("dan", "dan.ipynb", "manual", "k", reason="torn")]
    book = record(course, *rows)
    ada, bob, dan = book.completed(rows)
    assert (ada.state, ada.reason) == ("reading", "a reader is waited for: 01.7.plot, 01.7.words")
    shown = {report.id: report.state for report in ada.reports}
    assert (shown["01.1"], shown["01.4"]) == ("wrong", "right")
    assert shown["01.7.words"] == "waiting"
    assert (bob.state, bob.earned) == ("graded", 4.0), "no answer, nothing to read"
    assert bob.points == ada.points == sum(report.points for report in bob.reports) == POINTS
    assert dan == replace(rows[2], points=POINTS), "out of as many points as everybody"

    with book_of(course) as gradebook:
        for name, points in ((WORDS, 0.5), (PLOT, 1.0), ("check-01-1", 1.0)):
            grade = gradebook.find_grade(name, NAME, NAME, "ada")
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.find_comment(WORDS, NAME, NAME, "ada").manual_comment = "Which <two>?"
        gradebook.find_comment("answer-01-1", NAME, NAME, "ada").manual_comment = "Nearly."
        for grade in gradebook.find_submission_notebook(NAME, NAME, "dan").grades:
            grade.manual_score, grade.needs_manual_grade = 0.5, False
        gradebook.db.commit()
    ada, bob, dan = book.completed(rows)
    assert (ada.state, ada.reason, ada.earned) == ("graded", "", 1.0 + 3.0 + 1.0 + 0.5)
    by_id = {report.id: report for report in ada.reports}
    words = by_id["01.7.words"]
    assert (words.state, words.earned, words.points) == ("read", 0.5, 1)
    assert words.lines == ["your instructor: Which <two>?"]
    assert by_id["01.1"].lines == ["your instructor: Nearly."], "below the code that it is about"
    assert by_id["01.1"].state == by_id["01.7.plot"].state == "right"
    assert (dan.state, dan.earned) == ("graded", 0.5 * len(dan.reports))
    page = feedback_page(ada, NAME)
    assert "01.7.words · read · 0.5 of 1" in page and "Which &lt;two&gt;?" in page


def give(course, student, points):
    """Points by hand for every cell of a submission, as the formgrader notes them."""
    with book_of(course) as gradebook:
        for grade in gradebook.find_submission_notebook(NAME, NAME, student).grades:
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def test_what_changed_since_it_was_read_waits_for_a_new_look(course):
    book = record(course, row("ada", 0.5))
    give(course, "ada", 1.0)
    assert book.completed([row("ada", 0.5)])[0].state == "graded"
    later = row("ada", 0.25)  # another notebook
    book.record([later], collect(course / "submitted", NAME))
    (ada,) = book.completed([later])
    assert ada.state == "reading" and "01.7.words" in ada.reason and "01.1" in ada.reason


def test_with_other_checks_only_changed_points_wait_for_a_new_look(course):
    def after(checks, earned):
        return replace(row("ada", earned), key=f"content {checks}")

    record(course, after("checks", 0.5))
    give(course, "ada", 1.0)
    book = record(course, mended := after("mended", 0.5))
    assert book.completed([mended])[0].state == "graded"
    book = record(course, mended := after("mended again", 0.25))
    assert book.completed([mended])[0].reason == "a reader is waited for: 01.1"
    record(course, after("mended again, not yet seen", 0.25))
    assert grades(course, "ada")["check-01-1"] == (0.25, 1.0, True)


def test_what_nbgrader_remarks_is_not_put_into_the_instructors_mouth(course):
    (bob,) = record(course, row("bob", 1.0)).completed([row("bob", 1.0)])
    words = next(report for report in bob.reports if report.id == "01.7.words")
    assert (words.state, words.lines) == ("unanswered", [])


def test_a_torn_submission_does_not_get_the_points_of_an_earlier_one(course):
    book = record(course, row("bob", 1.0))
    torn = Row("bob", "bob.ipynb", "manual", "k", reason="torn", time=2e9)
    book.record([torn], collect(course / "submitted", NAME))
    assert book.completed([torn]) == [replace(torn, points=POINTS)]
    give(course, "bob", 0.5)
    assert book.completed([torn])[0].state == "graded"


def test_a_check_without_a_cell_of_its_own_keeps_its_points(course):
    extra = Report("01.99", "right", 2.0, 2.0, "a private check")
    one = row("bob", 1.0)
    one = replace(one, checks=[*one.checks, asdict(extra)])
    (bob,) = record(course, one).completed([one])
    assert bob.reports[-1] == extra and (bob.earned, bob.points) == (6.0, POINTS + 2)


def test_a_plot_arrives_as_the_picture_that_it_is():
    def output(**data):
        return {"output_type": "display_data", "metadata": {}, "data": data}

    def seen(outputs):
        content = json.loads(submission(answer_01_7_plot="1 + 1"))
        for cell in content["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == PLOT:
                cell["outputs"] = outputs
        return pictures(json.dumps(content).encode())

    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(MOST_PICTURE_BYTES)).decode()
    lines = {"image/png": [png[:20] + "\n", png[20:]], "text/html": "<script>alert(1)</script>"}
    no_picture = base64.b64encode(b"<svg onload=alert(1)>").decode()
    wrong = [output(**{"image/png": data}) for data in (no_picture, "no base64 <", large)]
    right = output(**{"image/png": png})
    assert seen([output(**lines), *wrong, right]) == {PLOT: [png]}, "of the first four"
    assert seen({"not": "a list"}) == seen([7, {"data": 7}]) == seen(None) == {}
    assert seen([right]) == {PLOT: [png]}


def test_what_a_person_reads_is_not_run():
    content = submission(answer_01_7_plot="1 + 1")
    assert PLOT not in dict(answer_cells(content))
    assert dict(answer_cells(content, texts=True))[PLOT] == "1 + 1"


def test_what_has_not_changed_is_not_written_again(course):
    record(course, row("ada", 0.5))
    path = course / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    before = path.stat().st_mtime_ns
    record(course, row("ada", 0.5))
    assert path.stat().st_mtime_ns == before
    path.write_text("{}")  # not what was written
    record(course, row("ada", 0.5))
    assert json.loads(path.read_text())["nbformat"] == 4
    (course / "gradebook.db").unlink()
    record(course, row("ada", 0.5))
    assert grades(course, "ada")["check-01-1"] == (0.5, None, False)


def test_the_notebook_for_the_formgrader_holds_answers_and_verdicts_only(course):
    record(course, row("ada", 0.5))
    path = course / "autograded" / "ada" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
    assert cells["answer-01-1"].source == "print('<script>')"
    assert cells[WORDS].source == "XOR needs two lines."
    assert [list(output.data) for output in cells[PLOT].outputs] == [["image/png"]]
    assert "✗ not yet  01.1" in cells["check-01-1"].outputs[0].text
    answers = {name: c for name, c in cells.items() if name and name.startswith("answer")}
    assert all(not cell.get("outputs") for name, cell in answers.items() if name != PLOT)


def test_a_submission_that_nobody_could_read_is_there_without_points(course):
    reason = "torn <script>"
    record(course, Row("dan", "dan.ipynb", "manual", "k", reason=reason, time=1e9))
    assert set(grades(course, "dan").values()) == {(None, None, True)}
    path = course / "autograded" / "dan" / NAME / f"{NAME}.ipynb"
    shown = nbformat.read(path, as_version=4)  # without it the formgrader would not list dan
    nbformat.validate(shown)
    assert "torn &lt;script&gt;" in shown.cells[0].source
    (course / "submitted" / "dan.ipynb").write_bytes(submission(answer_01_1="mended"))
    record(course, row("dan", 1.0))
    assert grades(course, "dan")["check-01-4"] == (3.0, None, False)
    assert "torn" not in path.read_text()
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


def test_a_penalty_of_ones_own_follows_the_due_date(course):
    """The lines of docs/instructors.md."""
    text = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    (example,) = [part for part in re.findall(r"```python\n(.*?)```", text, re.S) if "late" in part]
    config = course / "nbgrader_config.py"
    one = row("ada", 1.0)

    def notes(due):
        record(course, one)
        with book_of(course) as book:
            book.update_or_create_assignment(NAME, duedate=due)
        return record(course, one).completed([one])[0].notes

    assert notes("2001-09-08 01:00:00 UTC") == ["handed in late by 1 day, 0:46:40"]
    config.write_text(config.read_text() + example)
    assert notes("2001-09-09 01:00:00 UTC") == ["handed in late by 0:46:40: 1 point less"]
    assert notes("2001-09-07 01:00:00 UTC") == ["handed in late by 2 days, 0:46:40: 3 points less"]
    assert notes("2001-09-10 01:00:00 UTC") == []


@pytest.mark.parametrize("student", ["../../evil", "a/b", 'Żaneta, "Z" O\'Hara', "=1+1", "."])
def test_a_name_leads_to_no_other_folder(course, student):
    one = next(s for s in collect(course / "submitted", NAME) if s.student == "ada")
    book = Book(course, course / f"{NAME}.ipynb")
    book.record([row(student, 1.0)], [replace(one, student=student)])
    (path,) = (course / "autograded").rglob("*.ipynb")
    assert len(path.relative_to(course / "autograded").parts) == 3
