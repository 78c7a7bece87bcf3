"""exercises/ is what solutions/ makes of it, and gives nothing away."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.course import exercises
from engine.course.cli import app

pytestmark = pytest.mark.slow  # nbgrader and kernels

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "solutions").glob("*/checks.py"))
pytest.importorskip("nbgrader", reason="nbgrader generates the exercises; it is not installed")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of the course that a test may spoil."""
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for name in ("notebooks", "engine"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cells(path):
    return [
        (cell, "".join(cell["source"]))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]


def notebooks():
    return [ROOT / "exercises" / folder.name / f"{folder.name}.ipynb" for folder in FOLDERS]


def test_exercises_are_up_to_date():
    stale = [path.as_posix() for path in exercises.differences(ROOT)]
    assert not stale, f"edit solutions/, then `course exercises --refresh`; out of date: {stale}"


def test_generating_twice_gives_the_same_bytes():
    for folder in FOLDERS:
        assert exercises.generate(folder, ROOT) == exercises.generate(folder, ROOT)


def test_check_fails_on_a_difference_and_refresh_mends_it(course):
    run = CliRunner().invoke
    assert run(exercises.app, ["--check"]).exit_code == 0
    notebook = course / "exercises/01_perceptron/01_perceptron.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (course / "exercises/01_perceptron/checks.json").unlink()
    (course / "exercises/01_perceptron/left_over.txt").write_text("x")
    result = run(exercises.app, ["--check"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "out of date: exercises/01_perceptron/01_perceptron.ipynb",
        "out of date: exercises/01_perceptron/checks.json",
        "out of date: exercises/01_perceptron/left_over.txt",
        "Run `course exercises --refresh`. Edit solutions/, never exercises/.",
    ]
    told = run(exercises.app, ["--refresh"]).output.splitlines()
    assert told[1:] == [
        "written: exercises/01_perceptron/checks.json",
        "removed: exercises/01_perceptron/left_over.txt",
    ]
    assert run(exercises.app, ["--check"]).output == "exercises/ is up to date\n"


def test_a_change_in_the_solutions_is_noticed(course):
    checks = course / "solutions/01_perceptron/checks.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text.replace("the bias b is missing", "the bias is missing"))
    assert exercises.differences(course) == [Path("exercises/01_perceptron/checks.json")]


@pytest.mark.parametrize("options", [[], ["--check", "--refresh"]])
def test_one_of_check_and_refresh_must_be_chosen(options):
    result = CliRunner().invoke(exercises.app, options)
    assert result.exit_code == 2
    assert "--refresh and --check" in result.output


def test_nbgrader_itself_releases_the_same_notebook(course):
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "01_perceptron", "--force"]
    # nbgrader starts its database tool, alembic, by name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # The course of this test has an empty engine/; nbgrader_config.py imports the real one.
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    released = course / "exercises/01_perceptron"
    stored = ROOT / "exercises/01_perceptron/01_perceptron.ipynb"
    assert cells(released / stored.name) == cells(stored)
    assert not (released / "checks.py").exists()
    assert exercises.differences(course) == [], "nbgrader empties the folder: checks.json is back"


def test_nothing_of_the_solutions_reaches_the_students():
    for folder, notebook in zip(FOLDERS, notebooks(), strict=True):
        assert sorted(p.name for p in notebook.parent.iterdir() if p.name[0] != ".") == sorted(
            [notebook.name, "checks.json"]
        )
        released = notebook.read_text(encoding="utf-8")
        for word in ("SOLUTION", "HIDDEN", "solution-only", "checks.py", "Mutant"):
            assert word not in released
        table = (notebook.parent / "checks.json").read_text(encoding="utf-8")
        for cell, source in cells(folder / notebook.name):
            if "solution-only" in cell["metadata"].get("tags", ()):
                assert source not in "\n".join(text for _, text in cells(notebook))
            for line in solution_lines(source):
                assert line not in released
                assert line not in table


def solution_lines(source):
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", source, re.DOTALL)
    lines = [line.strip() for region in regions for line in region.splitlines()]
    # Lines such as `mistakes = 0` say too little to give anything away.
    return [line for line in lines if len(line) > 20]


def test_solution_regions_are_found_by_the_test_above():
    found = [
        solution_lines(text)
        for folder in FOLDERS
        for _, text in cells(folder / f"{folder.name}.ipynb")
    ]
    assert "error = y - forward(x, w, b)" in sum(found, [])


def without(key):
    """An edit: the answer's cell loses a key of its marks."""
    return lambda cell: cell["metadata"]["nbgrader"].pop(key)


def reads(old, new):
    """An edit: other text in a cell."""

    def edit(cell):
        cell["source"] = "".join(cell["source"]).replace(old, new)

    return edit


def renamed(name):
    """An edit: another grade_id."""
    return lambda cell: cell["metadata"]["nbgrader"].update(grade_id=name)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("check-01-3", without("points"), "check-01-3: no points in the cell's nbgrader metadata"),
        ("check-01-3", without("grade"), "01.3: no cell check-01-3 that is graded"),
        ("check-01-3", reads("01.3", "01.4"), 'no cell check-01-3 with check("01.3")'),
        ("check-01-3", renamed("check-01-99"), "01.99: a check cell in the notebook, no exercise"),
        ("answer-01-3", without("solution"), "01.3: no cell answer-01-3 marked as solution"),
        ("answer-01-3", renamed("answer-01-4"), "answer-01-4: two cells have this grade_id"),
        ("answer-01-3", reads("### BEGIN SOLUTION", ""), "answer-01-3 has no ### BEGIN SOLUTION"),
        ("answer-01-3", reads("### END SOLUTION", ""), "no end solution statement found"),
    ],
)
def test_a_part_that_is_missing_in_the_notebook_is_named(course, name, edit, message):
    path = course / "solutions/01_perceptron/01_perceptron.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            edit(cell)
    path.write_text(json.dumps(content), encoding="utf-8")
    result = CliRunner().invoke(exercises.app, ["--refresh"])
    assert result.exit_code == 1
    assert "solutions/01_perceptron is unfinished" in result.output
    assert message in result.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id="01.3"', 'id="01.4"', "01.4: 2 exercises of checks.py have this id"),
        ("points=2,", "points=3,", "01.3: 3 points in checks.py, 2 in its cell's metadata"),
        ("w @ x + b >= 0", "w @ x + b > 0", "01.1: a mutant passes every input: at z = 0"),
        ('"the bias b is missing from the sum."', '""', "01.1: two to four mutants, each with a"),
        ("return int(w @ x + b > 0)", "return w.no", "01.1: the reference fails on an input of"),
        ("def forward(x, w, b):", "def forward(x, w, b)", "SyntaxError: expected ':' (checks.py, "),
    ],
)
def test_a_part_that_is_missing_in_checks_py_is_named(course, old, new, message):
    path = course / "solutions/01_perceptron/checks.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    result = CliRunner().invoke(exercises.app, ["--check"])
    assert result.exit_code == 1
    assert message in result.output


def test_a_students_copy_says_that_it_has_no_solutions(course):
    shutil.rmtree(course / "solutions")
    for command in (["exercises", "--check"], ["release"]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        assert "this is a student's copy" in result.output


def test_released_cells_are_short_valid_python_without_outputs():
    for notebook in notebooks():
        for cell, source in cells(notebook):
            if cell["cell_type"] == "code":
                ast.parse(source)
                assert cell["outputs"] == []
                assert cell["execution_count"] is None
                lines, where = source.splitlines(), f"{notebook.name}, cell {cell['id']}"
                assert len(lines) <= 15, f"{where}: {len(lines)} lines, at most 15"
                long = [line for line in lines if len(line) > 90]
                assert not long, f"{where}: lines of more than 90 columns: {long}"


def test_run_all_without_answers_prints_one_sentence_per_check():
    import nbformat
    from nbclient import NotebookClient

    for notebook in notebooks():
        content = nbformat.read(notebook, as_version=4)
        path = {"metadata": {"path": str(notebook.parent)}}
        # A busy machine may send what one cell prints in several pieces.
        options = {"timeout": 60, "kernel_name": "python3", "coalesce_streams": True}
        NotebookClient(content, resources=path, **options).execute()
        printed = {
            cell.source: [output.get("text", output.output_type) for output in cell.outputs]
            for cell in content.cells
            if cell.cell_type == "code"
        }
        checks = {source: texts for source, texts in printed.items() if source.startswith("check(")}
        assert len(checks) >= 3
        for texts in checks.values():
            assert len(texts) == 1
            assert texts[0].startswith("○ open")
            assert texts[0].count("\n") == 1
        assert sum(len(texts) for texts in printed.values()) == len(checks) + 1
