"""The gradient over time: equal to layers run by hand, shrinking as eigenvalues say, in words."""

import re

import numpy as np
import pytest

import engine
from engine import nn
from engine.lab import GradientOverTime
from engine.lab.app import Event
from engine.lab.gradient_over_time import (
    BIASES,
    KINDS,
    LENGTHS,
    PLOT,
    SCALES,
    GradientState,
    render,
)


def by_layer(kind, length, scale, bias, seed):
    """The same numbers from nn's layers, as notebook 06 computes them."""
    before = engine.get_default_dtype()
    engine.set_default_dtype(engine.float64)
    try:
        engine.manual_seed(seed)
        layer = getattr(nn, kind)(2, 32, batch_first=True)
        with engine.no_grad():
            layer.weight_hh_l0.mul_(scale)
            if kind == "LSTM":
                layer.bias_ih_l0[32:64].fill_(bias)
                layer.bias_hh_l0[32:64].fill_(0.0)
        x = engine.randn(16, length, 2).requires_grad_()
        layer(x)[0][:, -1].sum().backward()
        return x.grad.norm(dim=(0, 2)).numpy()
    finally:
        engine.set_default_dtype(before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("length", "scale", "bias"), [(50, 1.0, 1.0), (10, 2.0, 5.0)])
def test_the_sizes_are_those_of_the_layers_of_nn(kind, length, scale, bias):
    state = GradientState(length, scale, bias, seed=3)
    assert state.sizes[kind].shape == (length,)
    expected = by_layer(kind, length, scale, bias, 3)
    np.testing.assert_allclose(state.sizes[kind], expected, rtol=1e-9)


def test_a_small_recurrent_weight_makes_the_gradient_shrink_by_its_eigenvalue():
    state = GradientState(length=100, scale=0.25)
    rate = state.ratio("RNN") ** (1 / 99)
    assert 0.7 * state.largest < rate < state.largest, "tanh's slope takes a little more"
    assert GradientState(scale=0.5).largest == pytest.approx(2 * state.largest)


def test_the_story_of_the_notebook_holds_for_ten_seeds():
    for seed in range(10):
        start, large = GradientState(seed=seed), GradientState(scale=8.0, seed=seed)
        assert start.verdict("RNN") == start.verdict("GRU") == "vanishes"
        assert start.ratio("LSTM") > 1e4 * start.ratio("RNN")
        assert large.verdict("RNN") == "explodes"
        assert GradientState(bias=5.0, seed=seed).ratio("LSTM") > start.ratio("LSTM")


def test_drawing_anew_leaves_the_numbers_of_other_cells_alone():
    engine.manual_seed(7)
    expected = engine.randn(3).tolist()
    engine.manual_seed(7)
    GradientState(seed=5)
    assert engine.randn(3).tolist() == expected


@pytest.mark.parametrize("length", [LENGTHS[0], LENGTHS[-1]])
@pytest.mark.parametrize("scale", [SCALES[0], SCALES[-1]])
def test_the_drawing_states_its_numbers_and_stays_in_its_frame(length, scale):
    state = GradientState(length, scale, bias=BIASES[0])
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"over {length} steps at scale {scale:g}" in label
    for kind in KINDS:
        assert f"{kind} {state.ratio(kind):.1e}, {state.verdict(kind)}" in label
    assert drawn.count("<path") == len(KINDS)
    assert "nan" not in drawn and "inf" not in drawn and len(drawn) < 15_000


def event(kind, **content):
    return Event(kind, **content)


def test_keys_and_the_pointer_choose_a_step():
    state = GradientState(length=20)
    for key, shift, expected in [
        ("End", False, 20), ("ArrowLeft", False, 19), ("ArrowLeft", True, 9), ("Home", False, 1),
        ("ArrowLeft", False, 1), ("ArrowRight", True, 11), ("ArrowUp", False, 11),
    ]:  # fmt: skip
        state.key(event("key", key=key, shift=shift))
        assert state.at == expected
    state.hover(event("hover", x=6.4, y=1.0, plot="plot"))
    assert state.at == 6
    assert f"Step 6 of 20: RNN {state.sizes['RNN'][5]:.1e}" in state.summary()
    state.hover(event("hover", x=90.0, y=1.0, plot="plot"))
    assert state.at == 20, "beyond the end is the end"
    state.hover(event("hover", x=3.0, y=1.0))
    assert state.at == 20, "outside of the plot nothing is chosen"


def test_a_shorter_sequence_keeps_the_chosen_step_inside():
    state = GradientState(length=50, at=50)
    state.length = 10
    state.reset()
    assert state.at == 10
    assert "Step 10 of 10" in state.summary()


def test_the_controls_and_the_pointer_reach_the_state():
    app = GradientOverTime()
    assert repr(app) == "GradientOverTime()"
    app.controls["scale"].value = 4.0
    assert "RNN 1.1e+05, explodes" in app.picture.readout
    app.controls["bias"].value = 5.0
    app.controls["length"].value = 100
    assert (app.state.length, app.state.bias) == (100, 5.0)
    x, y = PLOT.at(30, 1.0)
    app.send("hover", x=x, y=y)
    assert "Step 30 of 100" in app.picture.readout
    app.press("new_seed")
    assert "Seed 1." in app.picture.readout
    app.press("reset")
    assert "Seed 1." in app.picture.readout


def test_compare_keeps_the_setting_before_in_grey():
    app = GradientOverTime()
    before = app.state.sizes
    app.buttons["compare"].value = True
    app.controls["length"].value = 20
    assert app.state.ghost is before
    assert app.picture.svg.count("<path") == 2 * len(KINDS)


def test_a_setting_that_no_slider_has_is_refused():
    with pytest.raises(ValueError, match=r"scale of W_hh must be one of .*, got 1.1"):
        GradientOverTime(scale=1.1)
