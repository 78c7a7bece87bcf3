"""A student's journey with the initialization explorer: scale, layers, compare."""

import re

import pytest

CELLS = ("from engine.lab import InitializationExplorer", "app = InitializationExplorer()\napp")
OPENS = "20 ReLU layers at scale 1:"


def last_spread(words: str) -> float:
    return float(re.search(r"to ([\d.e+-]+) \(layer 20\)", words).group(1))


def test_he_saves_the_signal_that_xavier_loses(page, widget):
    assert "signal vanishes" in widget.readout()
    widget.control("scale").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("signal kept, gradient kept")
    assert "(He)" in widget.readout()
    spread = float(page.kernel_value("float(app.state.stds[0, -1])"))
    assert last_spread(widget.readout()) == pytest.approx(spread, rel=0.05)
    assert "signal kept" in widget.label()


def test_a_large_scale_explodes(page, widget):
    widget.control("scale").focus()
    for _ in range(4):
        page.page.keyboard.press("ArrowRight")
    widget.wait_for("std 5/√n")
    assert "signal explodes, gradient explodes" in widget.readout()
    assert page.kernel_value("app.state.gain") == "5.0"
    page.screenshot("initialization_explodes")


def test_controls_and_compare(page, widget):
    widget.control("Compare").check()
    widget.control("activation").select_option("Tanh")
    widget.wait_for("Tanh, seed 0")
    assert page.kernel_value("app.state.ghost.shape") == "(2, 20)"
    widget.control("layers").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("(layer 21)")
    widget.control("scale").focus()
    page.page.keyboard.press("End")
    widget.wait_for("of the last layer is saturated")
    page.screenshot("initialization_tanh")
    widget.button("New seed").click()
    widget.wait_for("seed 1")
