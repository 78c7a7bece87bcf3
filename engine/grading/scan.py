"""What an answer's text shows without running it: imports and calls that its exercise rules out."""

import ast
from collections.abc import Iterator

# Everyday parts of the standard library, the engine and NumPy.
ALLOWED = frozenset(
    "collections copy dataclasses engine functools itertools math numpy operator random "
    "statistics time typing warnings".split()
)


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
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = node.func.id in ("__import__", "eval", "exec", "compile")
            yield from [(node.lineno, f"with {node.func.id}()")] * found
