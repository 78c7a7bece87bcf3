"""A student's journey with the learning-rate finder: pick by mouse and keys, train, compare."""

import re

import pytest

CELLS = ("from engine.lab import RateFinder", "app = RateFinder()\napp")
OPENS = "Learning-rate finder. lr 0.01,"


def rate(words: str) -> float:
    return float(re.match(r"lr ([\d.e+-]*\d)", words).group(1))


def test_the_pick_is_dragged_and_the_numbers_follow(page, widget):
    before = widget.readout()
    widget.drag("pick", 90, 0)
    widget.wait_for_change(before)
    page.wait_idle()
    page.page.wait_for_timeout(200)
    shown = rate(widget.readout())
    assert shown > 0.05
    assert shown == pytest.approx(float(page.kernel_value("app.state.pick")), rel=0.01)
    assert f"lr {shown:g}," in widget.label()


def test_the_mark_beats_the_first_pick_beside_the_grey_line(page, widget):
    widget.control("Compare").check()
    widget.button("Play").click()
    widget.wait_for("step 200: loss")
    slow = page.kernel_value("app.state.loss")
    widget.key("Home")
    widget.wait_for(re.compile(r"lr 0\.272, .*not trained yet; before, lr 0\.01"))
    widget.button("Play").click()
    widget.wait_for("step 200: loss")
    page.wait_idle()
    assert "Done" in widget.readout()
    assert float(page.kernel_value("app.state.loss")) < 0.2 * float(slow)
    assert f"before, lr 0.01: {float(slow):.3f}" in widget.readout()
    page.screenshot("rate_finder_compare")


def test_other_optimizers_and_seeds_by_keyboard(page, widget):
    widget.control("optimizer").select_option("Adam")
    widget.wait_for("Adam, seed 0")
    widget.button("New seed").click()
    widget.wait_for("Adam, seed 1")
    widget.key("Home")
    widget.wait_for(re.compile(r"^lr 2\.15"))
    page.screenshot("rate_finder_adam")
    widget.key("End")
    widget.wait_for(re.compile(r"^lr 0\.017"))
    widget.key("ArrowLeft")
    widget.wait_for(re.compile(r"^lr 0\.013"))


def test_play_is_smooth(page, widget):
    widget.button("Play").click()
    widget.wait_for(re.compile(r"step \d+: loss"))
    shown = widget.pictures_per_second(1.5)
    print(f"{shown:.1f} pictures a second")
    assert shown > 5, "25 on a quiet machine, see test_speed.py"
