"""A student's journey with the learning-rate explorer: slide, play, compare, drag, overflow."""

import re

CELLS = (
    "from engine.lab import LearningRateExplorer",
    "app = LearningRateExplorer(surface='ravine')\napp",
    "wells = LearningRateExplorer(surface='double well', lr=0.05)\nwells",
)
OPENS = "Gradient descent on the ravine"


def numbers_agree(page, widget, name="app"):
    first = widget.readout().splitlines()[0]
    state = page.kernel_value(f"{name}.state.summary().splitlines()[0]")
    assert first == state.strip("'\""), "the page shows other numbers than the state has"
    assert first in widget.label()
    return first


def slide(widget, presses, key="ArrowRight"):
    knob = widget.control("learning rate")
    knob.focus()
    for _ in range(presses):
        knob.press(key)


def test_the_slider_crosses_the_limit_and_the_verdict_follows(page, widget):
    assert "step 40" in numbers_agree(page, widget)
    for presses, rate, verdict in ((4, "0.19", "Converges"), (1, "0.2", "Oscillates")):
        slide(widget, presses)
        widget.wait_for(re.compile(rf"lr {rate},.*\n{verdict}"))
        numbers_agree(page, widget)
    slide(widget, 1)
    widget.wait_for(re.compile(r"lr 0\.21,.*\nDiverges"))
    numbers_agree(page, widget)
    page.screenshot("learning_rate_ravine")


def test_reset_step_and_play(page, widget):
    widget.button("Reset").click()
    widget.wait_for("step 0: w = (1, 1), loss 5.5")
    widget.button("Step").click()
    widget.wait_for("step 1: w = (0, 0.9)")
    widget.button("Play").click()
    widget.wait_for(re.compile(r"step [2-9]\d?:"))
    widget.button("Pause").click()
    page.wait_idle()
    page.page.wait_for_timeout(300)
    numbers_agree(page, widget)


def test_compare_keeps_the_last_run_as_a_ghost(page, widget):
    assert widget.picture.locator("path[stroke-dasharray='4 3']").count() == 0
    widget.control("Compare").check()
    slide(widget, 1)
    widget.wait_for("lr 0.13,")
    assert widget.picture.locator("path[stroke-dasharray='4 3']").count() == 2
    first_step = page.kernel_value("app.state.ghost[0][1].round(6).tolist()")
    assert first_step == "[0.0, 0.9]", "the ghost is not the run of lr 0.1"


def test_the_start_moves_by_mouse_and_by_key(page, widget):
    before = widget.readout()
    widget.drag("start", -60, 80)
    widget.wait_for_change(before)
    page.wait_idle()
    page.page.wait_for_timeout(200)
    numbers_agree(page, widget)
    x, y = map(float, page.kernel_value("app.state.start").strip("()").split(","))
    assert x < 0.9 and y < 0.9
    widget.key("ArrowUp")
    page.page.wait_for_timeout(300)
    moved = page.kernel_value("app.state.start")
    assert moved == f"({x}, {round(y + 0.1, 2)})"


def test_an_overflow_is_told_with_its_step(page):
    widget = page.widget("Gradient descent on the double well")
    slide(widget, 1, "End")
    widget.wait_for("Diverges: the loss is inf at step 5.")
    slide(widget, 1, "Home")
    widget.wait_for("lr 0.001,")
    numbers_agree(page, widget, "wells")
