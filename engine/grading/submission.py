"""Read a submitted notebook without running any of it."""

import ast
import base64
import contextlib
import json
import symtable
from collections.abc import Callable
from typing import Any

from engine.grading.answers import Outcome

MOST_PICTURES, MOST_PICTURE_BYTES = 4, 2 * 2**20  # of one cell, of one picture

Cells = list[list[str]]  # [name, source] each, in the order of the notebook
_PNG = b"\x89PNG\r\n\x1a\n"


def answer_cells(notebook: bytes, *, texts: bool = False) -> Cells:
    """The cells of code that a student fills in and that are run, by nbgrader's metadata.

    Args: texts: the cells that a person reads too, which are texts and plots.
    Raises: ValueError if this is not a Jupyter notebook of format 4.
    """

    def wanted(marks: dict[str, Any]) -> bool:
        return bool(marks.get("solution")) and (texts or not marks.get("grade"))

    return [[name, _text(cell)] for name, cell in _cells(notebook, wanted, markdown=texts)]


def pictures(notebook: bytes) -> dict[str, list[str]]:
    """The PNG pictures below the cells that a person reads, in base64, by grade id.

    They are what the student's own run has left in the file: to be looked at, not to be trusted.

    Raises: ValueError if this is not a Jupyter notebook of format 4.
    """
    found: dict[str, list[str]] = {}
    for name, cell in _cells(notebook, lambda marks: marks.get("solution") and marks.get("grade")):
        outputs = cell.get("outputs")
        for output in outputs[:MOST_PICTURES] if isinstance(outputs, list) else ():
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                data = output["data"]["image/png"]
                picture = base64.b64decode("".join(data).replace("\n", ""), validate=True)
                if picture.startswith(_PNG) and len(picture) <= MOST_PICTURE_BYTES:
                    found.setdefault(name, []).append(base64.b64encode(picture).decode())
    return found


def setup_cells(notebook: bytes) -> Cells:
    """The locked cells of the instructor's notebook that prepare names, such as imports."""

    def wanted(marks: dict[str, Any]) -> bool:
        return bool(marks.get("locked")) and not (marks.get("solution") or marks.get("grade"))

    return [[name, _text(cell)] for name, cell in _cells(notebook, wanted)]


def check_points(notebook: bytes) -> dict[str, float]:
    """The points of an exercise notebook's check cells, by the id of the exercise: "01.1"."""
    found = _cells(notebook, lambda marks: marks.get("grade") and not marks.get("solution"))
    return {
        name.removeprefix("check-").replace("-", "."): cell["metadata"]["nbgrader"].get("points", 0)
        for name, cell in found
    }


def parsed(source: str) -> ast.Module:
    """The tree of a cell; an empty one where it is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def literal(cells: Cells, name: str) -> Outcome:
    """The constant that the cells assign to a name last."""
    found = Outcome("missing", text=f"`{name}` is missing.")
    for statement in (one for _, source in cells for one in parsed(source).body):
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if name in [target.id for target in targets if isinstance(target, ast.Name)]:
            match statement.value:
                case ast.Constant(value=str(letter)):
                    found = Outcome("value", letter)
                case ast.Constant(value=letter) if letter is ...:
                    found = Outcome("unanswered")
                case _:
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
    """The notebook's names that a cell gives a value, and those that it reads, in functions too."""
    try:
        tables = [symtable.symtable(source, "cell", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), set()
    for table in tables:  # grows by the scopes within
        tables += table.get_children()
    names = [name for table in tables for name in table.get_symbols() if name.is_global()]
    defined = {name.get_name() for name in names if name.is_assigned() or name.is_imported()}
    return defined, {name.get_name() for name in names if name.is_referenced()}


def _cells(
    notebook: bytes, wanted: Callable[[dict[str, Any]], Any], *, markdown: bool = False
) -> list[tuple[str, dict[str, Any]]]:
    """Cells by what nbgrader's metadata say of them, each with its grade id."""
    try:
        content = json.loads(notebook.decode("utf-8"))
        if content["nbformat"] != 4:
            raise ValueError(f"notebook format {content['nbformat']!r}")
        found = []
        for cell in content["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] in ("code", "markdown")[: 1 + markdown] and wanted(marks):
                _text(cell)
                found.append((str(marks.get("grade_id", "cell")), cell))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a Jupyter notebook of format 4: {error}") from error
    return found


def _text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])  # a string, or a list of lines
