"""checks.json, the table of checks that students get beside an exercise notebook."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.grading.answers import Outcome
from engine.grading.exercises import Case, Check, Choice, Exercise, evaluate, weaknesses
from engine.grading.values import Value

# The inputs in the table are fixed; those in grading come from another seed.
_SEED = 0


def released_table(exercises: list[Exercise | Choice]) -> str:
    """The text of checks.json: inputs, expected outputs, the mutants' outputs and hints.

    Raises: ValueError where a mutant passes every input or equals another one.
    """
    entries = []
    for exercise in exercises:
        if isinstance(exercise, Choice):
            entries.append(vars(exercise))
            continue
        check = evaluate(exercise, np.random.default_rng(_SEED))
        if problems := weaknesses(check):
            raise ValueError("; ".join(problems))
        mutants = {
            hint: [_outcome_to_json(outcome) for outcome in outcomes]
            for hint, outcomes in check.mutants.items()
        }
        cases = [{key: _to_json(v) for key, v in vars(case).items()} for case in check.cases]
        entries.append({**vars(check), "cases": cases, "mutants": mutants})
    return _pretty({entry["id"]: entry for entry in entries}) + "\n"


def read_table(path: Path) -> dict[str, Check | Choice]:
    """The checks in a checks.json by their id, in the order of the notebook.

    Raises: ValueError if the file is not such a table.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {key: _entry(entry) for key, entry in entries.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is not a table of checks") from error


def _entry(entry: dict[str, Any]) -> Check | Choice:
    if "questions" in entry:
        return Choice(**entry)
    cases = [Case(**{k: _from_json(v) for k, v in case.items()}) for case in entry["cases"]]
    mutants = {
        hint: [Outcome(row["kind"], _from_json(row.get("value"))) for row in rows]
        for hint, rows in entry["mutants"].items()
    }
    return Check(**{**entry, "cases": cases, "mutants": mutants})


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    if outcome.value is None and outcome.kind != "value":
        return {"kind": outcome.kind}
    return {"kind": outcome.kind, "value": _to_json(outcome.value)}


def _to_json(value: Value) -> Any:
    if isinstance(value, np.ndarray):
        values = [_to_json(item) for item in value.ravel().tolist()]
        return {"array": values, "shape": list(value.shape), "dtype": value.dtype.name}
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: _to_json(item) for key, item in value.items()}}
    # Twelve digits: the last bits of a computed number differ between processors, and the
    # file must not.
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _from_json(value: Any) -> Value:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if isinstance(value, dict) and "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value["dict"].items()}
    return value


def _pretty(value: Any, depth: int = 0) -> str:
    """Break lines down to single cases, so that a change can be read in a diff."""
    if depth >= 4 or not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    pad = " " * (depth + 1)
    rows = (
        [f"{json.dumps(k, ensure_ascii=False)}: {_pretty(v, depth + 1)}" for k, v in value.items()]
        if isinstance(value, dict)
        else [_pretty(item, depth + 1) for item in value]
    )
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{pad}" + f",\n{pad}".join(rows) + f"\n{' ' * depth}{last}"
