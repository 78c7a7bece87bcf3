"""Grade a submission: the answer cells run in a sandbox, on fresh inputs; nothing they send is
taken for more than a value."""

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, cast

import numpy as np

from engine.grading.answers import Outcome
from engine.grading.exercises import Check, Choice, evaluate, load_exercises
from engine.grading.sandbox import Running, Sandbox
from engine.grading.submission import Cells, answer_cells, literal, needed_cells, setup_cells
from engine.grading.values import Value
from engine.grading.verdict import Report, judge

_CELL_SECONDS = 20.0  # for all cells of a submission together, in each check
_START_SECONDS = 20.0  # a process on a busy machine
# The worker stops a slow call by itself and says so; this is for what it cannot stop.
_GRACE_SECONDS = 2.0
_KINDS = {"value", "error", "timeout", "unreadable", "missing", "unanswered", "unusable"}
_ENDED = Outcome("crash", text="the process that ran the cells ended")


@dataclass(frozen=True)
class Assignment:
    """What a notebook's submissions are put to: the same inputs for a whole class.

    name: such as "01_perceptron". setup: the instructor's locked cells. checks: in the order of
    the notebook. seed: gives the same inputs again. fingerprint: differs where notebook, checks
    or seed differ. builds: by the id of its answer cell, what an exercise asks to build.
    """

    name: str
    setup: Cells
    checks: list[Check | Choice]
    seed: int
    fingerprint: str
    builds: dict[str, tuple[str, ...]] = field(default_factory=dict)


def load_assignment(folder: Path, seed: int, checks: Path | None = None) -> Assignment:
    """Read an instructor's folder, such as solutions/01_perceptron, and draw the inputs.

    Args: checks: another folder with a checks.py, of one's own class.
    Raises: FileNotFoundError where notebook or checks are missing.
    """
    source = (folder / f"{folder.name}.ipynb").read_bytes()
    exercises = load_exercises(checks or folder)
    drawn = [
        exercise
        if isinstance(exercise, Choice)
        else evaluate(exercise, np.random.default_rng([seed, number]))
        for number, exercise in enumerate(exercises)
    ]
    builds = {f"answer-{e.id.replace('.', '-')}": getattr(e, "builds", ()) for e in exercises}
    facts = source + (checks or folder).joinpath("checks.py").read_bytes() + str(seed).encode()
    fingerprint = hashlib.sha256(facts).hexdigest()[:16]
    return Assignment(folder.name, setup_cells(source), drawn, seed, fingerprint, builds)


def grade(submission: bytes, assignment: Assignment, sandbox: Sandbox) -> list[Report]:
    """Judge a submitted notebook. A pure function: it leaves nothing behind.

    Raises: ValueError if the submission is not a notebook.
    """
    reports = []
    # The setup once more at the end: what an answer has put over a name of it does not stay.
    cells = [*assignment.setup, *answer_cells(submission), *assignment.setup]
    with Process(cells, sandbox) as student:
        for check in assignment.checks:
            reports.append(judge(check, student))
            student.forget()
    return reports


class Process:
    """A student whose cells run in a sandbox, which starts with the first call.

    Between two forget() all calls share one state. Cells run as in the notebook, all of them in
    their order. Where the process ends or is blocked, only those run that a call needs, so that a
    cell takes nothing with it but what uses it, whenever it strikes.
    """

    def __init__(self, cells: Cells, sandbox: Sandbox) -> None:
        self._cells, self._sandbox = cells, sandbox
        self._worker: Running | None = None
        self._ready = False  # whether the cells have run in the worker
        self._over: Outcome | None = None  # what every further call of this check gives
        self._suspect = False  # whether threads or forks may have been left behind
        self._lean = False  # whether only the needed cells run
        self._stopped: dict[str, str] = {}  # by cell, its error in one line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def value(self, name: str) -> Outcome:
        """The constant that the cells assign to a name; nothing is run for it."""
        return literal(self._cells, name)

    def call(self, name: str, args: list, seconds: float) -> Outcome:
        """Call a function on the values of args. Lost processes and late answers are outcomes."""
        if not self._ready and self._over is None:
            self._run_cells(name)
        if self._over is not None:
            return self._over
        reply = self._ask({"name": name, "args": args, "seconds": seconds}, seconds)
        if self._over is _ENDED and not self._lean:  # perhaps by a cell that it does not need
            self._lean, self._ready, self._over = True, False, None
            return self.call(name, args, seconds)
        outcome = self._over or _outcome(reply)
        self._suspect |= outcome.kind == "timeout"
        if outcome.kind == "missing" and self._stopped:
            reasons = "; ".join(f"{cell}: {line}" for cell, line in self._stopped.items())
            return Outcome("missing", text=f"`{name}` is not defined. Cells that failed: {reasons}")
        return outcome

    def forget(self) -> None:
        """Take leave of this check's state: the next call runs the cells again."""
        if self._over is not None or self._suspect:
            self._end()
        elif self._ready:
            self._ask({"end": True}, 0.0)
        self._ready, self._suspect, self._over = False, False, None

    def _run_cells(self, name: str) -> None:
        """Run the cells in the worker, which is started where there is none."""
        cells = needed_cells(self._cells, name) if self._lean else self._cells
        message: dict[str, Value] = {"cells": cells, "seconds": _CELL_SECONDS}
        first = self._worker is None
        self._worker = self._worker or self._sandbox.start("engine.grading.worker")
        reply = self._ask(message, _CELL_SECONDS + first * _START_SECONDS)
        if self._over is None and isinstance(stopped := reply.get("stopped"), dict):
            self._stopped = {str(cell)[:40]: _line(text) for cell, text in stopped.items()}
            self._ready = True
        elif not self._lean:
            self._lean, self._over = True, None
            self._end()
            self._run_cells(name)
        else:
            self._over = self._over or _ENDED

    def _ask(self, message: dict[str, Value], seconds: float) -> dict[str, Value]:
        """One request and its reply; afterwards self._over says whether the worker is lost."""
        request, reply = secrets.token_hex(8), dict[str, Value]()
        try:
            worker = cast(Running, self._worker)
            reply = worker.ask({"id": request, **message}, seconds + _GRACE_SECONDS)
            self._over = None if reply.get("id") == request else _ENDED
        except TimeoutError:
            self._over = Outcome("timeout")
        except EOFError:
            self._over = _ENDED
        if self._over is not None:
            self._end()
        return reply

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


def _outcome(reply: dict[str, Value]) -> Outcome:
    """The reply as an Outcome; nothing in it is taken on trust."""
    match reply:
        case {"kind": str(kind), "text": str(text), "changed": list(changed)} if kind in _KINDS:
            names = tuple(str(name)[:40] for name in changed[:10])
            return Outcome(kind, reply.get("value"), _line(text), names, bool(reply.get("printed")))
    return _ENDED


def _line(text: Value) -> str:
    return " ".join(str(text)[:2000].split())[:300]
