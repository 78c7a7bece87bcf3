"""The still figures of notebook 06: their numbers are right, and their words state them."""

import io

import numpy as np
import pytest

from engine.lab.figures.nb06 import (
    adding_race_figure,
    gates_figure,
    gradient_by_step_figure,
    sunspot_figure,
    unrolled_figure,
)

pytestmark = pytest.mark.slow  # every figure is drawn

CURVES = {"RNN": np.geomspace(1e-12, 1, 50), "LSTM": np.geomspace(1e-3, 0.5, 50)}
ROWS = np.array([[0.3, 0, 0.01, 0.99, 0.99, 0.0], [0.9, 1, 0.99, 0.01, 0.99, 0.71]] * 3)
FALLING, FLAT = np.linspace(0.3, 0.001, 90), np.full(120, 0.17)
RUNS = {"RNN": [FLAT, FLAT], "LSTM": [FALLING, FALLING], "GRU": [FALLING, FLAT]}
YEARS, NUMBERS = np.arange(1950, 1960), np.array([84.0, 69, 31, 14, 4, 38, 142, 190, 185, 159])


def draw_all():
    return {
        "unrolled": unrolled_figure(),
        "gradient": gradient_by_step_figure(CURVES),
        "gates": gates_figure(ROWS),
        "race": adding_race_figure(RUNS, goal=0.05),
        "sunspots": sunspot_figure(YEARS, NUMBERS, NUMBERS - 10.0),
    }


def words_in(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_unrolled_network_has_a_column_for_each_step_and_one_for_the_loop():
    figure = unrolled_figure(steps=4)
    words = words_in(figure)
    for name in "xhy":
        assert [f"{name}{i}" in words for i in "ₜ₁₂₃₄"] == [True] * 5
    assert words.count("W_hh") == 4 + 1 and words.count("W_ih") == 4 + 1
    assert "4 copies in a row from h₀ = 0" in figure.alt
    assert "y₂" in words_in(unrolled_figure(steps=2)) and "y₃" not in words_in(unrolled_figure(2))


def test_the_gradients_are_drawn_on_a_logarithmic_scale_and_told_at_both_ends():
    figure = gradient_by_step_figure(CURVES)
    assert figure.axes[0].get_yscale() == "log"
    for line, (name, curve) in zip(figure.axes[0].lines, CURVES.items(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve)
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 51))
        assert f"{name}: {curve[0]:.0e} at step 1, {curve[-1]:.0e} at step 50" in figure.alt


def test_the_gates_are_told_with_the_steps_at_which_they_open():
    figure = gates_figure(ROWS)
    gates, memory = figure.axes
    drawn = np.array([line.get_ydata() for line in gates.lines])
    np.testing.assert_array_equal(drawn, ROWS[:, 2:5].T)
    np.testing.assert_array_equal(memory.lines[0].get_ydata(), ROWS[:, 5])
    assert "Marked are 0.9 at step 2, 0.9 at step 4, 0.9 at step 6" in figure.alt
    assert "0.00, 0.71, 0.00, 0.71, 0.00, 0.71" in figure.alt


def test_the_race_counts_the_runs_that_reach_the_goal():
    figure = adding_race_figure(RUNS, goal=0.05)
    assert "RNN 0 of 2, LSTM 2 of 2, GRU 1 of 2" in figure.alt
    curves = figure.axes[0].lines[:6]
    assert [line.get_label() for line in curves][::2] == ["RNN", "LSTM", "GRU"]
    first = curves[2]
    assert first.get_ydata()[0] == pytest.approx(FALLING[:20].mean())
    assert first.get_ydata()[-1] == pytest.approx(FALLING[-20:].mean())
    assert (first.get_xdata()[0], first.get_xdata()[-1]) == (20, 90)
    styles = {line.get_linestyle() for line in curves[::2]}
    assert len(styles) == 3, "kinds differ by dashes, not by colour alone"


def test_the_sunspots_are_told_with_error_and_maximum():
    figure = sunspot_figure(YEARS, NUMBERS, NUMBERS - 10.0)
    assert "off by 10.0" in figure.alt
    assert "maximum is 190 in 1957; its forecast was 180" in figure.alt


@pytest.mark.parametrize("name", ["unrolled", "gradient", "gates", "race", "sunspots"])
def test_the_picture_is_small_and_not_blank(name):
    from PIL import Image

    png = draw_all()[name].png()
    assert len(png) < 60_000
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels < 128).mean() > 0.005
