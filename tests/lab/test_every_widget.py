"""What every widget has: a place in engine.lab, a notebook, tests, words, and keys."""

import ast
import re
from pathlib import Path

import pytest
from widget_models import opened

import engine.lab
from engine.lab.app import App

FOLDER = Path(engine.lab.__file__).parent
EVENTS_OF_A_POINTER = ("press", "drag", "drop", "click")


def widgets():
    """(class, file without ending) of every public subclass of App in engine/lab."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            bases = [ast.unparse(base) for base in getattr(node, "bases", ())]
            if "App" in bases and not node.name.startswith("_"):
                yield node.name, path.stem


WIDGETS = dict(widgets())
every = pytest.mark.parametrize("name", WIDGETS)


@pytest.fixture(scope="module")
def open_widget():
    """Each widget as it opens, made once."""
    made = {}

    def get(name) -> App:
        if name not in made:
            made[name] = opened(getattr(engine.lab, name))
        return made[name]

    return get


def test_there_are_widgets():
    assert len(WIDGETS) > 10


@every
def test_it_is_found_in_engine_lab(name):
    assert name in engine.lab.__all__, (
        f'add "{name}": "{WIDGETS[name]}" to _HOMES in engine/lab/__init__.py'
    )


@every
@pytest.mark.parametrize("folder", ["tests/lab", "tests/browser"])
def test_it_is_tested_with_and_without_a_browser(root, name, folder):
    file = root / folder / f"test_{WIDGETS[name]}.py"
    assert file.exists() and name in file.read_text(encoding="utf-8"), (
        f"{name} has no test in {folder}/{file.name} "
        "(test_start_picker.py in the same folder is an example)"
    )


@every
def test_a_notebook_shows_it(root, name):
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    shown = [path for path in notebooks if f"{name}(" in path.read_text(encoding="utf-8")]
    assert shown, f"no notebook opens {name}: show it where it is needed, or take it out"


@every
def test_its_picture_says_in_words_which_numbers_are_seen(open_widget, name):
    widget = open_widget(name)
    label = re.search('aria-label="([^"]*)"', widget.picture.svg)
    words = label[1] if label else ""
    assert re.search(r"\d", words) and len(words) >= 20, (
        "svg.document(width, height, label, ...): the label is read to those who cannot see the "
        f"picture and needs a sentence with the numbers, such as state.summary(); it is {words!r}"
    )
    assert re.search(r"\d", widget.state.summary()), "summary() states no number"


@every
def test_drawing_changes_nothing(open_widget, name):
    widget = open_widget(name)
    assert widget.render(widget.state) == widget.render(widget.state)


@every
def test_what_a_pointer_does_keys_do_too(open_widget, name):
    widget = open_widget(name)
    pointed = [kind for kind in EVENTS_OF_A_POINTER if hasattr(widget.state, kind)]
    if pointed:
        assert hasattr(widget.state, "key"), (
            f"the state answers to {pointed} but has no key(event): not everyone has a pointer"
        )
    if hasattr(widget.state, "key"):
        assert widget.picture.keys_help, "say in keys_help=... what the keys do"


@every
def test_its_controls_have_words(open_widget, name):
    for attribute, control in open_widget(name).controls.items():
        assert control.description.strip(), f"give the control of {attribute!r} a label"
