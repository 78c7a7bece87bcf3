"""A class of submissions: every row once, whatever happens; tables and pages that hold."""

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from submissions import FOLDER, SOLUTION, submission

from engine.grading.intake import collect
from engine.grading.process import load_assignment
from engine.grading.reports import feedback_page, page_name, table
from engine.grading.run import Journal, Row, grade_class, on_threads
from engine.grading.sandbox import find_sandbox

NAME = FOLDER.name
SANDBOX = find_sandbox()
WHOLE = load_assignment(FOLDER, seed=3)
SHORT = replace(WHOLE, checks=[check for check in WHOLE.checks if check.id in ("01.1", "01.5")])
EMPTY = Path(__file__).parents[2] / "exercises" / NAME / f"{NAME}.ipynb"
ROOT = Path(__file__).parents[2]
STRANGE = '=1+1, "Zoë"\n<b>'


@pytest.fixture
def class_folder(tmp_path):
    """Honest, wrong, open, broken and hostile submissions."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    files = {
        "ada": SOLUTION,
        "bob": submission(answer_01_1="def forward(x, w, b):\n    return int(w @ x > 0)\n"),
        "cyd": EMPTY.read_bytes(),
        "dan": b"{",
        "eve": submission(answer_01_1="import os\nos._exit(0)\n"),
        "fay": SOLUTION.decode().encode("utf-16"),
    }
    for name, content in files.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "gus.ipynb").symlink_to("/etc/passwd")
    return folder


def run(folder, assignment, out, told):
    with on_threads(2, assignment, SANDBOX) as graders:
        return grade_class(collect(folder, NAME), assignment, graders, Journal(out), told.append)


@pytest.mark.slow
def test_everyone_gets_what_their_code_deserves(class_folder, tmp_path):
    told = []
    rows = run(class_folder, SHORT, tmp_path / "out", told)
    assert {row.student: (row.state, row.earned) for row in rows} == {
        "ada": ("graded", 4),
        "bob": ("graded", 3),
        "cyd": ("graded", 0),
        "dan": ("manual", 0),
        "eve": ("graded", 3),
        "fay": ("graded", 4),
        "gus": ("manual", 0),
    }
    assert sorted(row.student for row in told) == [row.student for row in rows]
    reasons = {row.student: row.reason for row in rows if row.reason}
    assert reasons["gus"] == "The file is a link, and links are not followed."
    assert reasons["dan"].startswith("The file is not a Jupyter notebook of format 4")
    eve = next(row for row in rows if row.student == "eve")
    assert "answer-01-1: line 1 imports os" in eve.notes
    assert {row.level for row in rows if row.earned} == {SANDBOX.level}
    assert {row.student for row in rows if row.level == "not run"} == {"dan", "gus"}


@pytest.mark.slow
def test_a_second_run_grades_nothing_twice_and_only_what_changed(class_folder, tmp_path):
    run(class_folder, SHORT, tmp_path / "out", [])
    (class_folder / "bob.ipynb").write_bytes(SOLUTION)
    told = []
    rows = run(class_folder, SHORT, tmp_path / "out", told)
    assert [row.student for row in told] == ["bob"]
    assert {row.student: row.earned for row in rows}["bob"] == 4
    other = replace(SHORT, seed=4, fingerprint="other")
    told.clear()
    run(class_folder, other, tmp_path / "out", told)
    assert len(told) == 6, "with other inputs all are graded again; a link stays a link"


def row(**facts):
    return Row(**{"student": "ada", "file": "ada.ipynb", "state": "graded", "key": "k", **facts})


def test_a_journal_keeps_whole_lines_only(tmp_path):
    journal = Journal(tmp_path)
    for student in ("ada", STRANGE):
        journal.add(row(student=student))
    with journal.path.open("a") as file:
        file.write('{"student": "cut o')
    assert [one.student for one in Journal(tmp_path).rows()] == ["ada", STRANGE]
    journal.add(row(student="after"))
    assert [one.student for one in journal.rows()] == ["ada", STRANGE, "after"]


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path, monkeypatch, class_folder):
    journal = Journal(tmp_path / "out")
    journal.add(row())

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.grading.run.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run(class_folder, SHORT, tmp_path / "out", [])
    monkeypatch.undo()
    assert Journal(tmp_path / "out").rows()[0] == row()


def test_a_fault_of_the_grader_itself_costs_nobody_a_grade(class_folder, tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr("engine.grading.run.grade", broken)
    found = run(class_folder, SHORT, tmp_path / "out", [])[0]
    assert (found.state, found.reason) == (
        "manual",
        "The grader failed: ZeroDivisionError: a fault",
    )
    monkeypatch.undo()
    found = run(class_folder, SHORT, tmp_path / "out", [])[0]
    assert found.state == "graded", "the next run tries again"


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    for number in range(12):
        (folder / f"s{number:02d}.ipynb").write_bytes(EMPTY.read_bytes())
    command = [sys.executable, "-m", "engine.course", "grade", str(folder), "--assignment", NAME]
    command += ["--out", str(tmp_path / "out"), "--no-gradebook", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    journal = tmp_path / "out" / NAME / "results.jsonl"
    run = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    before = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
    assert 3 <= len(before) < 12
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    after = [json.loads(line) for line in journal.read_text().splitlines()]
    assert after[: len(before)] == before
    assert sorted(one["student"] for one in after) == [f"s{n:02d}" for n in range(12)]
    assert len({one["seed"] for one in after}) == 1
    assert "12 graded, 0 to be looked at" in ran.stdout


FORMS = ("plain", "canvas", "moodle")


@pytest.mark.parametrize("form", FORMS)
def test_tables_survive_every_name(form):
    rows = [
        row(student=STRANGE, lms_id="7", earned=2.5, points=4.0),
        row(state="manual", reason="r"),
    ]
    read = list(csv.reader(io.StringIO(table(rows, NAME, form))))
    assert len(read) == 3
    assert len({len(line) for line in read}) == 1
    names = [cell for line in read for cell in line if "Zoë" in cell]
    assert names == [f"'{STRANGE}"], "a formula is made harmless, the rest of the name stays"
    column = {"plain": "points", "canvas": NAME, "moodle": "Grade"}[form]
    assert [line[read[0].index(column)] for line in read[1:]] == ["2.5", ""]


def test_another_form_of_table_is_refused():
    with pytest.raises(ValueError, match="plain, canvas, moodle, got 'excel'"):
        table([], NAME, "excel")


def test_a_feedback_page_shows_the_verdict_and_runs_nothing():
    report = {
        "id": "01.1",
        "state": "wrong",
        "earned": 0.0,
        "points": 1.0,
        "summary": "`forward` is wrong",
        "lines": ["yours: <script>alert(1)</script>"],
    }
    page = feedback_page(row(student=STRANGE, checks=[report], points=1.0, notes=["<i>"]), NAME)
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed(page)
    names = {tag for tag, _ in tags}
    assert not names & {"script", "img", "iframe", "b", "i", "link", "a"}
    policy = next(a["content"] for tag, a in tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "✗ not yet" in page and "0 of 1 points" in page
    assert "Not graded yet" in feedback_page(row(state="manual", reason="The file is torn."), NAME)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("`forward` and `x` are wrong", "<code>forward</code> and <code>x</code> are wrong"),
        ("`<b>` is no name", "<code>&lt;b&gt;</code> is no name"),
        ("a single ` stays", "a single ` stays"),
        ("``", "``"),
    ],
)
def test_a_feedback_page_shows_names_of_code_as_code(said, shown):
    report = {"id": "01.1", "state": "wrong", "earned": 0.0, "points": 1.0, "summary": said}
    page = feedback_page(row(checks=[{**report, "lines": [said, said]}], notes=[said]), NAME)
    assert f"<p>{shown}</p>" in page
    assert f"<pre>{shown}\n{shown}</pre>" in page
    assert f"<li>{shown}</li>" in page


def test_file_names_of_pages_are_safe_and_differ():
    names = ["ada", "../../etc/passwd", STRANGE, "Żaneta", "Żaneta ", "x" * 300, "", "a/b", "a b"]
    files = [page_name(name) for name in names]
    assert len(set(files)) == len(files)
    for file in files:
        assert Path(file).name == file and file.isascii() and len(file) < 100


@pytest.mark.slow
def test_without_a_sandbox_the_command_grades_only_what_it_is_told_to_trust(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(SOLUTION)
    command = [sys.executable, "-m", "engine.course", "grade", str(tmp_path / "in")]
    command += ["--assignment", NAME, "--out", str(tmp_path / "out"), "--no-gradebook"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(tmp_path)}
    results = tmp_path / "out" / NAME / "results.jsonl"

    def told(*options):
        ran = subprocess.run(
            [*command, *options], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        return ran.returncode, " ".join((ran.stdout + ran.stderr).split())

    code, text = told()
    assert code == 1 and "--trust-submissions" in text and not results.exists()
    code, text = told("--trust-submissions")
    assert code == 0, text
    with open(results.with_name("grades_plain.csv"), newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], row["state"], row["sandbox"]) == ("ada", "graded", "none")
