"""`course links`: "read how the engine does this", links into the source that name a line.

    [cross_entropy, engine/ops/loss.py, line 84](../engine/ops/loss.py#line=83)

JupyterLab counts the lines of an address from 0 (RFC 5147), people and editors from 1. Names
with two underscores stand in backticks: Markdown would make them bold and drop the underscores.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from engine.course.paths import course_notebooks, course_root, solution_notebooks

LINK = re.compile(
    r"\[`?(?P<name>[\w.]+)`?, (?P<file>engine/[\w/]+\.py), line \d+\]"
    r"\((?P<up>(?:\.\./)*)(?P=file)#line=\d+\)"
)


def links(
    check: Annotated[bool, typer.Option("--check", help="Change nothing, only look.")] = False,
) -> None:
    """Set the lines that links into the engine's source name to where things stand now."""
    root, wrong = course_root(), 0
    for path in pages(root):
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(root).as_posix()
        try:
            mended = at_their_lines(text, root)
        except LookupError as error:
            typer.echo(f"{place}: {error}", err=True)
            wrong += 1
            continue
        if mended != text:
            typer.echo(f"{place}: {'out of date' if check else 'written'}")
            wrong += check
            if not check:
                path.write_text(mended, encoding="utf-8", newline="\n")
    if wrong:
        raise typer.Exit(1)


def pages(root: Path) -> Iterator[Path]:
    """What may hold such links and is written by hand: notebooks, solved exercises, docs."""
    yield from (*course_notebooks(root), *solution_notebooks(root))
    yield from sorted(root.glob("docs/*.md"))


def at_their_lines(text: str, root: Path) -> str:
    """The text with each link's line set to where the function or class is defined.

    Raises: LookupError naming a file or a definition that is not there.
    """

    def link(match: re.Match[str]) -> str:
        name, file, up = match["name"], match["file"], match["up"]
        line = definition_line(root / file, name)
        return f"[{label(name)}, {file}, line {line}]({up}{file}#line={line - 1})"

    return LINK.sub(link, text)


def label(name: str) -> str:
    """The name as Markdown shows it letter by letter."""
    return f"`{name}`" if "__" in name else name


def definition_line(path: Path, name: str) -> int:
    """The line, from 1, of `def` or `class`; methods are called "Class.method".

    Raises: LookupError if there is no such file, or nothing of this name in it.
    """
    if not path.is_file():
        raise LookupError(f"a link leads to {path.name}, which is not there")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        named = (node for node in body if getattr(node, "name", None) == part)
        found = next(named, None)
        if not isinstance(found, ast.FunctionDef | ast.ClassDef):
            raise LookupError(f"a link leads to {name}, but {path.name} defines no such thing")
        body = found.body
    return found.lineno
