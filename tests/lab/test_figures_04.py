"""The still figures of notebook 04: what they draw, and that their words state it."""

import numpy as np
import pytest

from engine.lab.figures import nb04

pytestmark = pytest.mark.slow  # every figure is drawn

CORNERS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
FOLDED = np.stack([CORNERS.sum(axis=1), np.maximum(CORNERS.sum(axis=1) - 1, 0)], axis=1)


def fold(x):
    return 2 * np.maximum(x, 0) - 4 * np.maximum(x - 0.5, 0)


def figures():
    x = np.linspace(0, 1, 257)
    around = np.linspace(0, 2 * np.pi, 50)
    return {
        "layers": nb04.layers_figure(),
        "activations": nb04.activations_figure(),
        "xor plane": nb04.xor_plane_figure(CORNERS, [0, 1, 1, 0], FOLDED),
        "endings": nb04.xor_endings_figure([3, 1], steps=200),
        "sine": nb04.sine_figure(around, {2: 0 * around, 8: np.sin(around) + 0.01}),
        "depth": nb04.depth_width_figure(x, fold(fold(fold(x)))),
        "spread": nb04.spread_figure({"He": [0.8, 0.7], "small": [0.1, 1e-5]}),
        "linear": nb04.linear_flow_figure(11, 64),
        "forward": nb04.forward_pass_figure([("x", (5, 11)), ("Linear", (5, 64))]),
    }


@pytest.fixture(scope="module")
def drawn():
    return figures()


def test_every_figure_is_small_not_empty_and_told_in_words(drawn):
    for name, figure in drawn.items():
        picture = figure.png()
        assert 2_000 < len(picture) < 40_000, name
        assert len(figure.alt) > 60 and figure.data, name


def test_drawing_again_gives_the_same_words(drawn):
    assert {n: f.alt for n, f in figures().items()} == {n: f.alt for n, f in drawn.items()}


def test_the_activations_are_the_textbook_s(drawn):
    data = drawn["activations"].data
    x = data["x ReLU"]
    sigmoid = 1 / (1 + np.exp(-x))
    assert np.allclose(data["sigmoid"], sigmoid)
    assert np.allclose(data["slope of sigmoid"], sigmoid * (1 - sigmoid))
    assert np.allclose(data["tanh"], np.tanh(x))
    assert np.allclose(data["slope of tanh"], 1 - np.tanh(x) ** 2)
    assert np.array_equal(data["ReLU"], np.maximum(x, 0))
    assert np.array_equal(data["slope of ReLU"], (x > 0).astype(float))
    assert data["slope of sigmoid"].max() == 0.25, "the words say at most 0.25"
    assert data["SELU"].min() == pytest.approx(-1.7258, abs=1e-4)


def test_the_hidden_plane_is_separated_by_the_line_in_the_words(drawn):
    figure = drawn["xor plane"]
    above = figure.data["hidden"] @ [1, -2] > 0.5
    assert above.tolist() == [False, True, True, False]
    assert "(0, 0), (1, 0), (1, 0), (2, 1)" in figure.alt
    assert "h₁ - 2 h₂ = ½" in figure.alt


def test_the_endings_show_the_seeds_that_were_asked_for(drawn):
    figure = drawn["endings"]
    assert figure.data["field 3"].shape == (60, 60)
    assert "seed 3: loss 0.00, 4 of 4 points right" in figure.alt
    assert "seed 1: loss 0.48, 3 of 4 points right" in figure.alt
    assert figure.data["field 3"].max() - figure.data["field 3"].min() > 0.9


def test_the_sine_figure_measures_the_gap_that_it_states(drawn):
    assert "8 neurons miss by at most 0.010" in drawn["sine"].alt
    assert "2 neurons miss by at most 0.999" in drawn["sine"].alt


def test_the_pieces_of_the_folded_line_are_counted(drawn):
    assert "zigzag of 8 straight pieces" in drawn["depth"].alt
    x = np.linspace(0, 1, 257)
    assert "zigzag of 2 straight pieces" in nb04.depth_width_figure(x, fold(x)).alt


def test_spreads_are_told_by_where_they_end(drawn):
    assert "He ends at 0.7; small ends at 1e-05" in drawn["spread"].alt


def test_flow_charts_name_their_shapes(drawn):
    assert drawn["linear"].data["shapes"].tolist() == [64, 11]
    assert "matrix of 64 rows and 11 columns" in drawn["linear"].alt
    assert "x (5, 11), then Linear (5, 64)" in drawn["forward"].alt
    assert "matrix of 3 rows and 2 columns" in nb04.linear_flow_figure(2, 3).alt
