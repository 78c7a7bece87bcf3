"""What an answer's text shows without running it: imports and calls that its exercise rules out."""

import ast
from collections.abc import Iterator

# Everyday parts of the standard library, the engine and NumPy.
ALLOWED = frozenset(
    "collections copy dataclasses engine functools itertools math numpy operator random "
    "statistics time typing warnings".split()
)

_CODE = ("__import__", "compile", "eval", "exec")  # run or import what the text does not show


def remarks(source: str) -> list[str]:
    """Sentences about imports that no exercise of the course needs, in the order of the lines.

    A remark takes no points: the sandbox and the checks do not depend on it. It tells the
    instructor where to look.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = [
        f"line {line} imports {name}"
        for line, name in sorted(_imports(tree))
        if name.split(".")[0] not in ALLOWED or name.startswith("engine.grading.")
    ]
    return list(dict.fromkeys(found))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _CODE:
            yield node.lineno, f"with {ast.unparse(node.func)}()"
