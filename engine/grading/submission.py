"""Read a submitted notebook without running any of it."""

import ast
import json
from collections.abc import Iterator
from typing import Any

from engine.grading.answers import Outcome

Cells = list[list[str]]  # [name, source] each, in the order of the notebook


def answer_cells(notebook: bytes, *, texts: bool = False) -> Cells:
    """The cells of code that a student fills in, by nbgrader's metadata.

    Args: texts: the cells of text too, which a person reads.
    Raises: ValueError if this is not a Jupyter notebook of format 4.
    """
    kinds = ("code", "markdown") if texts else ("code",)
    return _cells(notebook, lambda marks: bool(marks.get("solution")), kinds)


def setup_cells(notebook: bytes) -> Cells:
    """The locked cells of the instructor's notebook that prepare names, such as imports."""
    kinds = ("solution", "grade")
    return _cells(
        notebook, lambda marks: bool(marks.get("locked")) and not any(map(marks.get, kinds))
    )


def literal(cells: Cells, name: str) -> Outcome:
    """The constant that the cells assign to a name last."""
    found = Outcome("missing", text=f"`{name}` is missing.")
    for _, source in cells:
        for target, value in _assignments(source):
            if target != name:
                continue
            if isinstance(value, ast.Constant) and value.value is ...:
                found = Outcome("unanswered")
            elif isinstance(value, ast.Constant) and isinstance(value.value, str):
                found = Outcome("value", value.value)
            else:
                found = Outcome("unreadable", text=f"`{name}` is not a letter in quotes.")
    return found


def needed_cells(cells: Cells, name: str) -> Cells:
    """The cells that define a name and, directly or through others, what these cells use.

    What a cell does beside defining names, for example changing a list of another cell, is not
    followed.
    """
    known = [_defined_and_used(source) for _, source in cells]
    wanted, needed = {name}, set[int]()
    while found := {i for i, (defined, _) in enumerate(known) if defined & wanted} - needed:
        needed |= found
        wanted |= set[str]().union(*(known[i][1] for i in found))
    return [cell for i, cell in enumerate(cells) if i in needed]


def _defined_and_used(source: str) -> tuple[set[str], set[str]]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    defined, used = set[str](), set[str]()
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.alias):
            defined.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
    return defined, used


def _cells(notebook: bytes, wanted: Any, kinds: tuple[str, ...] = ("code",)) -> Cells:
    try:
        content = json.loads(notebook.decode("utf-8"))
        if content["nbformat"] != 4:
            raise ValueError(f"notebook format {content['nbformat']!r}")
        found = []
        for cell in content["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] in kinds and wanted(marks):
                source = cell["source"]
                text = source if isinstance(source, str) else "".join(source)
                found.append([str(marks.get("grade_id", "cell")), text])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a Jupyter notebook of format 4: {error}") from error
    return found


def _assignments(source: str) -> Iterator[tuple[str, ast.expr]]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
