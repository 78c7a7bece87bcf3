"""A student's journey with the perceptron line: step, play, drag, keys; the numbers agree."""

import re

import pytest

CELLS = ("from engine.lab import PerceptronLine", "app = PerceptronLine()\napp")
OPENS = "Perceptron on AND"


def weights(readout: str) -> list[float]:
    return [float(value) for value in re.findall(r"= (-?\d+\.\d+)", readout)]


def kernel_weights(page) -> list[float]:
    return [
        float(v)
        for v in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", page.kernel_value("app.state.numbers()"))
    ]


def test_step_uses_the_next_wrong_point_and_the_numbers_agree_with_the_state(page, widget):
    assert page.kernel_value("app.state.next_wrong") == "2"
    w1, w2, b = weights(widget.readout())
    widget.button("Step").click()
    widget.wait_for("updates: 1")
    # The point (1, 0) should be class 0: w₁ and b fall by lr = 0.5, w₂ stays.
    assert weights(widget.readout()) == pytest.approx([w1 - 0.5, w2, b - 0.5], abs=0.011)
    assert weights(widget.readout()) == pytest.approx(kernel_weights(page), abs=0.0051)


def test_play_learns_the_and_gate_and_stops_by_itself(widget):
    widget.button("Play").click()
    widget.wait_for("wrong: 0 of 4")
    widget.wait_for("Done. Reset starts again.")
    assert widget.button("Play").is_visible()
    assert "0 of 4 points are on the wrong side" in widget.label()


def test_the_arrow_the_line_and_a_point_can_be_dragged(page, widget):
    for grab, dx, dy in (("w", 30, -60), ("b", -40, 20), ("0", 50, 30)):
        before = widget.readout(), widget.label(), page.kernel_value("app.state.x.tolist()")
        widget.drag(grab, dx, dy)
        page.page.wait_for_timeout(300)
        page.wait_idle()
        after = widget.readout(), widget.label(), page.kernel_value("app.state.x.tolist()")
        assert after != before, f"dragging {grab} changed nothing"
        assert weights(widget.readout()) == pytest.approx(kernel_weights(page), abs=0.0051)
    assert page.kernel_value("app.state.x.tolist()[0] != [0.0, 0.0]") == "True"


def test_everything_works_from_the_keyboard(page, widget):
    w1, w2, b = weights(widget.readout())
    widget.key("ArrowUp")
    widget.wait_for(f"w₂ = {w2 + 0.05:.2f}")
    widget.key("Enter")
    widget.key("Shift+ArrowRight")
    widget.wait_for(f"b = {b + 0.25:.2f}")
    widget.key("Enter")
    widget.key("ArrowRight")
    page.page.wait_for_timeout(300)
    assert page.kernel_value("round(app.state.x[0, 0], 6)") == "np.float64(0.05)"
    widget.key("Space")
    page.page.wait_for_timeout(300)
    assert page.kernel_value("int(app.state.y[0])") == "1"


def test_xor_never_ends_and_iris_does(page, widget):
    widget.control("points").select_option("iris: setosa or not")
    widget.wait_for("of 150")
    page.screenshot("perceptron_iris")
    widget.button("Play").click()
    widget.wait_for("wrong: 0 of 150")
    widget.control("points").select_option("XOR")
    widget.wait_for("updates: 0")
    widget.button("Play").click()
    widget.wait_for(re.compile(r"updates: \d{2}"))
    widget.button("Pause").click()
    assert "wrong: 0" not in widget.readout()
