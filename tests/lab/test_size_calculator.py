"""The size calculator: sizes, unread pixels and receptive field agree with real layers."""

import re
from itertools import product

import numpy as np
import pytest

import engine
from engine.lab import SizeCalculator
from engine.lab.app import Event
from engine.lab.size_calculator import LIMITS, Layer, SizeState, render
from engine.nn import functional as F

SETTINGS = [
    Layer(kind, k, s, p, d)
    for kind, k, s, p, d in product(("conv", "pool"), (1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2))
]


def run(layer, x):
    """The real layer on (1, 1, N, N), with a kernel of ones."""
    if layer.kind == "pool":
        return F.max_pool2d(x, layer.kernel, layer.stride, layer.padding, layer.dilation)
    kernel = engine.ones(1, 1, layer.kernel, layer.kernel, dtype=engine.float64)
    return F.conv2d(x, kernel, None, layer.stride, layer.padding, layer.dilation)


@pytest.mark.parametrize("n", [3, 8, 13])
def test_sizes_and_misfits_are_those_of_the_real_layers(n):
    fits = 0
    for layer in SETTINGS:
        x = engine.zeros(1, 1, n, n, dtype=engine.float64)
        if layer.misfit(n):
            with pytest.raises(RuntimeError):
                run(layer, x)
            continue
        size = run(layer, x).shape[-1]
        assert len(layer.windows(n)) == size, layer
        assert layer.formula(n).endswith(f" = {size}"), layer
        fits += 1
    assert fits > len(SETTINGS) / 3


def test_what_no_window_reads_has_no_gradient():
    for n, layer in product((7, 10), [layer for layer in SETTINGS if layer.kind == "conv"]):
        if layer.misfit(n):
            continue
        x = engine.ones(1, 1, n, n, dtype=engine.float64).requires_grad_()
        run(layer, x).sum().backward()
        state = SizeState()
        state.size, state.layers = n, [layer]
        read = np.flatnonzero((x.grad.numpy()[0, 0] != 0).any(axis=1))
        assert state.unread(0).tolist() == sorted(set(range(n)) - set(read.tolist())), layer


def test_the_receptive_field_reaches_as_far_as_one_output_sees():
    state = SizeState()
    state.size = 40
    state.layers = [Layer("conv", 3, 2), Layer("conv", 3, 1, 0, 2), Layer("conv", 2, 2), Layer()]
    y = x = engine.ones(1, 1, 40, 40, dtype=engine.float64).requires_grad_()
    for layer in state.layers:
        y = run(layer, y)
    y[0, 0, 1, 1].backward()
    seen = np.flatnonzero(x.grad.numpy()[0, 0].any(axis=0))
    assert state.field == seen[-1] - seen[0] + 1 == 21


def test_the_opening_wastes_a_row_and_27_does_not():
    state = SizeState()
    assert state.sizes == [28, 12, 6, 6]
    assert [state.unread(i).tolist() for i in range(3)] == [[27], [], []]
    assert "Rows never read, by layer: 1, 0, 0. Receptive field: 15" in state.summary()
    state.size = 27
    assert state.sizes == [27, 12, 6, 6]
    assert "by layer: 0, 0, 0" in state.summary()


def test_a_kernel_that_does_not_fit_ends_the_chain_and_says_why():
    state = SizeState()
    state.size, state.chosen = 4, 0
    assert state.sizes == [4]
    assert "Layer 1 does not fit: a window spans 5, there are 4." in state.news()
    assert "then layer 1 does not fit" in state.summary()
    state.chosen = 2
    assert "gets nothing" in state.news()
    state.layers[0] = Layer("pool", 2, 2, 2)
    state.chosen = 0
    assert "padding of at most 1" in state.news()
    assert "✗" in render(state)


def test_the_sliders_set_the_chosen_layer_alone():
    app = SizeCalculator()
    assert repr(app) == "SizeCalculator()"
    app.send("key", key="ArrowRight")
    assert {name: app.controls[name].value for name in LIMITS} == {
        "kernel": 2, "stride": 2, "padding": 0, "dilation": 1,
    }  # fmt: skip
    app.controls["kernel"].value = 3
    assert app.state.layers == [Layer(kernel=5, stride=2), Layer("pool", 3, 2), Layer(padding=1)]
    assert "Sizes: 28 → 12 → 5 → 5" in app.picture.readout
    app.controls["dilation"].value = 3
    assert app.state.layers[1].dilation == 3


def test_layers_come_and_go_by_keys_and_by_buttons():
    app = SizeCalculator()
    app.send("key", key="Enter")
    assert [layer.kind for layer in app.state.layers] == ["conv", "conv", "pool", "conv"]
    assert app.state.chosen == 1
    app.send("press", target={"grab": "pool"})
    assert [layer.kind for layer in app.state.layers] == ["conv", "conv", "pool", "pool", "conv"]
    app.send("key", key=" ")
    assert len(app.state.layers) == 5, "five layers are the most"
    app.send("key", key="Home")
    assert [layer.kind for layer in app.state.layers] == ["conv", "conv", "pool", "conv"]
    for _ in range(5):
        app.send("press", target={"grab": "remove"})
    assert len(app.state.layers) == 1 and app.state.chosen == 0
    app.send("press", target={"grab": "0"})
    assert app.state.chosen == 0


def test_the_input_is_dragged_and_keyed_within_its_ends():
    state = SizeState()
    state.press(Event("press", py=50, target={"grab": "input"}))
    state.drag(Event("drag", py=50 + 8 * 3))
    assert state.size == 25
    state.drag(Event("drag", py=-900))
    assert state.size == 40
    state.key(Event("key", key="ArrowUp"))
    assert state.size == 40
    state.key(Event("key", key="ArrowDown"))
    assert state.size == 39
    state.press(Event("press", py=50, target={"grab": "1"}))
    state.drag(Event("drag", py=0))
    assert (state.size, state.chosen) == (39, 1), "dragging a layer moves nothing"


@pytest.mark.parametrize("n", [3, 9, 40])
@pytest.mark.parametrize("layer", [Layer(), Layer("conv", 7, 4, 3, 3), Layer("pool", 1, 2)])
def test_the_drawing_states_its_numbers(n, layer):
    state = SizeState()
    state.size, state.layers = n, [layer]
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert state.news() in label and "nan" not in drawn and len(drawn) < 60_000
    if not layer.misfit(n):
        assert f"and its {len(layer.windows(n))} windows" in drawn
        crosses = len(state.unread(0))
        assert drawn.count("<path") == crosses
        share = 1 - ((n - crosses) / n) ** 2
        assert f"{share:.0%} never read" in drawn
