"""What an exercise is, and how it becomes a check: plain data without the reference's code."""

import importlib.util
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from engine.grading.answers import Outcome
from engine.grading.values import Value, gap, plain
from engine.measures import MEASURES


@dataclass(frozen=True)
class Mutant:
    """A mistake seen in practice: a wrong function, and the hint for whoever makes it.

    The function may raise TimeoutError where the mistake leads to an endless loop.
    """

    function: Callable[..., Value]
    hint: str


@dataclass(frozen=True)
class Exercise:
    """A function to be written.

    Args: id: such as "01.3". points: for an answer that is right on every input.
        cases: makes inputs from a random generator, one tuple of arguments each; with a measure,
        one tuple of the measure's inputs each, and the function is called without arguments.
        given: of a tuple's first values, how many go to the function and not to the measure,
        which gets the rest: the truth that a prediction is held against.
        reference: the right function; its name and its parameters are the student's as well.
        mutants: two to four. outputs: names of the parts of a result with several parts.
        measure: name in engine.measures of what is compared in place of the result.
        tolerance: see engine.grading.values.gap. seconds: for all calls of the check together.
        builds: names, such as "conv2d", of what is to be built and not to be called; their use is
        remarked upon. answers: names that the student defines, where the function is a helper of
        the notebook that calls them.
    """

    id: str
    points: float
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    reference: Callable[..., Value]
    mutants: tuple[Mutant, ...]
    outputs: tuple[str, ...] = ()
    measure: str | None = None
    given: int = 0
    tolerance: float = 1e-9
    seconds: float = 5.0
    builds: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Questions answered by one letter each, in variables of these names.

    questions: {variable: {letter: message}}; the right letter's message starts with "Right".
    points: shared equally by the questions.
    """

    id: str
    points: float
    questions: dict[str, dict[str, str]]

    def __post_init__(self) -> None:
        for name, messages in self.questions.items():
            if sum(text.startswith("Right") for text in messages.values()) != 1:
                raise ValueError(f"{self.id} {name}: exactly one message must start with 'Right'")


@dataclass(frozen=True)
class Case:
    """One input: args go to the function, on goes to the measure; what the reference gives."""

    args: list
    on: list
    expected: Value


@dataclass(frozen=True)
class Check:
    """An exercise on given inputs, as data. mutants: {hint: one outcome for each case}."""

    id: str
    name: str
    points: float
    inputs: list[str]
    outputs: list[str]
    measure: str | None
    tolerance: float
    seconds: float
    cases: list[Case]
    mutants: dict[str, list[Outcome]] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    def measured(self, outcome: Outcome, case: Case) -> Outcome:
        """The outcome after the measure, if there is one.

        Raises: UnfitAnswerError if the answer does not have the measure's form.
        """
        if self.measure is None or outcome.kind != "value":
            return outcome
        return Outcome("value", MEASURES[self.measure](outcome.value, *case.on))


def evaluate(exercise: Exercise, rng: np.random.Generator) -> Check:
    """Run the reference and the mutants of an exercise on inputs from rng.

    Raises: ValueError if the reference fails on one of them.
    """
    inputs = [plain(list(case)) for case in exercise.cases(rng)]
    parameters: list[str] = list(inspect.signature(exercise.reference).parameters)
    if exercise.measure is not None and not exercise.given:
        parameters = list(inspect.signature(MEASURES[exercise.measure]).parameters)[1:]
    given = exercise.given if exercise.measure else len(parameters)
    same = ("id", "points", "outputs", "measure", "tolerance", "seconds", "answers")
    check = Check(
        name=exercise.reference.__name__,
        inputs=parameters,
        **{key: plain(getattr(exercise, key)) for key in same},
        cases=[Case(values[:given], values[given:], None) for values in inputs],
    )
    answers = _outcomes(check, exercise.reference)
    if failed := [answer.value or answer.kind for answer in answers if answer.kind != "value"]:
        raise ValueError(f"{exercise.id}: the reference fails on an input of its own: {failed[0]}")
    cases = [
        replace(case, expected=answer.value)
        for case, answer in zip(check.cases, answers, strict=True)
    ]
    mutants = {mutant.hint: _outcomes(check, mutant.function) for mutant in exercise.mutants}
    return replace(check, cases=cases, mutants=mutants)


def weaknesses(check: Check) -> list[str]:
    """Why these inputs are not enough: mutants that pass, or that cannot be told apart."""
    found = []
    outcomes = list(check.mutants.items())
    for i, (hint, mine) in enumerate(outcomes):
        if all(agrees(o, case.expected, check) for o, case in zip(mine, check.cases, strict=True)):
            found.append(f"{check.id}: a mutant passes every input: {hint}")
        for other, theirs in outcomes[:i]:
            if alike(mine, theirs, check):
                found.append(f"{check.id}: no input tells apart: {other} / {hint}")
    return found


def misfits(checks: Sequence[Exercise | Check | Choice], points: dict[str, float]) -> list[str]:
    """Where a checks.py does not fit its notebook. points: of the check cells, by id."""
    known = {check.id: check.points for check in checks}
    ids = [check.id for check in checks]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    return [
        *(f"{one}: {ids.count(one)} exercises of checks.py have this id" for one in twice),
        *(
            f"{one}: a check cell in the notebook, no exercise in checks.py"
            for one in sorted(points.keys() - known)
        ),
        *(
            f"{one}: {known[one]:g} points in checks.py, {points[one]:g} in its cell's metadata"
            for one in sorted(points.keys() & known)
            if known[one] != points[one]
        ),
    ]


def agrees(outcome: Outcome, expected: Value, check: Check) -> bool:
    """Whether an outcome is the expected value."""
    return outcome.kind == "value" and gap(outcome.value, expected, check.tolerance) is None


def likely_causes(check: Check, outcomes: list[Outcome]) -> list[str]:
    """The hint of the mutant that gives these outcomes; if none does, hints for single parts.

    A part of the result that is wrong just as a mutant's is gets that mutant's hint, after the
    part's name: someone may make one mistake in each.
    """
    mistakes = check.mutants.items()
    causes = [hint for hint, theirs in mistakes if alike(outcomes, theirs, check)][:1]
    if causes:
        return causes
    right = [Outcome("value", case.expected) for case in check.cases]
    for i, name in enumerate(check.outputs):
        mine = _part(outcomes, i)
        if not alike(mine, _part(right, i), check):
            same = (h for h, theirs in mistakes if alike(mine, _part(theirs, i), check))
            causes += [f"{name}: {hint}" for hint in islice(same, 1)]
    return causes


def _part(outcomes: list[Outcome], i: int) -> list[Outcome]:
    """The outcomes of part i of a result; an outcome without this part stays as it is."""
    return [
        replace(one, value=one.value[i])
        if isinstance(one.value, list) and len(one.value) > i
        else one
        for one in outcomes
    ]


def alike(some: list[Outcome], others: list[Outcome], check: Check) -> bool:
    """Whether outcomes are the same as far as there are any: equal values, the same type of
    error, both too slow."""
    return all(_alike(*pair, check) for pair in zip(some, others, strict=False))


def _alike(one: Outcome, other: Outcome, check: Check) -> bool:
    if one.kind != other.kind or one.kind == "value":
        return one.kind == other.kind and agrees(one, other.value, check)
    return one.kind == "timeout" or (one.kind == "error" and one.value == other.value)


def load_exercises(folder: Path) -> list[Exercise | Choice]:
    """EXERCISES of the checks.py in an instructor's folder, such as solutions/01_perceptron."""
    spec = importlib.util.spec_from_file_location(f"checks_{folder.name}", folder / "checks.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"no checks.py in {folder}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXERCISES


def _outcomes(check: Check, function: Callable[..., Value]) -> list[Outcome]:
    return [_outcome(check, function, case) for case in check.cases]


def _outcome(check: Check, function: Callable[..., Value], case: Case) -> Outcome:
    try:
        # Copies, so that a mutant that works in place leaves the inputs as they are.
        return check.measured(Outcome("value", plain(function(*plain(case.args)))), case)
    except TimeoutError:
        return Outcome("timeout")
    except Exception as error:
        return Outcome("error", type(error).__name__)
