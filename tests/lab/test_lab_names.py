"""What `from engine.lab import name` finds, and where."""

import re
from pathlib import Path

import pytest

import engine.lab

FILES = sorted(Path(engine.lab.__file__).parent.glob("figures/nb*.py"))
FIGURES = [
    (name, file.stem)
    for file in FILES
    for name in re.findall(r"def (\w+_figure)\(", file.read_text("utf-8"))
]


def test_no_two_notebooks_have_a_figure_of_the_same_name():
    names = [name for name, _ in FIGURES]
    assert len(names) > 10
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(("name", "file"), FIGURES)
def test_each_figure_comes_from_the_file_of_its_notebook(name, file):
    figure = getattr(engine.lab, name)
    assert figure.__name__ == name
    assert figure.__module__ == f"engine.lab.figures.{file}"


def test_every_public_name_can_be_imported():
    for name in engine.lab.__all__:
        assert getattr(engine.lab, name).__name__ == name
        assert name in dir(engine.lab)


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(AttributeError, match=r"no 'Widget'; it has .*GraphStepper.*ravine_figure"):
        _ = engine.lab.Widget
