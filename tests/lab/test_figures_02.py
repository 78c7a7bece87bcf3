"""The still figures of notebook 02: what they draw and what they say."""

import numpy as np
import pytest

from engine.datasets import load_diabetes
from engine.lab.figures.nb02 import (
    double_well_figure,
    large_step_figure,
    loss_curve_figure,
    one_weight_figure,
    ravine_figure,
    three_rates_figure,
)

pytestmark = pytest.mark.slow  # every figure is drawn


def patients():
    data, target = load_diabetes()
    return tuple((v - v.mean()) / v.std() for v in (data[:, 2], target))


FIGURES = {
    "three rates": three_rates_figure,
    "loss curve": lambda: loss_curve_figure(*patients()),
    "one weight": one_weight_figure,
    "ravine": ravine_figure,
    "double well": double_well_figure,
    "large step": large_step_figure,
}


@pytest.mark.parametrize("name", FIGURES)
def test_each_picture_is_drawn_small_and_described(name):
    figure = FIGURES[name]()
    picture = figure.png()
    assert picture.startswith(b"\x89PNG") and 4_000 < len(picture) < 40_000
    assert all(np.isfinite(values).all() for values in figure.data.values())
    assert sum(character.isdigit() for character in figure.alt) >= 6


def test_three_rates_shrink_stay_and_grow_by_a_tenth_each_step():
    data = three_rates_figure().data
    steps = np.arange(101)
    for lr, factor in (("lr 0.19", 0.9), ("lr 0.20", 1.0), ("lr 0.21", 1.1)):
        np.testing.assert_allclose(data[lr], factor**steps, rtol=1e-9)


def test_the_loss_curve_is_lowest_at_the_correlation():
    x, y = patients()
    data = loss_curve_figure(x, y).data
    lowest = data["w"][np.argmin(data["losses"])]
    assert lowest == pytest.approx(np.corrcoef(x, y)[0, 1], abs=0.025)
    np.testing.assert_allclose(data["losses"][0], np.mean((data["w"][0] * x - y) ** 2), rtol=1e-12)


def test_one_weight_creeps_zig_zags_inwards_and_outwards():
    data = one_weight_figure().data
    moves = {name: np.diff(path[:, 0]) for name, path in data.items()}
    assert (moves["lr 0.03"] > 0).all()
    for name in ("lr 0.9", "lr 1.01"):
        assert (np.sign(moves[name][1:]) == -np.sign(moves[name][:-1])).all()
    assert abs(moves["lr 0.9"][-1]) < abs(moves["lr 0.9"][0])
    assert abs(moves["lr 1.01"][-1]) > abs(moves["lr 1.01"][0])


def test_the_ravine_shows_as_many_steps_as_it_says():
    figure = ravine_figure(steps=7)
    assert all(path.shape == (8, 2) for path in figure.data.values())
    assert "Paths of 7 steps" in figure.alt
    assert f"w₁ = {(-0.9) ** 7:.2f}" in figure.alt


def test_the_double_well_counts_its_starts():
    figure = double_well_figure()
    ends = figure.data["ends"]
    assert set(ends) == {0, 1}
    assert f"{(ends == 0).sum()} end left" in figure.alt
    assert f"{(ends == 1).sum()} end right" in figure.alt


def test_the_larger_step_ends_in_the_other_valley():
    data = large_step_figure().data
    assert data["lr 0.13"][-1, 0] == pytest.approx(0.96, abs=0.001)
    assert data["lr 0.15"][-1, 0] == pytest.approx(-1.0356, abs=0.001)
