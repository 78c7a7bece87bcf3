"""Grading in a process: faulty answers cost their own check and nothing else."""

import json
import secrets
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from submissions import FOLDER, SOLUTION, submission

from engine.grading.exercises import evaluate, load_exercises
from engine.grading.process import Process, grade, load_assignment
from engine.grading.sandbox import Sandbox, find_sandbox
from engine.grading.submission import answer_cells, literal, needed_cells, setup_cells
from engine.grading.verdict import judge

pytestmark = pytest.mark.slow  # a process for each submission

ASSIGNMENT = load_assignment(FOLDER, seed=5)
SANDBOX = find_sandbox()


def call(source, name="f", args=(), seconds=5.0):
    with Process([["cell", source]], SANDBOX) as student:
        return student.call(name, list(args), seconds)


def test_calls_share_the_state_of_one_process():
    with Process(
        [["cell", "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)"]], SANDBOX
    ) as s:
        assert [s.call("f", [i], 5.0).value for i in range(3)] == [1, 2, 3]


def test_arrays_cross_in_both_directions():
    outcome = call("def f(x): return x.T * 2, {'n': x.shape}", args=[np.ones((2, 3), np.float32)])
    assert outcome.value[0].shape == (3, 2)
    assert outcome.value[0].dtype == np.float32
    assert outcome.value[1] == {"n": [2, 3]}


def test_engine_tensors_cross_as_arrays():
    outcome = call("import engine\ndef f(): return engine.ones(2, requires_grad=True)")
    assert outcome.value.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "body",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
        "import os\n    for i in range(3, 20):\n        try: os.write(i, b'garbage' * 99)\n"
        "        except OSError: pass\n    os._exit(0)",
    ],
)
def test_a_dying_process_is_a_crash(body):
    assert call(f"def f():\n    {body}").kind == "crash"


@pytest.mark.parametrize("body", ["while True: pass", "import time; time.sleep(60)"])
def test_an_endless_call_is_ended(body):
    started = time.monotonic()
    assert call(f"def f():\n    {body}", seconds=0.3).kind == "timeout"
    assert time.monotonic() - started < 10


def test_prints_input_and_warnings_do_not_disturb_the_channel():
    source = (
        "import sys, os, warnings\nprint('a' * 100_000)\nos.write(1, b'raw')\n"
        "def f():\n    print('b'); os.write(1, b'raw'); os.write(2, b'raw'); warnings.warn('w')\n"
        "    return sys.stdin.read()"
    )
    outcome = call(source)
    assert (outcome.kind, outcome.value) == ("value", "")


def test_an_error_quotes_the_students_line():
    assert call("def f():\n    y = 1 / 0").text == (
        "ZeroDivisionError: division by zero, in the line `y = 1 / 0`"
    )


def test_a_cell_that_fails_does_not_stop_the_next_one():
    with Process(
        [["a", "1 / 0"], ["b", "def"], ["c", "exit()"], ["d", "def f(): return 1"]], SANDBOX
    ) as s:
        assert s.call("f", [], 5.0).value == 1


@pytest.mark.parametrize("level", ["bubblewrap", "none"])
def test_what_a_submission_writes_is_gone_with_it(level, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setitem(globals(), "SANDBOX", Sandbox(level))
    name = f"left_{secrets.token_hex(8)}.txt"
    source = f"import os\nopen({name!r}, 'w').close()\ndef f(): return os.listdir()"
    assert name in call(source).value
    assert name not in call("import os\ndef f(): return os.listdir()").value
    assert not Path("/tmp", name).exists()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "reply",
    [
        "{'id': 'guessed', 'kind': 'value', 'value': 1, 'text': '', 'changed': []}",
        "{'kind': 'value'}",
    ],
)
def test_a_reply_that_was_not_asked_for_is_a_crash(reply):
    # The channel's descriptor is found and written to before the worker answers by itself.
    source = (
        "import io, os\nfrom engine.grading.channel import send\ndef f():\n"
        f"    stream = io.BytesIO(); send(stream, {reply})\n"
        "    for i in range(3, 20):\n"
        "        try: os.write(i, stream.getvalue())\n"
        "        except OSError: pass\n"
        "    return 1"
    )
    assert call(source).kind == "crash"


@pytest.mark.parametrize("kind", ["[]", "{}", "None", "'crash'", "1"])
def test_a_forged_reply_with_the_right_id_is_no_more_than_a_crash(kind):
    # The id of the request stands in a frame of the worker's own code, which the student can read.
    source = (
        "import io, os, sys\nfrom engine.grading.channel import send\ndef f():\n"
        "    frame = sys._getframe()\n"
        "    while 'request' not in frame.f_locals: frame = frame.f_back\n"
        "    stream = io.BytesIO()\n"
        f"    send(stream, {{'id': frame.f_locals['request']['id'], 'kind': {kind}, 'text': '',"
        " 'changed': [], 'value': 1})\n"
        "    for i in range(3, 20):\n"
        "        try: os.write(i, stream.getvalue())\n"
        "        except OSError: pass\n"
        "    return 1"
    )
    assert call(source).kind == "crash"


def test_one_bad_answer_costs_its_own_points_only():
    reports = grade(
        submission(answer_01_3="def update(x, y, w, b, lr):\n    import os\n    os._exit(1)"),
        ASSIGNMENT,
        SANDBOX,
    )
    # 01.4 calls update, but the solution's train may not survive someone else's os._exit.
    assert {r.id: r.state for r in reports} == {
        check.id: "wrong" if check.id in ("01.3", "01.4") else "right"
        for check in ASSIGNMENT.checks
    }


def test_the_students_checks_and_setup_are_not_run():
    notebook = json.loads(SOLUTION)
    for cell in notebook["cells"]:
        if not cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "raise SystemExit"
    earned = sum(r.earned for r in grade(json.dumps(notebook).encode(), ASSIGNMENT, SANDBOX))
    assert earned == sum(check.points for check in ASSIGNMENT.checks) > 0


def test_the_same_seed_replays_the_same_verdict():
    wrong = submission(answer_01_1="def forward(x, w, b):\n    return int(x[0] > 0)")
    cells = [*setup_cells(SOLUTION), *answer_cells(wrong)]
    exercise = load_exercises(FOLDER)[0]
    seen = []
    for seed in (8, 8, 9):
        with Process(cells, SANDBOX) as student:
            seen.append(str(judge(evaluate(exercise, np.random.default_rng(seed)), student)))
    assert seen[0] == seen[1] != seen[2]


def test_an_error_of_several_lines_is_told_in_one():
    source = "def f(x):\n    raise RuntimeError('wrong:\\n\\tsize of fc2')\n"
    assert call(source, args=[1.0]).text.startswith("RuntimeError: wrong: size of fc2, in")


def test_an_error_quotes_the_line_in_which_it_happened():
    source = "def part(x):\n    return x.missing\n\ndef f(x):\n    return part(x)\n"
    assert call(source, args=[1.0]).text.endswith("in the line `return x.missing`")


def test_a_cell_that_strikes_in_the_call_of_another_takes_only_its_own_with_it():
    # The name is put together, so that nothing shows that f needs the other cell. It does not.
    hostile = "import os\ndef end(x): os._exit(0)"
    honest = "def f(x): return globals().get('e' + 'nd', abs)(x)"
    with Process([["a", hostile], ["b", honest]], SANDBOX) as student:
        assert [student.call("f", [-2], 5.0).value, student.call("f", [-3], 5.0).value] == [2, 3]
        student.forget()
        assert student.call("end", [1], 5.0).kind == "crash"


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("def f(x):\n    w = x + 1\n    return w", False),
        ("def f(w): return w", False),
        ("def f(x): return [w for w in x]", False),
        ("def f(x): return w + x", True),
        ("def f(x): return lambda: w + x", True),
        ("class f:\n    def g(self): return w", True),
        ("def f(x, y=w): return y", True),
    ],
)
def test_a_call_needs_the_cells_whose_names_it_reads_and_no_namesakes(source, needed):
    cells = [["answer-a", "w = 1"], ["answer-b", source], ["answer-c", "w2 = f2 = 0"]]
    names = [name for name, _ in needed_cells(cells, "f")]
    assert names == ["answer-a"] * needed + ["answer-b"]


def test_one_process_serves_all_checks_of_a_notebook(monkeypatch):
    started, start = [], Sandbox.start
    monkeypatch.setattr(Sandbox, "start", lambda *of: started.append(1) or start(*of))
    reports = grade(SOLUTION, ASSIGNMENT, SANDBOX)
    assert all(report.state == "right" for report in reports) and len(reports) == 6
    assert started == [1], "its start is most of what a submission costs"


def test_choices_are_read_and_not_run():
    cells = [["a", 'a = "x"\nb = ...\nc = chr(98)\na = "b"'], ["b", 'd = "a'], ["c", "e = 1"]]
    assert literal(cells, "a").value == "b"
    assert [literal(cells, name).kind for name in "bcdez"] == [
        "unanswered",
        "unreadable",
        "missing",
        "unreadable",
        "missing",
    ]


def test_answer_and_setup_cells_are_told_apart():
    assert [name for name, _ in setup_cells(SOLUTION)] == ["setup-01"]
    assert [name for name, _ in answer_cells(SOLUTION)] == [f"answer-01-{i}" for i in range(1, 7)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b'{"nbformat": 3, "cells": []}', b'{"nbformat": 4, "cells": [1]}'],
)
def test_what_is_not_a_notebook_is_refused(content):
    with pytest.raises(ValueError, match="not a Jupyter notebook of format 4"):
        answer_cells(content)
