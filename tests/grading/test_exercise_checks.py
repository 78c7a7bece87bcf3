"""Every exercise of every notebook: the solution gets full marks, every mutant its own hint.

Both bindings are tried: the notebook's, in this process, on the released table; and the grader's,
in a process of its own, on fresh inputs.
"""

import ast
import json
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.grading.answers import Namespace
from engine.grading.exercises import Choice, Exercise, evaluate, load_exercises, weaknesses
from engine.grading.process import Process, grade, load_assignment
from engine.grading.sandbox import find_sandbox
from engine.grading.submission import setup_cells
from engine.grading.table import read_table
from engine.grading.values import gap
from engine.grading.verdict import judge

pytestmark = pytest.mark.slow  # a process for each submission

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "solutions").glob("*/checks.py"))
EXERCISES = [(folder, e) for folder in FOLDERS for e in load_exercises(folder)]
FUNCTIONS = [(folder, e) for folder, e in EXERCISES if isinstance(e, Exercise)]
IN_PARTS = [(folder, e) for folder, e in FUNCTIONS if e.outputs]
CHOICES = [(folder, e) for folder, e in EXERCISES if not isinstance(e, Exercise)]
MUTANTS = [(folder, e, i) for folder, e in FUNCTIONS for i in range(len(e.mutants))]


def released(folder, exercise):
    return read_table(ROOT / "exercises" / folder.name / "checks.json")[exercise.id]


def quick(check):
    """The same check; with less patience where a mutant never ends and costs the whole limit."""
    outcomes = [outcome for theirs in check.mutants.values() for outcome in theirs]
    endless = any(outcome.kind == "timeout" for outcome in outcomes)
    return replace(check, seconds=min(check.seconds, 1.0)) if endless else check


def endless_if_it_gives_up(function):
    """A mutant as a student would have it: where the mutant raises TimeoutError, a real loop."""

    def wrapped(*args):
        try:
            return function(*args)
        except TimeoutError:
            while True:
                pass

    return wrapped


def as_cells(folder, exercise):
    """Cells that define the reference and mutant_0, mutant_1, ... for the grader's process."""
    lines = [
        (folder / "checks.py").read_text(encoding="utf-8"),
        f"exercise = next(e for e in EXERCISES if e.id == {exercise.id!r})",
        f"{exercise.reference.__name__} = exercise.reference",
    ]
    for i in range(len(exercise.mutants)):
        lines += [
            f"def mutant_{i}(*args):",
            f"    try: return exercise.mutants[{i}].function(*args)",
            "    except TimeoutError:",
            "        while True: pass",
        ]
    return [["answer", "\n".join(lines)]]


def label(value):
    return getattr(value, "id", None) or getattr(value, "name", None) or str(value)


def test_there_are_exercises_to_try():
    assert FOLDERS
    assert FUNCTIONS
    assert CHOICES


@pytest.mark.parametrize(("folder", "exercise"), FUNCTIONS, ids=label)
def test_the_reference_gets_full_marks_in_the_notebook(folder, exercise):
    answers = Namespace({exercise.reference.__name__: exercise.reference})
    report = judge(released(folder, exercise), answers)
    assert (report.state, report.earned) == ("right", exercise.points)
    assert report.lines == []


@pytest.mark.parametrize(("folder", "exercise", "mutant"), MUTANTS, ids=label)
def test_a_mutant_gets_its_own_hint_and_no_points_in_the_notebook(folder, exercise, mutant):
    function = endless_if_it_gives_up(exercise.mutants[mutant].function)
    report = judge(
        quick(released(folder, exercise)), Namespace({exercise.reference.__name__: function})
    )
    assert (report.state, report.earned) == ("wrong", 0), (
        f"no input of {exercise.id} tells this mutant from the reference: add one to its cases"
    )
    assert hints(report) == [exercise.mutants[mutant].hint]


@pytest.mark.parametrize(("folder", "exercise"), FUNCTIONS, ids=label)
def test_in_grading_the_reference_gets_full_marks_and_every_mutant_its_own_hint(folder, exercise):
    check = evaluate(exercise, np.random.default_rng(123))
    with Process(as_cells(folder, exercise), find_sandbox()) as student:
        report = judge(check, student)
        assert (report.state, report.earned) == ("right", exercise.points)
        for i, mutant in enumerate(exercise.mutants):
            report = judge(replace(quick(check), name=f"mutant_{i}"), student)
            assert (report.state, report.earned) == ("wrong", 0)
            assert hints(report) == [mutant.hint]


def test_there_are_mistakes_in_different_parts_to_combine():
    assert any(different_parts(released(*one)) for one in IN_PARTS)


@pytest.mark.parametrize(("folder", "exercise"), IN_PARTS, ids=label)
def test_two_mistakes_in_two_parts_of_a_result_are_both_named(folder, exercise):
    check = released(folder, exercise)
    for (i, one, mine), (j, other, yours) in different_parts(check):
        answers = [[*case.expected] for case in check.cases]
        for answer, first, second in zip(answers, mine, yours, strict=True):
            answer[i], answer[j] = first, second
        report = judge(check, Namespace({check.name: partial(answer_from, iter(answers))}))
        named = sorted([(i, one), (j, other)])
        assert hints(report) == [f"{check.outputs[k]}: {hint}" for k, hint in named]


def different_parts(check):
    """Pairs of mutants that get one part wrong each, and not the same: (part, hint, its values)."""
    known = [
        (part, hint, [outcome.value[part] for outcome in outcomes])
        for hint, outcomes in check.mutants.items()
        if all(outcome.kind == "value" for outcome in outcomes)
        if (part := only_wrong_part(outcomes, check)) is not None
    ]
    return [(one, other) for one, other in combinations(known, 2) if one[0] != other[0]]


def answer_from(answers, *_):
    return next(answers)


def only_wrong_part(outcomes, check):
    """The part of a result that a mutant gets wrong, if there is exactly one."""
    wrong = {
        part
        for outcome, case in zip(outcomes, check.cases, strict=True)
        for part in range(len(check.outputs))
        if gap(outcome.value[part], case.expected[part], check.tolerance) is not None
    }
    return wrong.pop() if len(wrong) == 1 else None


def hints(report):
    marker = "likely cause:"
    return [line.removeprefix(marker).strip() for line in report.lines if line.startswith(marker)]


@pytest.mark.parametrize(("folder", "exercise"), FUNCTIONS, ids=label)
def test_any_seed_tells_the_mutants_apart(folder, exercise):
    for seed in range(5):
        assert weaknesses(evaluate(exercise, np.random.default_rng(seed))) == [], (
            f"with seed {seed}: let cases() yield an input that shows the difference"
        )


@pytest.mark.parametrize(("folder", "exercise"), FUNCTIONS, ids=label)
def test_inputs_depend_on_the_seed_alone(folder, exercise):
    first, again = (evaluate(exercise, np.random.default_rng(4)) for _ in range(2))
    assert repr(first.cases) == repr(again.cases)


@pytest.mark.parametrize(("folder", "exercise"), CHOICES, ids=label)
def test_every_choice_has_its_message_and_one_is_right(folder, exercise):
    check = released(folder, exercise)
    for name, messages in check.questions.items():
        points = {}
        for letter, message in messages.items():
            report = judge(check, Namespace({name: f" {letter.upper()} "}))
            assert any(line.endswith(f'{name} = "{letter}": {message}') for line in report.lines)
            points[letter] = report.earned
        share = exercise.points / len(exercise.questions)
        assert sorted(points.values()) == [0.0] * (len(points) - 1) + [share]


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_the_solutions_notebook_gets_full_marks_in_grading(folder):
    submission = (folder / f"{folder.name}.ipynb").read_bytes()
    reports = grade(submission, load_assignment(folder, seed=99), find_sandbox())
    assert [report.id for report in reports] == [e.id for f, e in EXERCISES if f == folder]
    assert all(report.earned == report.points for report in reports), "\n".join(map(str, reports))


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_the_empty_exercise_notebook_is_graded_as_open(folder):
    submission = (ROOT / "exercises" / folder.name / f"{folder.name}.ipynb").read_bytes()
    reports = grade(submission, load_assignment(folder, seed=99), find_sandbox())
    assert {(r.state, r.earned) for r in reports} == {("unanswered", 0)}


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_an_exercise_whose_cell_has_not_run_is_open_and_names_it(folder):
    setup = setup_cells((folder / f"{folder.name}.ipynb").read_bytes())
    checks = [e for e in load_assignment(folder, seed=99).checks if not isinstance(e, Choice)]
    with Process([*setup, ["answer", "pass"]], find_sandbox()) as student:
        for check in checks:
            report = judge(check, student)
            student.forget()
            name = check.answers[0] if check.answers else check.name
            assert (report.state, report.summary.split(" is ")[0]) == ("unanswered", f"`{name}`")


class WithoutReturn(ast.NodeTransformer):
    """Functions that compute their result and forget to return it."""

    def visit_Return(self, node):
        return ast.copy_location(ast.Assign([ast.Name("result", ast.Store())], node.value), node)


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_a_forgotten_return_is_told_and_is_no_open_answer(folder):
    notebook = json.loads((folder / f"{folder.name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and marks.get("solution") and not marks.get("grade"):
            tree = WithoutReturn().visit(ast.parse("".join(cell["source"])))
            cell["source"] = ast.unparse(ast.fix_missing_locations(tree))
    assignment = load_assignment(folder, seed=99)
    quicker = [
        one if isinstance(one, Choice) else replace(one, seconds=3.0) for one in assignment.checks
    ]
    submission = json.dumps(notebook).encode()
    reports = grade(submission, replace(assignment, checks=quicker), find_sandbox())
    for report, check in zip(reports, quicker, strict=True):
        print(report)
        if not isinstance(check, Choice):
            assert report.state == "wrong", (
                f"{check.id}: a helper that gets None from an answer returns no_answer(answer)"
            )
