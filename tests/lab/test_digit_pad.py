"""The digit pad: drawing, test digits, models of both libraries, and what the picture states."""

import re

import numpy as np
import pytest
import torch

import engine
from engine import nn
from engine.datasets import load_digits, split
from engine.lab import DigitPad
from engine.lab.app import Event
from engine.lab.digit_pad import PAD, TESTS, PadState, mosaic, picture, render, small_cnn


def network(lib, dtype="float64"):
    """A tiny network with the same weights in both libraries."""
    conv, linear = lib.nn.Conv2d(1, 4, 3, padding=1), lib.nn.Linear(64, 10)
    norm = lib.nn.BatchNorm2d(4)
    layers = conv, norm, lib.nn.ReLU(), lib.nn.MaxPool2d(2), lib.nn.Flatten(), linear
    model = lib.nn.Sequential(*layers).to(getattr(lib, dtype))
    rng = np.random.default_rng(0)
    with lib.no_grad():
        for parameter in model.parameters():
            values = rng.normal(size=tuple(parameter.shape))
            parameter.copy_(lib.tensor(values, dtype=parameter.dtype))
    return model


def press(row, column):
    return Event("press", x=column + 0.5, y=-row - 0.5, plot="pad")


def drag(row, column):
    return Event("drag", x=column + 0.5, y=-row - 0.5, plot="pad")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("lib", [engine, torch], ids=["engine", "torch"])
def test_probabilities_and_maps_are_the_model_s(lib, dtype):
    model = network(lib, dtype)
    state = PadState(model)
    state.example = 17
    x = lib.tensor(state.tests[16].reshape(1, 1, 8, 8) / 16, dtype=getattr(lib, dtype))
    with lib.no_grad():
        expected = lib.softmax(model(x), 1)[0].numpy()
        maps = model[:3](x)[0].numpy()
    assert np.allclose(state.shares, expected, atol=1e-6)
    assert state.maps[3][0] == "ReLU" and np.allclose(state.maps[3][1], maps, atol=1e-6)
    assert set(state.maps) == {1, 2, 3, 4}, "the layers that make images"


def test_both_libraries_show_the_same():
    pads = [PadState(network(lib)) for lib in (engine, torch)]
    for pad in pads:
        pad.example = 5
    assert np.allclose(pads[0].shares, pads[1].shares, atol=1e-12)
    assert render(pads[0]) == render(pads[1])


def test_a_look_leaves_the_model_as_it_is():
    model = network(engine)
    before = [p.detach().numpy().copy() for p in model.parameters()]
    mean = model[1].running_mean.numpy().copy()
    state = PadState(model)
    for number in range(1, 20):
        state.example = number
    assert all(
        np.array_equal(a, p.detach().numpy())
        for a, p in zip(before, model.parameters(), strict=True)
    )
    assert np.array_equal(model[1].running_mean.numpy(), mean), "eval mode keeps the statistics"


def test_strokes_have_a_soft_edge_and_full_ink_is_erased():
    state = PadState(network(engine))
    state.example = 0
    state.press(press(3, 3))
    state.drag(drag(3, 4))
    expected = np.zeros((8, 8))
    expected[2:5, 3:5] = expected[3, 2:6] = 6
    expected[3, 3:5] = 16
    assert np.array_equal(state.ink, expected)
    state.press(press(3, 3))  # on ink: erase, also where the drag goes on
    state.drag(drag(3, 4))
    assert state.ink[3, 3] == state.ink[3, 4] == 0
    state.press(press(0, 7))
    state.drag(Event("drag", x=99, y=99, plot="pad"))
    assert state.ink[0, 7] == 16, "a drag out of the pad stays at its edge"


def test_clearing_and_loading():
    app = DigitPad(network(engine))
    assert "Test digit 1" in app.picture.readout, "a pad with a model opens with a digit"
    app.controls["example"].value = 0
    app.send("press", x=PAD.box[0] + 100, y=PAD.box[1] + 100)
    assert app.state.ink.sum() > 16 and app.state.ink.max() == 16
    app.send("press", x=50, y=335, target={"grab": "clear"})
    assert app.state.ink.sum() == 0
    app.controls["example"].value = 360
    _, tests, _, targets = split(*load_digits(), test=TESTS)
    assert np.array_equal(app.state.ink.ravel(), tests[359])
    assert f"Test digit 360, a {targets[359]}." in app.picture.readout
    app.send("press", x=PAD.box[0] + 5, y=PAD.box[1] + 5)
    assert "Your drawing" in app.picture.readout and app.controls["example"].value == 0


def test_everything_works_from_the_keyboard():
    app = DigitPad(network(engine))
    app.send("key", key="Home")
    app.send("key", key="ArrowRight")
    app.send("key", key="ArrowUp")
    app.send("key", key=" ")
    assert app.state.cursor == (2, 4) and app.state.ink[2, 4] == 16
    app.send("key", key="ArrowDown", shift=True)
    assert app.state.ink[3, 4] == 16, "shift draws"
    app.send("key", key="Enter")
    assert app.state.ink[3, 4] == 0
    for _ in range(9):
        app.send("key", key="ArrowLeft")
    assert app.state.cursor == (3, 0)
    app.send("key", key="End")
    app.send("key", key="End")
    assert app.state.example == 2
    app.send("key", key="Home")
    assert app.state.example == 0 and app.state.ink.sum() == 0


def test_a_loaded_digit_is_a_copy():
    state = PadState(network(engine))
    state.example = 3
    before = state.tests[2].copy()
    state.paint(0, 0)
    assert np.array_equal(state.tests[2], before)


def test_words_and_picture_state_the_probabilities():
    state = PadState(network(engine))
    state.example = 8
    best, second = np.argsort(-state.shares)[:2]
    words = f"Read as {best} with {state.shares[best]:.1%}, then {second} with"
    label = re.search('aria-label="([^"]+)"', render(state)).group(1)
    assert words in state.summary() and words in label
    for share in state.shares:
        assert f">{share:.1%}<" in render(state)
    assert "4 maps after layer 3, ReLU" in render(state)
    state.layer = 6
    assert "maps after" not in render(state), "a Linear layer makes no maps"


def test_a_pad_without_a_model_trains_one_at_the_first_stroke_that_reads_well():
    app = DigitPad()
    assert repr(app) == "DigitPad()"
    assert app.state.model is None and "first stroke trains" in app.picture.readout
    app.controls["example"].value = 1
    assert app.state.model is small_cnn() is small_cnn()
    right = 0
    for number in range(1, TESTS + 1):
        app.state.example = number
        right += app.state.shares.argmax() == app.state.targets[number - 1]
    assert right > 0.95 * TESTS


def test_a_wrong_model_is_told_what_is_expected():
    with pytest.raises(ValueError, match=r"make \(1, 10\) of \(1, 1, 8, 8\), got \(1, 3\)"):
        DigitPad(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)))
    with pytest.raises(TypeError, match="nn.Sequential, got function"):
        DigitPad(lambda x: x)


def test_a_mosaic_keeps_every_map_in_reading_order():
    maps = np.arange(5 * 2 * 3).reshape(5, 2, 3).astype(float)
    tiles = mosaic(maps, columns=2)
    assert tiles.shape == (3 * 2 + 2, 2 * 3 + 1)
    assert np.array_equal(tiles[3:5, 4:7], maps[3])
    assert np.isnan(tiles[2]).all() and np.isnan(tiles[6:, 4:]).all()
    colours = picture(maps - 10)
    assert colours.shape == (2 * 2 + 1, 3 * 3 + 2, 3) and colours[0, 0, 2] > colours[0, 0, 0], (
        "below 0: blue"
    )
