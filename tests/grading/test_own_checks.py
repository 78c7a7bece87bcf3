"""Checks of one's own class: they fit the notebook, or nothing is graded."""

import pytest
from submissions import FOLDER, submission
from typer.testing import CliRunner

from engine.course.cli import app

NAME = FOLDER.name


@pytest.fixture
def grade(tmp_path, monkeypatch):
    """The command on one submission; private checks are the course's with an edit."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_bytes(submission())
    private = tmp_path / "private" / NAME / "checks.py"
    private.parent.mkdir(parents=True)
    monkeypatch.chdir(FOLDER.parents[1])

    def run(old, new, checks=tmp_path / "private"):
        text = (FOLDER / "checks.py").read_text(encoding="utf-8")
        assert old in text
        private.write_text(text.replace(old, new, 1), encoding="utf-8")
        arguments = ["grade", tmp_path / "in", "--assignment", NAME, "--out", tmp_path / "out"]
        options = ["--checks", checks, "--no-gradebook"]
        result = CliRunner().invoke(app, [*map(str, arguments), *map(str, options)])
        return result.exit_code, " ".join(result.output.replace("│", "").split())

    return run


def test_checks_that_give_more_than_a_cell_has_are_refused(grade, tmp_path):
    code, told = grade("points=1", "points=4")
    assert code == 1
    assert "01.1: 4 points in checks.py, 1 in its cell's metadata" in told
    assert "copy of the course's" in told
    assert not (tmp_path / "out" / NAME / "results.jsonl").exists()


def test_checks_that_lack_an_exercise_are_no_silent_zero(grade):
    code, told = grade('id="01.1"', 'id="01.99"')
    assert code == 1
    assert "01.1: a check cell in the notebook, no exercise in checks.py" in told


def test_two_checks_of_one_id_are_refused(grade):
    code, told = grade('id="01.2"', 'id="01.1"')
    assert code == 1
    assert "01.1: 2 exercises of checks.py have this id" in told


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("def forward(x, w, b):", "def forward(x, w, b)", "SyntaxError: expected ':' (checks.py, "),
        ("import numpy as np", "import numpi as np", "No module named 'numpi' (checks.py, line 4)"),
        ("EXERCISES = [", "EXERCISE = [", "has no attribute 'EXERCISES'"),
        (
            'measure="perceptron"',
            'measure="perceptrn"',
            "measure 'perceptrn': expected one of adding_",
        ),
        ("int(w @ x + b > 0)", "int(w @ y + b > 0)", "01.1: the reference fails on an input of"),
    ],
)
def test_checks_that_do_not_run_are_told_with_their_line(grade, tmp_path, old, new, message):
    code, told = grade(old, new)
    assert code == 1 and "Nothing was graded: with" in told
    assert message in told and "Traceback" not in told
    assert not (tmp_path / "out" / NAME / "results.jsonl").exists()


def test_a_folder_without_checks_is_named(grade, tmp_path):
    code, told = grade("", "", tmp_path / "nowhere")
    assert code == 2
    assert "there is no" in told and "checks.py" in told
