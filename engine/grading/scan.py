"""What an answer's text shows without running it: imports and calls that its exercise rules out."""

import ast
from collections.abc import Collection, Iterator

from engine.grading.submission import parsed

# Everyday parts of the standard library, the engine and NumPy.
ALLOWED = frozenset(
    "collections copy dataclasses engine functools itertools math numpy operator random "
    "statistics time typing warnings".split()
)

_CODE = ("__import__", "compile", "eval", "exec")  # run or import what the text does not show


def remarks(source: str, built: Collection[str] = ()) -> list[str]:
    """Sentences about what an answer uses and should not, in the order of the lines.

    A remark takes no points: the sandbox and the checks do not depend on it. It tells the
    instructor where to look, and the student what the exercise was about.

    Args: built: names of what the exercise asks to build, such as "conv2d".
    """
    tree = parsed(source)
    found = [
        (line, f"imports {name}")
        for line, name in _imports(tree)
        if name.split(".")[0] not in ALLOWED or name.startswith("engine.grading.")
    ]
    found += [
        (line, f"uses {name}, which this exercise asks you to build")
        for line, name in _uses(tree)
        if name in built
    ]
    return list(dict.fromkeys(f"line {line} {what}" for line, what in sorted(found)))


def _uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name) and node.id not in own:
            yield node.lineno, node.id


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in _CODE:
            yield node.lineno, f"with {ast.unparse(node.func)}()"
