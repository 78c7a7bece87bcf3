"""The still figures of notebook 01: what they draw and what they say."""

import numpy as np
import pytest

import engine
from engine.datasets import logic_gate
from engine.lab import PerceptronLine
from engine.lab.figures.nb01 import (
    learning_figure,
    mistakes_figure,
    neuron_figure,
    normal_figure,
    ruler_figure,
)

pytestmark = pytest.mark.slow  # every figure is drawn

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def normal():
    return normal_figure(engine.tensor([1.0, 2.0], dtype=engine.float64), -1.5, CORNERS)


def mistakes():
    return mistakes_figure({"AND": [2, 2, 3, 2, 1, 0], "XOR": [2, 2, 3, 4, 4]})


FIGURES = {
    "ruler": ruler_figure,
    "neuron": neuron_figure,
    "normal": normal,
    "learning": learning_figure,
    "mistakes": mistakes,
}


def dashed_line(ax):
    """w (2,) and b of the dashed line of a panel, from its two ends; the sign of both is free."""
    (line,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    (x1, y1), (x2, y2) = line.get_xydata()
    w = np.array([y1 - y2, x2 - x1])
    return w, -float(w @ [x1, y1])


def words_in(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_each_picture_is_drawn_small_and_described(name):
    figure = FIGURES[name]()
    picture = figure.png()
    assert picture.startswith(b"\x89PNG") and 4_000 < len(picture) < 40_000
    assert all(np.isfinite(values).all() for values in figure.data.values())
    assert any(character.isdigit() for character in figure.alt)


def test_the_ruler_parts_and_and_or_but_not_xor():
    figure, wrong = ruler_figure(), {}
    for ax, name in zip(figure.axes, ("and", "or", "xor"), strict=True):
        x, y = logic_gate(name)
        np.testing.assert_array_equal(figure.data[name], x)
        np.testing.assert_array_equal(figure.data[f"{name} labels"], y)
        w, b = dashed_line(ax)
        above = x @ w + b > 0
        wrong[name] = min((above != y).sum(), (above == y).sum())
    assert wrong == {"and": 0, "or": 0, "xor": 1}
    assert "1 of the 4 points on the wrong side" in figure.alt


@pytest.mark.parametrize("inputs", [2, 3])
def test_a_neuron_has_as_many_weights_as_inputs(inputs):
    figure = neuron_figure(inputs)
    assert len(figure.data["heights of inputs"]) == inputs
    words = words_in(figure.axes[0])
    assert sum(word.startswith("w") and len(word) == 2 for word in words) == inputs
    assert f"{inputs} inputs" in figure.alt


def test_the_foot_of_the_normal_is_on_the_line_and_distances_are_z_over_length():
    figure, w = normal(), np.array([1.0, 2.0])
    assert w @ figure.data["foot"] == pytest.approx(1.5, abs=1e-12)
    np.testing.assert_allclose(figure.data["z"], CORNERS @ w - 1.5, atol=1e-12)
    expected = [f"{z / np.sqrt(5):+.2f}" for z in (-1.5, 0.5, -0.5, 1.5)]
    assert [word for word in words_in(figure.axes[0]) if word[:1] in "+-" and word] == expected
    assert ", ".join(expected) in figure.alt


def test_the_stations_of_learning_are_the_first_run_of_the_widget():
    app, figure = PerceptronLine(), learning_figure()
    for updates in range(12):
        assert app.state.steps == updates
        if f"w, b after {updates}" in figure.data:
            assert figure.data[f"w, b after {updates}"].tolist() == list(app.state.numbers())
        app.press("step")
    assert app.state.done


def test_learning_ends_with_all_four_points_on_their_side():
    figure, wrong = learning_figure(), []
    x, y = logic_gate("and")
    for updates in (0, 5, 11):
        w1, w2, b = figure.data[f"w, b after {updates}"]
        wrong.append(int((((x @ [w1, w2] + b) > 0) != y).sum()))
    assert wrong == [1, 2, 0]
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["start: 1 wrong", "5 updates: 2 wrong", "11 updates: 0 wrong"]
    assert "after 11 updates the line is 1.04 x₁ +0.71 x₂ -1.50 = 0 and 0 of 4" in figure.alt


def test_wrong_points_carry_a_ring():
    x, _ = logic_gate("and")
    rings = [
        [line.get_xydata() for line in ax.lines if line.get_marker() == "o"][0]
        for ax in learning_figure().axes
    ]
    np.testing.assert_array_equal(rings[0], x[[2]])
    np.testing.assert_array_equal(rings[1], x[[1, 2]])
    assert len(rings[2]) == 0


def test_mistakes_are_counted_from_epoch_1():
    figure = mistakes()
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert drawn[0] == [[1, 2], [2, 2], [3, 3], [4, 2], [5, 1], [6, 0]]
    assert drawn[1][-1] == [5, 4]
    assert "AND makes 2 in epoch 1 and 0 in epoch 6" in figure.alt
    assert "XOR makes 2 in epoch 1 and 4 in epoch 5" in figure.alt


def test_no_epochs_are_no_picture():
    with pytest.raises(ValueError, match="nothing to draw: 'AND'"):
        mistakes_figure({"AND": []})
