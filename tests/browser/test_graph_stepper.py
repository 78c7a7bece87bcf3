"""A student's journey with the graph stepper: step, back, drag, keys, another expression."""

import re

import pytest

CELLS = ("from engine.lab import GraphStepper", "app = GraphStepper()\napp")
OPENS = "Graph of L = (w·x + b − y)²"


def shown_gradient(readout, name):
    found = re.search(rf"∂L/∂{name} = (−?[\d.]+)", readout)
    return float(found.group(1).replace("−", "-"))


def test_stepping_through_shows_the_gradients_of_the_state(page, widget):
    widget.wait_for("Step 0 of 12")
    for _ in range(4):
        widget.button("Step").click()
    widget.wait_for("Forward: L = e² = 9")
    for _ in range(8):
        widget.button("Step").click()
    widget.wait_for("Step 12 of 12")
    page.screenshot("graph_stepper_end")
    for name in ("w", "x", "b", "y"):
        in_kernel = float(page.kernel_value(f"app.state.gradients['{name}']"))
        assert shown_gradient(widget.readout(), name) == in_kernel
    assert "∂L/∂w = 18" in widget.label()


def test_an_input_is_dragged_in_the_middle_of_a_walk(page, widget):
    widget.key("End")
    widget.wait_for("∂L/∂w = 18")
    widget.drag("y", 0, -40)
    widget.wait_for(re.compile(r"y = [4-5]\.?\d*,"))
    page.wait_idle()
    y = float(page.kernel_value("app.state.inputs['y']"))
    assert y > 4
    assert shown_gradient(widget.readout(), "w") == pytest.approx(2 * (7 - y) * 3)


def test_everything_works_from_the_keyboard(page, widget):
    widget.key("Enter")
    widget.key("ArrowUp")
    widget.wait_for("x = 3.5")
    widget.key("Shift+ArrowDown")
    widget.wait_for("x = 3.4")
    widget.key("End")
    widget.wait_for("Step 12 of 12")
    assert shown_gradient(widget.readout(), "b") == pytest.approx(2 * (2 * 3.4 + 1 - 4))
    widget.key("ArrowLeft")
    widget.wait_for("Step 11 of 12")
    widget.key("Home")
    widget.wait_for("Step 0 of 12")


def test_the_ring_of_the_focus_is_whole(widget):
    widget.key("Home")
    ring = widget.picture.evaluate(
        """picture => {
            const {outlineStyle, outlineWidth, outlineOffset} = getComputedStyle(picture);
            return [outlineStyle, parseFloat(outlineWidth) + parseFloat(outlineOffset)];
        }"""
    )
    assert ring == ["solid", 0], "beyond the picture its left side is cut, and it covers buttons"


def test_a_value_used_twice_waits_and_then_play_ends_by_itself(page, widget):
    widget.control("expression").select_option("s = w·x,  L = s + s²")
    widget.wait_for("Step 0 of 9")
    for _ in range(5):
        widget.button("Step").click()
    widget.wait_for("∂L/∂s = 1 (1 use still to come)")
    page.screenshot("graph_stepper_waits")
    widget.button("Play").click()
    widget.wait_for("Done. Reset starts again.")
    assert shown_gradient(widget.readout(), "w") == 39
