"""A student's journey with the live decision boundary: play, compare, other points, keyboard."""

import re

import pytest

CELLS = ("from engine.lab import DecisionBoundary", "app = DecisionBoundary()\napp")
OPENS = "Decision boundary of 4 ReLU neurons on xor"


def loss(words: str) -> float:
    return float(re.search(r"loss (\d\.\d+)", words).group(1))


def test_a_step_changes_the_numbers_and_they_agree_with_the_state(page, widget):
    before = loss(widget.readout())
    widget.button("Step").click()
    widget.wait_for("Step 1: loss")
    shown = loss(widget.readout())
    assert shown != before
    assert shown == pytest.approx(float(page.kernel_value("app.state.loss")), abs=0.00051)
    assert loss(widget.label()) == shown


def test_seed_0_gets_stuck_and_seed_3_solves_it_beside_the_grey_line(page, widget):
    widget.button("Play").click()
    widget.wait_for("at rest on ½ ln 2")
    widget.button("Pause").click()
    widget.control("Compare").check()
    for seed in (1, 2, 3):
        widget.button("New seed").click()
        widget.wait_for(f"seed {seed},")
    widget.button("Play").click()
    widget.wait_for("4 of 4 points right: solved")
    widget.button("Pause").click()
    page.wait_idle()
    page.screenshot("decision_boundary_xor")
    assert "run before: " in widget.readout()
    assert page.kernel_value("app.state.right") == "4"


def test_points_are_chosen_by_click_and_by_key(page, widget):
    place = widget.at(331, 30)
    page.page.mouse.click(*place)
    widget.wait_for("spiral, seed 0")
    widget.key("ArrowLeft")
    widget.wait_for("moons, seed 0")
    assert "on moons at step 0" in widget.label()


def test_the_controls_work_from_the_keyboard_and_start_again(page, widget):
    widget.button("Step").click()
    widget.wait_for("Step 1:")
    widget.control("hidden neurons").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("8 ReLU neurons")
    widget.wait_for("Step 0:")
    widget.control("activation").select_option("Tanh")
    widget.control("start").select_option("Xavier")
    widget.wait_for("8 Tanh neurons, start Xavier")
    widget.control("learning rate").focus()
    page.page.keyboard.press("ArrowLeft")
    widget.wait_for("lr 0.03")
    assert page.kernel_value("(app.state.width, app.state.lr)") == "(8, 0.03)"


def test_the_spiral_is_drawn_while_it_trains(page, widget):
    widget.key("ArrowLeft")
    widget.control("activation").select_option("Tanh")
    widget.control("hidden neurons").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("16 Tanh neurons")
    widget.button("Play").click()
    widget.wait_for("200 of 200 points right")
    widget.button("Pause").click()
    page.screenshot("decision_boundary_spiral")
