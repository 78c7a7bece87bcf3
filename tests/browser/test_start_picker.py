"""A student's journey with the start picker: drag across the hill top, keys, basins."""

import re

import pytest

CELLS = ("from engine.lab import StartPicker", "app = StartPicker()\napp")
OPENS = "A loss with two valleys"


def state_says(page):
    return page.kernel_value("app.state.summary().splitlines()[0]").strip("'\"")


def test_a_drag_over_the_hill_top_changes_the_valley(page, widget):
    assert "on the right (only a local one)\nend w = 0.960" in widget.readout()
    widget.drag("start", -300, 60)
    widget.wait_for("on the left (the lowest)\nend w = -1.036")
    page.wait_idle()
    page.page.wait_for_timeout(200)
    assert widget.readout().splitlines()[0] == state_says(page)
    page.screenshot("start_picker")


def test_a_click_sets_the_start(page, widget):
    page.page.mouse.click(*widget.at(250, 150))
    widget.wait_for("on the left")
    w = float(re.search(r"start w = (-?\d+\.\d+)", widget.readout()).group(1))
    # The plot is 560 pixels wide from pixel 50 and shows -1.9 to 1.9.
    assert w == pytest.approx(-1.9 + 3.8 * (250 - 50) / 560, abs=0.02)


def test_keys_cross_the_border(page, widget):
    for step in range(1, 17):
        widget.key("ArrowLeft")
        widget.wait_for(f"start w = {1.6 - 0.1 * step:.2f}")
    assert "on the left" in widget.readout()
    for step in range(1, 9):
        widget.key("Shift+ArrowRight")
        widget.wait_for(f"start w = {0.01 * step:.2f}")
    assert "on the right" in widget.readout()


def test_a_large_rate_breaks_the_basins_into_stripes(page, widget):
    bar = widget.picture.locator("image")
    whole = bar.get_attribute("href")
    knob = widget.control("learning rate")
    knob.focus()
    for _ in range(3):
        knob.press("ArrowRight")
    widget.wait_for("lr 0.2:")
    assert bar.get_attribute("href") != whole
    assert widget.readout().splitlines()[0] == state_says(page)
