"""A student's journey through the hospital: play, diagnose wrongly and rightly, treat, watch."""

import re

import pytest

CELLS = ("from engine.lab import Hospital", "app = Hospital()\napp")
OPENS = "Hospital. Patient 1, as it came in, step 0"


def loss(words: str) -> float:
    return float(re.search(r"validation loss (\d+\.\d+)", words).group(1))


def test_a_step_changes_the_numbers_and_they_agree_with_the_state(page, widget):
    widget.button("Step").click()
    widget.wait_for("step 1: training loss")
    shown = loss(widget.readout())
    assert shown == pytest.approx(
        float(page.kernel_value("app.state.sick.losses[-1][1]")), abs=6e-4
    )
    assert loss(widget.label()) == shown


def test_diagnose_and_treat_beside_the_sick_run(page, widget):
    widget.control("patient").select_option("4")
    widget.wait_for("Patient 4, as it came in, step 0")
    widget.button("Play").click()
    widget.wait_for("step 300: training loss")
    page.screenshot("hospital_sick")
    sick = loss(widget.readout())
    widget.control("diagnosis").select_option("eval() never called")
    widget.wait_for("Not eval() never called: two validation passes differ by 0.")
    widget.control("diagnosis").select_option("zero_grad forgotten")
    widget.wait_for("Yes, zero_grad forgotten: .grad was up to")
    widget.control("Treat").check()
    widget.wait_for("treated twin, step 0: not trained yet (sick:")
    widget.button("Play").click()
    widget.wait_for("treated twin, step 300")
    page.wait_idle()
    assert loss(widget.readout()) < 0.2 * sick
    assert f"(sick: {sick:.3f})" in widget.readout()
    page.screenshot("hospital_treated")


def test_a_patient_whose_loss_is_no_number_stops_by_itself(page, widget):
    widget.control("patient").select_option("8")
    widget.wait_for("Patient 8")
    widget.button("Play").click()
    widget.wait_for("the loss became nan. Which gauge shows")
    assert page.kernel_value("app.playing") == "False"
    page.screenshot("hospital_nan")


def test_the_keyboard_alone_is_enough(page, widget):
    widget.control("patient").focus()
    page.page.keyboard.press("ArrowDown")
    widget.wait_for("Patient 2, as it came in")
    widget.button("Step").focus()
    page.page.keyboard.press("Enter")
    widget.wait_for("Patient 2, as it came in, step 1:")
    widget.control("diagnosis").focus()
    page.page.keyboard.press("ArrowDown")
    widget.wait_for("Yes, dead ReLUs: 100% and 100%")
    widget.control("Treat").focus()
    page.page.keyboard.press("Space")
    widget.wait_for("treated twin, step 0")


def test_play_is_smooth(page, widget):
    widget.control("patient").select_option("9")
    widget.wait_for("Patient 9")
    widget.button("Play").click()
    widget.wait_for(re.compile(r"step \d\d+: training"))
    shown = widget.pictures_per_second(2.0)
    print(f"{shown:.1f} pictures a second")
    assert shown > 5, "25 on a quiet machine, see test_speed.py"
