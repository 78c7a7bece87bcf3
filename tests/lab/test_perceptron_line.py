"""The perceptron of the first widget: its rule, its drawing, its pointer and its keys."""

import re

import numpy as np
import pytest

from engine.lab import PerceptronLine
from engine.lab.app import Event
from engine.lab.perceptron_line import PerceptronState, render


def rosenblatt(x, y, w, b, lr, most=1000):
    """The textbook loop: visit the points in turn, correct at each wrong one."""
    updates, quiet, i = [], 0, 0
    while quiet < len(y) and len(updates) < most:
        error = y[i] - int(w @ x[i] + b > 0)
        quiet = 0 if error else quiet + 1
        if error:
            w, b = w + lr * error * x[i], b + lr * error
            updates.append((w[0], w[1], b))
        i = (i + 1) % len(y)
    return updates


@pytest.mark.parametrize("preset", ["and", "or", "nand", "iris"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_step_is_the_next_correction_of_the_textbook_loop(preset, seed):
    state = PerceptronState(preset, lr=0.5, seed=seed)
    w1, w2, b = state.numbers()
    expected = rosenblatt(state.x, state.y, np.array([w1, w2]), b, 0.5)
    seen = []
    while not state.done:
        state.step()
        seen.append(state.numbers())
    assert len(seen) == len(expected)
    assert np.allclose(np.array(seen), np.array(expected), rtol=0, atol=1e-12)
    assert state.errors == 0
    assert state.steps == len(expected)


def test_xor_is_never_learned_and_one_error_is_the_best():
    state = PerceptronState("xor")
    state.step(500)
    assert state.steps == 500
    assert not state.done
    assert state.fewest == 1


def test_a_step_when_nothing_is_wrong_changes_nothing():
    state = PerceptronState("or")
    state.step(1000)
    before = state.numbers(), state.steps
    state.step()
    assert (state.numbers(), state.steps) == before


def test_reset_goes_back_to_the_seed_and_keeps_moved_points():
    state = PerceptronState("and", seed=3)
    first = state.numbers()
    state.drag(Event("drag", x=0.3, y=0.4, target={"grab": "0"}))
    state.step(4)
    state.reset()
    assert state.numbers() == first
    assert state.x[0].tolist() == [0.3, 0.4]
    assert PerceptronState("and", seed=4).numbers() != first


def test_an_unknown_preset_is_named():
    with pytest.raises(ValueError, match="got 'nor'"):
        PerceptronState("nor")


def test_dragging_the_tip_sets_w_and_keeps_the_foot_on_the_line():
    state = PerceptronState("and")
    foot = state.foot()
    state.press(Event("press", target={"grab": "w"}))
    state.drag(Event("drag", x=foot[0] + 0.3, y=foot[1] + 0.4, target={"grab": "w"}))
    w1, w2, b = state.numbers()
    assert (w1, w2) == pytest.approx((0.3, 0.4))
    assert w1 * foot[0] + w2 * foot[1] + b == pytest.approx(0)


def test_dragging_the_line_moves_b_alone_and_the_line_to_the_pointer():
    state = PerceptronState("and")
    w1, w2, _ = state.numbers()
    state.press(Event("press", target={"grab": "b"}))
    state.drag(Event("drag", x=0.7, y=0.2, target={"grab": "b"}))
    assert state.numbers()[:2] == (w1, w2)
    assert w1 * 0.7 + w2 * 0.2 + state.numbers()[2] == pytest.approx(0)


def test_a_point_stays_in_the_plot_and_a_click_changes_its_class():
    state = PerceptronState("and")
    state.drag(Event("drag", x=9.0, y=-9.0, target={"grab": "2"}))
    assert state.x[2].tolist() == [1.6, -0.6]
    state.click(Event("click", target={"grab": "2"}))
    assert state.y[2] == 1
    state.click(Event("click", target={}))
    assert state.y.tolist() == [0, 0, 1, 1]


def test_keys_reach_everything_that_the_pointer_reaches():
    state = PerceptronState("and")
    w1, w2, b = state.numbers()

    def key(name, shift=False):
        state.key(Event("key", key=name, shift=shift))

    key("ArrowRight")
    key("ArrowDown", shift=True)
    assert state.numbers() == pytest.approx((w1 + 0.05, w2 - 0.25, b))
    key(" ")  # w has no class
    key("Enter")
    key("ArrowLeft")
    assert state.numbers() == pytest.approx((w1 + 0.05, w2 - 0.25, b - 0.05))
    for _ in range(4):
        key("Enter")
    key("ArrowUp")
    key(" ")
    assert state.x[3].tolist() == pytest.approx([1.0, 1.05])
    assert state.y[3] == 0
    key("Enter")
    assert state.selected == "w"
    key("Enter", shift=True)
    assert state.selected == "3"


def test_the_drawing_shows_each_point_by_its_class_and_rings_the_wrong_ones():
    state = PerceptronState("xor")
    drawing = render(state)
    rings = len(re.findall(r'<circle[^>]*fill="none" stroke="#222222"', drawing))
    assert rings - 1 == state.errors  # one more is the legend's
    assert all(f'data-grab="{name}"' in drawing for name in ("w", "b", "0", "1", "2", "3"))
    assert f"{state.errors} of 4 points are on the wrong side" in drawing
    assert render(state) == drawing


@pytest.mark.parametrize("seed", range(8))
def test_the_name_of_the_arrow_stays_in_the_plot(seed):
    state = PerceptronState("and", seed=seed)
    state.step(100)
    left, top, width, height = state.plot.box
    found = re.search(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>w<', render(state))
    assert left + 5 <= float(found[1]) <= left + width - 5
    assert top + 5 <= float(found[2]) <= top + height - 5


def test_the_arrow_and_the_line_survive_weights_of_zero():
    state = PerceptronState("and")
    state.w = np.zeros(2)
    assert "nan" not in render(state)
    state.press(Event("press", target={"grab": "w"}))
    state.drag(Event("drag", x=0.9, y=0.5, target={"grab": "w"}))
    assert state.numbers()[0] == pytest.approx(0.4)


def test_the_widget_shows_the_numbers_and_compares_with_the_run_before():
    app = PerceptronLine()
    assert repr(app) == "PerceptronLine()"
    app.buttons["compare"].value = True
    app.press("step")
    w1 = app.state.numbers()[0]
    app.press("new_seed")
    assert f"earlier run (grey): w₁ = {w1:.2f}" in app.picture.readout
    assert "(seed 1)" in app.picture.readout
    app.controls["preset"].value = "iris"
    assert "of 150" in app.picture.readout and "updates: 0" in app.picture.readout
    assert "earlier run" not in app.picture.readout, "a line through other points compares nothing"


def test_a_drag_in_pixels_moves_a_point_in_data_units():
    app = PerceptronLine()
    plot = app.state.plot
    start = {"x": float(plot.px(0.0)), "y": float(plot.py(0.0))}
    goal = {"x": float(plot.px(0.5)), "y": float(plot.py(0.25))}
    for kind, place in (("press", start), ("drag", goal), ("drop", goal)):
        app.send(kind, **place, target={"grab": "0"})
    assert app.state.x[0].tolist() == pytest.approx([0.5, 0.25])


def test_a_change_by_hand_begins_the_count_of_the_fewest_errors_again():
    state = PerceptronState("or")
    state.step(100)
    assert state.fewest == 0
    state.click(Event("click", target={"grab": "0"}))
    assert state.fewest == state.errors == 1
    state.key(Event("key", key="ArrowUp"))
    assert state.fewest == state.errors
