"""The students' archive and its updates: no solutions, the same bytes, nobody's work lost."""

import json
import os
import posixpath
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from engine.course import release, update
from engine.course.cli import app
from engine.course.normal_form import from_text
from engine.course.release import EDITION, PRISTINE, released_files, write_archive
from engine.course.update import UpdateError, apply, merged, read_archive

ROOT = Path(__file__).parents[2]
EXERCISE = "exercises/01_perceptron/01_perceptron.ipynb"


@pytest.fixture(scope="module")
def edition():
    return released_files(ROOT)


@pytest.fixture
def student(tmp_path, edition):
    """A course folder as a student unpacks it."""
    for name, content in edition.items():
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "course"


def newer(edition, **changes):
    """The next edition: other bytes for some files."""
    content = {**edition, **{name.replace("__", "/"): text for name, text in changes.items()}}
    listed = {name: release.digest(c) for name, c in sorted(content.items()) if name != EDITION}
    return {**content, EDITION: json.dumps(listed).encode()}


def with_answer(notebook: bytes, answer: str, extra: bool = False) -> bytes:
    content = json.loads(notebook)
    cells = content["cells"]
    place = next(
        i
        for i, cell in enumerate(cells)
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "answer-01-1"
    )
    cells[place]["source"] = answer
    if extra:
        mine = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "my note"}
        cells.insert(place + 1, mine)
    return json.dumps(content).encode()


def sources(notebook: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]


def test_the_archive_holds_what_a_student_needs_and_no_solution(edition):
    names = set(edition)
    needed = {"README.md", "requirements.txt", "engine/__init__.py", "scripts/bootstrap.py"}
    needed |= {EXERCISE, "exercises/01_perceptron/checks.json", f"{PRISTINE}/{EXERCISE}"}
    assert needed | {"notebooks/04_mlp_xor.ipynb", "engine/lab/picture.js"} <= names
    parts = {part for name in names for part in name.split("/")}
    assert not parts & {"solutions", "checks.py", "benchmarks", "gradebook.db", ".git"}
    tests = [name for name in names if name.startswith("tests/")]
    assert all(re.fullmatch(r"tests/programs/l\d\w*\.py", name) for name in tests)
    hidden = (ROOT / "solutions/01_perceptron/checks.py").read_text().splitlines()
    telling = [line.strip() for line in hidden if "def " in line and "mutant" not in line]
    for name, content in edition.items():
        assert (
            b"BEGIN SOLUTION" not in content
            or name.startswith("engine/")
            or (
                name == "CONTRIBUTING.md"  # says how to write one
            )
        ), name
        text = content.decode("utf-8", errors="replace")
        assert not any(line in text for line in telling if len(line) > 30), name


def test_the_unpacked_course_has_the_listings_that_notebook_09_runs(student):
    code = "from engine.lab import listings; print(*listings())"
    environment = {**os.environ, "PYTHONPATH": str(student)}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=student,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == sorted(path.stem for path in ROOT.glob("tests/programs/l*.py"))


NUMBERS = [path.stem[:2] for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


@pytest.mark.parametrize("without", [[], *([number] for number in NUMBERS), ["05", "06"]], ids=str)
def test_links_in_the_unpacked_course_lead_somewhere(without):
    """From a student's notebooks and README to files of the archive."""
    edition = released_files(ROOT, without)
    for folder in ("notebooks", "exercises", f"{PRISTINE}/exercises"):
        here = {name.removeprefix(f"{folder}/")[:2] for name in edition if name.startswith(folder)}
        assert here == set(NUMBERS) - set(without)
    listed = json.loads(edition[EDITION])
    assert listed == {name: release.digest(c) for name, c in edition.items() if name != EDITION}
    dead = []
    for name, content in edition.items():
        if not name.endswith((".ipynb", ".md")) or name.startswith(PRISTINE):
            continue
        prose = content.decode()
        if name.endswith(".ipynb"):
            cells = [cell for cell in from_text(prose)["cells"] if cell["cell_type"] == "markdown"]
            prose = "\n".join(cell["source"] for cell in cells)
        for link in re.findall(r"\]\((?!\w+:|#)([^)\s#]+)", prose):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(link)))
            if not any(other == target or other.startswith(f"{target}/") for other in edition):
                dead.append(f"{name}: {link}")
    assert not dead


def test_the_archive_is_the_same_byte_for_byte(tmp_path, edition):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_archive(tmp_path / name / "course.zip", dict(reversed(edition.items())))
    assert (tmp_path / "one/course.zip").read_bytes() == (tmp_path / "two/course.zip").read_bytes()
    assert read_archive(tmp_path / "one/course.zip") == edition
    with zipfile.ZipFile(tmp_path / "one/course.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"course"}


def test_an_archive_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch, edition):
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_archive(tmp_path / "course.zip", edition)
    assert not list(tmp_path.iterdir())


def test_an_update_replaces_what_was_not_touched_and_removes_what_is_gone(student, edition):
    gone = newer({n: c for n, c in edition.items() if n != "Makefile"}, README__md=b"x")
    gone = newer(gone, **{"README.md": b"new words"})
    told = list(apply(student, gone))
    assert (student / "README.md").read_bytes() == b"new words"
    assert "replaced: README.md" in told
    assert "removed: Makefile" in told
    assert not (student / "Makefile").exists()
    assert not (student / update.COPIES).exists()
    assert list(apply(student, gone)) == []


def test_answers_and_own_cells_go_into_the_new_exercises(student, edition):
    mine = with_answer(edition[EXERCISE], "def forward(x, w, b):\n    return 42", extra=True)
    (student / EXERCISE).write_bytes(mine)
    better = json.loads(edition[EXERCISE])
    better["cells"][0]["source"] = "# A better title"
    stub = next(c for c in better["cells"] if "answer-01-2" in json.dumps(c["metadata"]))
    stub["source"] = "a better stub"
    told = list(apply(student, newer(edition, **{EXERCISE: json.dumps(better).encode()})))
    now = sources((student / EXERCISE).read_bytes())
    assert now[0] == "# A better title"
    place = now.index("def forward(x, w, b):\n    return 42")
    assert now[place + 1] == "my note"
    assert "a better stub" in now, "what was not answered is the new edition's"
    (kept,) = student.glob(f"{update.COPIES}/*/{EXERCISE}")
    assert kept.read_bytes() == mine
    assert any("with your answers" in line for line in told)


def test_edits_of_a_lesson_are_kept_beside_the_new_one(student, edition):
    lesson = "notebooks/00_start_here.ipynb"
    (student / lesson).write_bytes(b"my edits")
    list(apply(student, newer(edition, **{lesson: b"new lesson"})))
    assert (student / lesson).read_bytes() == b"new lesson"
    (kept,) = student.glob(f"{update.COPIES}/*/{lesson}")
    assert kept.read_bytes() == b"my edits"


def test_a_torn_notebook_is_kept_and_replaced(student, edition):
    (student / EXERCISE).write_bytes(b'{"cells": [')
    told = list(apply(student, newer(edition)))
    assert (student / EXERCISE).read_bytes() == edition[EXERCISE]
    assert any("without your answers" in line for line in told)
    assert list(student.glob(f"{update.COPIES}/*/{EXERCISE}"))


def test_a_spoiled_exercise_is_restored_with_or_without_answers(student, edition, monkeypatch):
    monkeypatch.chdir(student)
    spoiled = json.loads(with_answer(edition[EXERCISE], "def forward(x, w, b): return 1"))
    checks = [c for c in spoiled["cells"] if "check(" in "".join(c["source"])]
    spoiled["cells"] = [cell for cell in spoiled["cells"] if cell not in checks]
    (student / EXERCISE).write_text(json.dumps(spoiled))
    (student / "exercises/01_perceptron/checks.json").unlink()
    result = CliRunner().invoke(app, ["restore", "01"])
    assert result.exit_code == 0, result.output
    now = sources((student / EXERCISE).read_bytes())
    assert "def forward(x, w, b): return 1" in now
    assert 'check("01.1")' in now
    assert (student / "exercises/01_perceptron/checks.json").exists()
    CliRunner().invoke(app, ["restore", "01", "--empty"])
    assert (student / EXERCISE).read_bytes() == edition[EXERCISE]
    assert len(list(student.glob(f"{update.COPIES}/*/{EXERCISE}"))) == 2
    assert CliRunner().invoke(app, ["restore", "99"]).exit_code == 1


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "missing", "climbing"])
def test_a_bad_archive_changes_nothing(student, edition, tmp_path, damage):
    path = tmp_path / "course.zip"
    content = dict(edition)
    if damage == "changed":
        content["README.md"] = b"other"
    if damage == "climbing":
        content = newer(edition, **{"../../evil.txt": b"x"})
    write_archive(path, {"a.txt": b"x"} if damage == "foreign" else content)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-5000])
    if damage == "missing":
        path.unlink()
    with pytest.raises(UpdateError, match="archive|damaged"):
        list(apply(student, read_archive(path)))
    assert (student / "README.md").read_bytes() == edition["README.md"]


def test_answers_of_removed_exercises_are_not_put_anywhere_else(edition):
    new = json.loads(edition[EXERCISE])
    new["cells"] = [c for c in new["cells"] if "answer-01-1" not in json.dumps(c["metadata"])]
    result = merged(json.dumps(new).encode(), with_answer(edition[EXERCISE], "gone = 1"))
    assert "gone = 1" not in sources(result)


def test_a_notebook_is_left_out_and_comes_back_with_an_update(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(release, "differences", lambda root: [])
    run, out = CliRunner().invoke, str(tmp_path / "c.zip")
    *_, kept, gone, other, _, _ = sorted((ROOT / "notebooks").glob("*.ipynb"))
    number = gone.stem[:2]
    result = run(app, ["release", "--out", out, "--without", number, "--without", other.stem])
    assert result.exit_code == 0, result.output
    assert f"Without {number}. Still named in the words of: " in result.output
    student = tmp_path / "student"
    list(apply(student, read_archive(tmp_path / "c.zip")))
    assert (student / "notebooks" / kept.name).exists()
    assert not [*student.glob(f"*/{gone.stem}*"), *student.glob(f"*/{other.stem}*")]
    readme = (student / "README.md").read_text(encoding="utf-8")
    assert kept.stem in readme and gone.stem not in readme and other.stem not in readme
    assert f"new: notebooks/{gone.name}" in list(apply(student, released_files(ROOT)))
    result = run(app, ["release", "--out", out, "--without", "no"])
    assert result.exit_code == 2 and "there are 00_start_here, 01" in result.output


def test_the_command_refuses_exercises_that_are_out_of_date(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(release, "differences", lambda root: [Path("exercises/x.ipynb")])
    result = CliRunner().invoke(app, ["release", "--out", str(tmp_path / "c.zip")])
    assert result.exit_code == 1
    assert "course exercises --refresh" in result.output
    monkeypatch.setattr(release, "differences", lambda root: [])
    result = CliRunner().invoke(app, ["release", "--out", str(tmp_path / "c.zip")])
    assert result.exit_code == 0, result.output
    again = read_archive(tmp_path / "c.zip")
    student = tmp_path / "student"
    list(apply(student, again))
    monkeypatch.chdir(student)
    result = CliRunner().invoke(app, ["update", str(tmp_path / "c.zip")])
    assert result.exit_code == 0 and "Up to date" in result.output
    assert CliRunner().invoke(app, ["update", str(tmp_path / "none.zip")]).exit_code == 1
