"""A student's journey with the gradient over time: scale, length, a chosen step, compare."""

import re

import pytest

CELLS = ("from engine.lab import GradientOverTime", "app = GradientOverTime()\napp")
OPENS = "Gradient by step over 50 steps at scale 1."


def first_over_last(words: str, kind: str) -> float:
    return float(re.search(rf"{kind} (\S+), (?:vanishes|fades|arrives|explodes)", words).group(1))


def in_kernel(page, kind):
    return float(page.kernel_value(f"app.state.ratio('{kind}')"))


def test_a_larger_recurrent_weight_makes_the_gradient_explode(page, widget):
    assert first_over_last(widget.readout(), "RNN") < 1e-9
    widget.control("scale of W_hh").focus()
    page.page.keyboard.press("End")
    widget.wait_for(re.compile(r"RNN \S+, explodes"))
    for kind in ("RNN", "LSTM", "GRU"):
        shown = first_over_last(widget.readout(), kind)
        assert shown == pytest.approx(in_kernel(page, kind), rel=0.06)
    assert "explodes" in widget.label()
    page.screenshot("gradient_explodes")


def test_the_forget_bias_helps_the_lstm_alone(page, widget):
    before = widget.readout()
    widget.control("forget bias").focus()
    page.page.keyboard.press("End")
    after = widget.wait_for_change(before)
    assert first_over_last(after, "LSTM") > 100 * first_over_last(before, "LSTM")
    assert first_over_last(after, "RNN") == first_over_last(before, "RNN")


def test_a_step_is_chosen_by_mouse_and_by_keys(page, widget):
    x, y = widget.at(62 + 690 * 30 / 101, 200)
    page.page.mouse.move(x, y)
    widget.wait_for("Step 30 of 50")
    widget.key("ArrowLeft")
    widget.wait_for("Step 29 of 50")
    widget.key("Home")
    widget.wait_for("Step 1 of 50")
    size = float(page.kernel_value("float(app.state.sizes['LSTM'][0])"))
    assert f"LSTM {size:.1e}" in widget.readout()


def test_compare_length_and_seed(page, widget):
    widget.control("Compare").check()
    widget.control("steps T").focus()
    page.page.keyboard.press("End")
    widget.wait_for("of 100:")
    assert page.kernel_value("len(app.state.ghost['RNN'])") == "50"
    page.screenshot("gradient_compare")
    widget.button("New seed").click()
    widget.wait_for("Seed 1.")
    widget.button("Reset").click()
    assert "Seed 1." in widget.readout()
