"""What stands in an answer's text: imports, hidden code, and what the exercise asks to build."""

import pytest
from submissions import FOLDER

from engine.grading import process
from engine.grading.process import load_assignment
from engine.grading.scan import remarks
from engine.grading.submission import answer_cells

BUILT = ("conv2d", "Conv2d")
SOLVED = sorted(path.parent for path in FOLDER.parent.glob("*/checks.py"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import numpy as np\nfrom engine import nn\nimport engine.nn.functional as F", []),
        ("x = 1\nimport os, sys", ["line 2 imports os", "line 2 imports sys"]),
        ("from engine.grading.values import gap", ["line 1 imports engine.grading.values"]),
        ("from . import x", ["line 1 imports ."]),
        ("def f():\n    return eval('1')", ["line 2 imports with eval()"]),
        ("y = F.conv2d(x, w)", ["line 1 uses conv2d, which this exercise asks you to build"]),
        (
            "y = nn.Conv2d(1, 1, 3)(x)",
            ["line 1 uses Conv2d, which this exercise asks you to build"],
        ),
        ("f = conv2d", ["line 1 uses conv2d, which this exercise asks you to build"]),
        ("def conv2d(x):\n    return x\ny = conv2d(1)", []),
        ("# conv2d would do it\ntext = 'conv2d'", []),
        ("def f(:", []),
        ("\0", []),
        ("(" * 500 + ")" * 500, []),
    ],
)
def test_remarks(source, said):
    assert remarks(source, BUILT) == said


def test_what_an_exercise_builds_belongs_to_its_answer_cell(tmp_path):
    for path in FOLDER.glob("*"):
        if path.is_file():
            (tmp_path / FOLDER.name).mkdir(exist_ok=True)
            text = path.read_text(encoding="utf-8")
            (tmp_path / FOLDER.name / path.name).write_text(
                text.replace('id="01.3",', 'id="01.3",\n        builds=("Linear",),')
            )
    builds = load_assignment(tmp_path / FOLDER.name, seed=1).builds
    assert builds["answer-01-3"] == ("Linear",) and builds["answer-01-1"] == ()


@pytest.mark.parametrize("folder", SOLVED, ids=lambda folder: folder.name)
def test_a_solution_gives_no_cause_for_a_remark(folder, monkeypatch):
    monkeypatch.setattr(process, "evaluate", lambda *_: None)  # nothing has to be drawn
    assignment = load_assignment(folder, seed=1)
    cells = answer_cells((folder / f"{folder.name}.ipynb").read_bytes())
    assert set(assignment.builds) >= {name for name, _ in cells}
    said = {name: remarks(source, assignment.builds[name]) for name, source in cells}
    assert not any(said.values()), said
