"""The still figures of notebook 03: their numbers are right, and their words state them."""

import math

import numpy as np
import pytest

from engine.lab.figures.nb03 import graph_figure, step_size_figure

pytestmark = pytest.mark.slow  # every figure is drawn


def test_the_graph_has_the_gradients_found_by_hand():
    figure = graph_figure()
    # w, x, p, b, z, y, e, L of L = (w·x + b − y)² at 2, 3, 1, 4
    np.testing.assert_array_equal(figure.data["values"], [2, 3, 6, 1, 7, 4, 3, 9])
    np.testing.assert_array_equal(figure.data["gradients"], [18, 12, 6, 6, 6, -6, 6, 1])
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert "w\n2\n∂L/∂w = 18" in drawn
    assert "y\n4\n∂L/∂y = −6" in drawn
    assert "w 18, x 12" in figure.alt


def test_the_opening_graph_keeps_the_gradients_secret():
    figure = graph_figure(gradients=False)
    assert "gradients" not in figure.data
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert "w\n2\n∂L/∂w = ?" in drawn
    assert not any("18" in words for words in drawn)
    assert "L = 9" in figure.alt
    assert "18" not in figure.alt


def test_both_differences_measure_the_slope_as_their_formulas_say():
    data = step_size_figure().data
    loss = lambda w: (math.tanh(2 * w) - 1) ** 2  # noqa: E731
    slope = 4 * (math.tanh(1) - 1) * (1 - math.tanh(1) ** 2)
    h = data["h"][-1]
    assert h == pytest.approx(0.1)
    forward, central = (loss(0.5 + h) - loss(0.5)) / h, (loss(0.5 + h) - loss(0.5 - h)) / (2 * h)
    assert data["forward"][-1] == pytest.approx(abs(forward - slope))
    assert data["central"][-1] == pytest.approx(abs(central - slope))


def test_what_the_step_size_figure_says_is_true_of_its_curves():
    figure = step_size_figure()
    h, forward, central = (figure.data[name] for name in ("h", "forward", "central"))
    assert f"off by {forward[-1]:.3f}" in figure.alt
    assert f"by {central[-1]:.4f}" in figure.alt
    assert central[np.argmin(abs(h - 1e-5))] < 1e-9
    assert h[0] == pytest.approx(1e-13)
    assert min(forward[0], central[0]) > 1e-8
    smooth = (h > 1e-3) & (h < 1e-1)
    powers = [np.polyfit(np.log(h[smooth]), np.log(e[smooth]), 1)[0] for e in (forward, central)]
    assert powers == pytest.approx([1, 2], abs=0.1), "errors shrink with h and with h²"


@pytest.mark.parametrize("draw", [graph_figure, step_size_figure])
def test_the_picture_is_small_and_not_blank(draw):
    import io

    from PIL import Image

    png = draw().png()
    assert len(png) < 40_000
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels < 128).mean() > 0.005
