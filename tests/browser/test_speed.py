"""How quickly every widget answers, and how smoothly it plays: a table at the end of the run.

The aims, 50 ms from slider or key to picture and 25 pictures a second, hold on a quiet machine and
are read from the table. What fails here is a widget that is stuck or ten times too slow.
"""

import re
import statistics

import pytest
from playwright.sync_api import TimeoutError
from widget_models import CELL, GIVEN, widget_named

from browser.conftest import MEASURED
from browser.jupyter import Widget
from engine import lab as lab_package

# What changes the picture, where it is not the first slider: another one, the picture's own keys
# (None), or the button Step.
MOVED_BY = {
    "DecisionBoundary": 1,
    "FilterEditor": None,
    "GraphStepper": "Step",
    "Hospital": "Step",
    "PerceptronLine": None,
    "RateFinder": None,
}
SLOW = {"GraphStepper", "GateInspector"}  # play is made to be read, step by step


NAMES = [name for name in lab_package.__all__ if widget_named(name)]


CELLS = (
    CELL,
    *(
        f"from engine.lab import {name}\n{name}_app = {name}({GIVEN.get(name, '')})\n{name}_app"
        for name in NAMES
    ),
)


def shown(page, name) -> Widget:
    """The widget of that name; JupyterLab builds what is out of sight only when it is reached."""
    cell = NAMES.index(name) + 1
    page.page.evaluate(
        "(i) => jupyterapp.shell.currentWidget.content.scrollToItem(i, 'start')", cell
    )
    page.run_cell(cell)
    picture = page.page.locator(f".jp-Cell[data-windowed-list-index='{cell}'] .lab-picture > svg")
    label = picture.first.get_attribute("aria-label") or ""
    return page.widget(label[:60].split("'")[0])


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_answers_and_plays(page, name):
    widget = shown(page, name)
    mover = MOVED_BY.get(name, 0)
    keys, target = ("ArrowLeft", "ArrowRight"), widget.picture
    if mover == "Step":
        keys, target = ("Enter", "Enter"), widget.button("Step")
    elif mover is not None:
        target = widget.root.locator("[role=slider]").nth(mover)
    target.focus()
    try:
        delays = widget.delays(lambda n: page.page.keyboard.press(keys[n % 2]), 12)
    except TimeoutError:
        moved = {None: "the picture", "Step": "Step"}.get(mover, f"slider {mover}")
        pytest.fail(f"{keys} on {moved} change no picture of {name}: say in MOVED_BY what does")
    median, play = statistics.median(delays), ""
    if name not in SLOW and widget.button("Play").count():
        widget.button("Play").click()
        page.page.wait_for_timeout(300)
        rate, wanted = widget.pictures_per_second(), float(page.kernel_value(f"{name}_app._rate"))
        widget.root.get_by_role("button", name=re.compile("(Play|Pause)$")).first.click()
        play = f"{rate:.0f} of {wanted:g}"
        assert rate > wanted / 5
    where = {None: "key", "Step": "step"}.get(mover, "slider")
    MEASURED.append((name, f"{median:.0f} ms ({where})", play))
    assert median < 500
