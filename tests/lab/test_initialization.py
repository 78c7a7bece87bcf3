"""The initialization explorer: spreads by layer follow the theory, drawing and keys agree."""

import math
import re

import numpy as np
import pytest

from engine.lab import InitializationExplorer
from engine.lab.decision_boundary import ACTIVATIONS
from engine.lab.initialization import (
    EDGES,
    GAINS,
    MARKS,
    InitializationState,
    render,
)


def test_he_keeps_relu_alive_both_ways_where_xavier_does_not():
    he = InitializationState(gain=1.41, activation="ReLU").stds
    xavier = InitializationState(gain=1.0, activation="ReLU").stds
    assert 0.1 < he[0, -1] < 3 and 0.1 < he[1, 0] < 10
    # Each ReLU layer halves the variance: a factor (1/√2)²⁰ = 1/1024 after twenty.
    ratio = xavier[0, -1] / he[0, -1]
    assert ratio == pytest.approx((1 / 1.41) ** 20, rel=1e-9)


def test_a_linear_network_grows_by_its_gain_in_each_layer():
    for gain in (0.1, 1.0, 10.0):
        std = InitializationState(gain=gain, activation="none", depth=8).stds[0]
        assert std[-1] / std[0] == pytest.approx(gain**7, rel=0.3)


def test_both_passes_agree_with_a_textbook_version():
    state = InitializationState(gain=2.0, activation="Tanh", depth=3, seed=4)
    import engine

    draw = {"generator": engine.Generator().manual_seed(4), "dtype": engine.float64}
    a, upstream = (engine.randn(100, 100, **draw).numpy() for _ in range(2))
    outputs, weights = [], []
    for _ in range(3):
        weights.append(engine.randn(100, 100, **draw).numpy() * 0.2)
        a = np.tanh(a @ weights[-1].T)
        outputs.append(a)
    gradients = [upstream]
    for weight, output in zip(weights[:0:-1], outputs[:0:-1], strict=True):
        gradients.insert(0, (gradients[0] * (1 - output**2)) @ weight)
    assert state.stds[0] == pytest.approx([o.std() for o in outputs])
    assert state.stds[1] == pytest.approx([g.std() for g in gradients])


@pytest.mark.parametrize(
    ("gain", "activation", "words"),
    [
        (0.4, "ReLU", "signal vanishes, gradient vanishes"),
        (1.41, "ReLU", "signal kept, gradient kept"),
        (10.0, "ReLU", "signal explodes, gradient explodes"),
        (5.0, "Tanh", "of the last layer is saturated, gradient explodes"),
        (0.58, "Sigmoid", "all examples look alike, gradient vanishes"),
    ],
)
def test_the_verdict_tells_both_stories(gain, activation, words):
    state = InitializationState(gain=gain, activation=activation)
    assert words in state.verdict()
    assert state.verdict() in state.summary()


def test_the_marks_are_the_theory_for_square_layers():
    named = {name: gain for gain, name in MARKS.items()}
    assert named["He"] == pytest.approx(math.sqrt(2), abs=0.005)
    assert named["Xavier, LeCun"] == 1.0
    assert named["nn.Linear"] == pytest.approx(math.sqrt(1 / 3), abs=0.005)
    assert set(MARKS) <= set(GAINS)


@pytest.mark.parametrize("depth", [2, 3, 5, 20, 30])
def test_histograms_hold_every_value_of_the_first_and_the_last_layer(depth):
    histograms = InitializationState(depth=depth).histograms()
    assert len(histograms) == min(depth, 5)
    assert (min(histograms), max(histograms)) == (1, depth)
    for shares in histograms.values():
        assert shares.shape == (2, len(EDGES) - 1)
        assert shares.sum(axis=1) == pytest.approx([1, 1])


def test_what_lies_outside_stands_in_the_end_bars():
    outputs, _ = InitializationState(gain=10.0, activation="none", depth=5).histograms()[5]
    assert outputs[0] + outputs[-1] > 0.99


def test_reset_repeats_the_seed_and_another_seed_does_not():
    state = InitializationState()
    first = state.trace()
    state.reset()
    assert np.array_equal(state.trace(), first)
    state.seed = 1
    state.reset()
    assert not np.array_equal(state.trace(), first)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("gain", [GAINS[0], GAINS[-1]])
def test_the_drawing_states_its_numbers(gain, activation):
    state = InitializationState(gain=gain, activation=activation, depth=30)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"30 {activation} layers at scale {gain:g}" in label
    assert f"{state.stds[0, -1]:.2g}" in label
    assert all(name in drawn for name in MARKS.values())
    # The first histogram of each row is called by what it shows: outputs 1, gradients 1.
    assert drawn.count(">layer ") == 2 * (5 - 1)
    assert "nan" not in drawn and len(drawn) < 60_000


def test_the_controls_reach_the_state():
    app = InitializationExplorer()
    assert repr(app) == "InitializationExplorer()"
    app.controls["gain"].value = 10.0
    assert "signal explodes" in app.picture.readout
    app.controls["gain"].value = 0.58
    app.controls["activation"].value = "Tanh"
    app.controls["depth"].value = 5
    assert "0.58/√n (nn.Linear), Tanh" in app.picture.readout and "(layer 5)" in app.picture.readout
    app.press("new_seed")
    assert "seed 1" in app.picture.readout


def test_compare_draws_the_setting_before_in_grey():
    app = InitializationExplorer()
    lines = app.picture.svg.count("<path")
    app.buttons["compare"].value = True
    before = app.state.stds
    app.controls["activation"].value = "Tanh"
    assert np.array_equal(app.state.ghost, before)
    assert app.picture.svg.count("<path") == lines + 2
