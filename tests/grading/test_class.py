"""A class of 200 from release to grades, by the commands of docs/instructors.md.

Every submission is made so that what it deserves is known beforehand; every grade must be that.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAME = "01_perceptron"
COUNT = 200
FIRE = "    return int(w @ x + b > 0)\n"
STEP = "    e = y - int(w @ x + b > 0)\n    return w + lr * e * x, b + lr * e\n"
TRAIN = """    w, b = np.zeros(x.shape[1]), 0.0
    for epoch in range(1, 500):
        mistakes = 0
        for xi, yi in zip(x, y):
            e = yi - int(w @ xi + b > 0)
            w, b, mistakes = w + e * xi, b + e, mistakes + (e != 0)
        if mistakes == 0:
            return w, b, epoch
"""
HEADS = {
    "01.1": "def forward(x, w, b):\n",
    "01.2": "def or_weights():\n",
    "01.3": "def update(x, y, w, b, lr):\n",
    "01.4": "def train(x, y):\n",
    "01.6": "def xor_perceptrons():\n",
}
OTHER_FIRE = """    z = b
    for a, c in zip(x, w):
        z += a * c
    return 1 * (z > 0)
"""
OTHER_STEP = """    if int(w @ x + b > 0) == y:
        return w, b
    sign = 2 * y - 1
    return w + sign * lr * x, b + sign * lr
"""
# Exercise: points, and the bodies that deserve them.
RIGHT = {
    "01.1": (1, [FIRE, OTHER_FIRE]),
    "01.2": (1, ["    return [1, 1], -0.5\n", "    return np.array([3.0, 2.0]), -1\n"]),
    "01.3": (2, [STEP, OTHER_STEP]),
    "01.4": (3, [TRAIN]),
    "01.6": (
        2,
        [
            "    return ([1, 1], -0.5), ([1, 1], -1.5), ([1, -1], -0.5)\n",
            "    return ([1, -1], -0.5), ([-1, 1], -0.5), ([1, 1], -0.5)\n",
        ],
    ),
}
WRONG = {
    "01.1": [
        FIRE.replace(">", ">="),
        FIRE.replace(" + b", ""),
        "    return w @ x + b\n",
        "    pass\n",
    ],
    "01.2": ["    return [1, 1], -1.5\n", "    return [1, 1], 0.5\n", "    return 'OR'\n"],
    "01.3": [
        STEP.replace("w + lr", "w - lr"),
        STEP.replace("b + lr * e\n", "b\n"),
        "    w += lr\n    return w, b\n",
    ],
    "01.4": [
        TRAIN.replace("epoch\n", "epoch - 1\n"),
        TRAIN.replace("b + e, m", "b, m"),
        "    return x.missing\n",
    ],
    "01.6": [
        "    return ([1, 1], -0.5), ([1, 1], -1.5), ([1, 1], -0.5)\n",
        "    return 1 / 0\n",
    ],
}
LETTERS = {"answer_05a": "b", "answer_05b": "b", "answer_05c": "c"}  # a point each
# What costs nobody a point.
HARMLESS = [
    "",
    "import warnings\nwarnings.warn('this will be removed')\n",
    "import sys\nprint('half way', file=sys.stderr)\n",
    "for i in range(100):\n    print(f'\\r{i} %', end='')\n",
    "import os\nos.chdir('/')\n",
    "import numpy as np\nnp.random.seed(0)\n",
]
# A cell that takes exercise 01.1 with it, and nothing else: no other answer here uses it.
SEVEN = "def forward(x, w, b): return 7\n"
HOSTILE = [
    "import os\nos._exit(0)\n",
    "import ctypes\nctypes.string_at(0)\n",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "import engine.grading.values as v\nv.gap = lambda *a: None\n" + SEVEN,
    "import numpy as np\nnp.array_equal = lambda *a: True\n" + SEVEN,
    "class Same(float):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
    "def forward(x, w, b): return Same(7)\n",
    "def forward(x, w, b):\n    return {'state': 'right', 'earned': 99}\n",
    "import socket\nsocket.create_connection(('1.1.1.1', 53), 3)\n" + SEVEN,
    "from pathlib import Path\nfor p in Path('/').rglob('gradebook.db'): p.unlink()\n" + SEVEN,
    "def forward(x, w, b): raise SystemExit\n",
]
BROKEN = [
    b"",
    b"{",
    b"PK\x03\x04 not a notebook",
    b'{"nbformat": 3, "worksheets": []}',
    b'{"cells": 5, "nbformat": 4}',
    b"[" * 100_000,
]
NAMES = ["O'Hara, Zoë", '"Quote" Quincy', "=HYPERLINK(1)", "李 小龙", "Ana  Maria", "+Plus", "Ünal"]


def filled(released: dict, answers: dict[str, str], rng: random.Random) -> bytes:
    """The released notebook with answers, as a student's JupyterLab would store it."""
    notebook = json.loads(json.dumps(released))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in answers:
            cell["source"] = answers[name]
        if cell["cell_type"] == "code":
            cell["execution_count"] = rng.randrange(1, 99)
    if rng.random() < 0.2:
        own = {"cell_type": "code", "source": "1 / 0", "outputs": [], "execution_count": 3}
        notebook["cells"].insert(3, {**own, "metadata": {}, "id": "own"})
    if rng.random() < 0.2:
        notebook["metadata"]["kernelspec"] = {"name": "conda-ml", "display_name": "my kernel"}
    text = json.dumps(notebook, ensure_ascii=rng.random() < 0.7)
    return text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))


def honest(rng: random.Random) -> tuple[dict[str, str], float]:
    """Answers, each right, wrong or missing, and the points that they deserve."""
    answers, points = {}, 0.0
    for exercise, (worth, bodies) in RIGHT.items():
        fate = rng.choice(["right", "right", "right", "wrong", "open"])
        points += worth * (fate == "right")
        if fate != "open":
            body = rng.choice(bodies if fate == "right" else WRONG[exercise])
            source = rng.choice(HARMLESS) + HEADS[exercise] + body
            answers[f"answer-{exercise.replace('.', '-')}"] = source
    letters = {name: rng.choice([right, right, "a"]) for name, right in LETTERS.items()}
    points += sum(letters[name] == right for name, right in LETTERS.items())
    answers["answer-01-5"] = "".join(f'{name} = "{letter}"\n' for name, letter in letters.items())
    return answers, points


def the_class(released: dict, rng: random.Random) -> dict[str, tuple[bytes, float | None]]:
    """By student: the notebook, and the points that it deserves; None where nobody can read it."""
    students = {}
    for number in range(COUNT):
        student = f"{NAMES[number % len(NAMES)]} {number:03d}"
        if number % 10 == 3:
            students[student] = BROKEN[number // 10 % len(BROKEN)], None
            continue
        answers, points = honest(rng)
        if number % 10 in (5, 8):
            was_right = answers.get("answer-01-1", "").endswith(tuple(RIGHT["01.1"][1]))
            points -= RIGHT["01.1"][0] * was_right
            answers["answer-01-1"] = HOSTILE[number // 5 % len(HOSTILE)]
        if number % 4 == 0:
            answers["answer-01-7-words"] = f"Three, says student {number}."
        students[student] = filled(released, answers, rng), points
    return students


def says_something(content: bytes) -> bool:
    """Whether there are words for a reader in it; they may be in UTF-16."""
    return b"says student" in content.replace(b"\0", b"")


@pytest.fixture
def course(tmp_path):
    """The instructor's copy of the course."""
    root = tmp_path / "course"
    unwanted = (".git", ".venv", "*cache*", "__pycache__", "*.egg-info", "grades", "gradebook.db")
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*unwanted))
    return root


def run(course, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(course)}
    command = [sys.executable, "-m", "engine.course", *map(str, arguments)]
    ran = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def rows(course, form):
    with (course / "grades" / NAME / f"grades_{form}.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def test_a_class_of_two_hundred(course, tmp_path):
    run(course, "release", "--out", tmp_path / "course.zip")
    with zipfile.ZipFile(tmp_path / "course.zip") as archive:
        released = json.loads(archive.read(f"course/exercises/{NAME}/{NAME}.ipynb"))
    students = the_class(released, random.Random(1))
    assert len(students) == COUNT
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        for number, (student, (content, _)) in enumerate(students.items()):
            folder = f"{student}_{1000 + number}_assignsubmission_file_"
            archive.writestr(f"{folder}/{NAME}.ipynb", content)
    grade = ("grade", tmp_path / "moodle.zip", "--assignment", NAME)
    broken = sum(points is None for _, points in students.values())
    readers = sum(says_something(content) for content, _ in students.values())

    told = run(course, *grade)
    assert f"{COUNT - broken} graded, {broken} to be looked at by hand" in told
    assert f"{readers} of those graded hold texts or plots for you" in told
    plain = {row["student"].removeprefix("'"): row for row in rows(course, "plain")}
    assert {name: row["points"] for name, row in plain.items()} == {
        student: "" if points is None else f"{points:g}"
        for student, (_, points) in students.items()
    }
    assert {row["state"] for row in plain.values()} == {"graded", "reading", "manual"}

    journal = course / "grades" / NAME / "results.jsonl"
    before = journal.read_bytes()
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        warnings.simplefilter("ignore")
        for submission in book.assignment_submissions(NAME):
            for grade_ in submission.notebooks[0].grades:
                if grade_.name == "answer-01-7-words" and grade_.needs_manual_grade:
                    grade_.manual_score, grade_.needs_manual_grade = 0.5, False
        book.db.commit()
    for form, column in (("canvas", NAME), ("moodle", "Grade")):
        run(course, *grade, "--form", form)
        got = [row[column] for row in rows(course, form)]
        assert sorted(got) == sorted(
            "" if points is None else f"{points + 0.5 * says_something(content):g}"
            for content, points in students.values()
        )
    assert journal.read_bytes() == before, "nothing was graded twice"
    plain_states = {row["state"] for row in rows(course, "plain")}
    assert plain_states == {"graded", "manual"}, "the table of the first run follows"
    assert {row["Identifier"] for row in rows(course, "moodle")} == {
        f"Participant {1000 + number}" for number in range(COUNT)
    }
    pages = [path.read_text() for path in (course / "grades" / NAME / "feedback").iterdir()]
    assert len(pages) == COUNT
    assert sum("read by your instructor" in page for page in pages) == readers
    assert not any("BEGIN SOLUTION" in page or str(course) in page for page in pages)
    assert (course / "solutions" / NAME / "checks.py").read_bytes() == (
        ROOT / "solutions" / NAME / "checks.py"
    ).read_bytes()
