"""The programs of the study notes run on the engine and on PyTorch, and print the same lines.

Each file is a program as a student writes it. Only its imports are renamed for PyTorch. A comment
`# -> text` says what one line of the output is; the name of the file, which listings it stands for.
"""

import ast
import contextlib
import functools
import io
import re
from pathlib import Path

import matplotlib
import pytest
import torch
from import_renaming import renamed_source

import engine

PROGRAMS = sorted(Path(__file__).parent.glob("l[0-9]*.py"))
LISTINGS = range(1, 31)
# Whole trainings, and an embedding of 38 million random numbers.
SLOW = ("l10", "l13", "l19", "l20", "l29", "l30")

matplotlib.use("Agg")  # a plot is drawn, and no window opened

each_program = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * path.stem.startswith(SLOW))
        for path in PROGRAMS
    ],
)


@contextlib.contextmanager
def default_dtypes_restored():
    before = engine.get_default_dtype(), torch.get_default_dtype()
    try:
        yield
    finally:
        engine.set_default_dtype(before[0])
        torch.set_default_dtype(before[1])


def printed(source: str, path: Path) -> list[str]:
    """The lines that a program prints."""
    output = io.StringIO()
    with default_dtypes_restored(), contextlib.redirect_stdout(output):
        exec(compile(source, path, "exec"), {"__name__": "__main__"})
    return output.getvalue().splitlines()


@functools.cache
def printed_by_torch(path: Path) -> list[str]:
    return printed(renamed_source(path.read_text(encoding="utf-8"))[0], path)


def promised(path: Path) -> list[str]:
    """The lines that the program's own comments announce, in their order."""
    source = path.read_text(encoding="utf-8")
    return re.findall(r"# -> (.*)$", source, re.MULTILINE)


@each_program
def test_the_engine_prints_what_pytorch_prints(path):
    ours = printed(path.read_text(encoding="utf-8"), path)
    assert ours == printed_by_torch(path)


@each_program
def test_a_program_prints_what_its_comments_say(path):
    assert promised(path), "say of at least one line what is printed: # -> text"
    lines = iter(printed_by_torch(path))
    missing = [text for text in promised(path) if text not in lines]
    assert not missing, f"not printed, or not in this order: {missing[0]!r}"


@each_program
def test_nothing_of_the_engine_is_left_when_the_imports_are_renamed(path):
    source, _ = renamed_source(path.read_text(encoding="utf-8"))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] != "engine" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module.split(".")[0] != "engine"


def test_every_listing_of_the_notes_has_its_program():
    covered = {int(number) for path in PROGRAMS for number in re.findall(r"l(\d\d)_", path.stem)}
    assert covered == set(LISTINGS)
