"""The model builder: what it says of a model is what PyTorch, torchinfo and the engine find."""

import random
import re

import numpy as np
import pytest
import torch
import torchinfo

import engine
from engine.lab import ModelBuilder
from engine.lab.app import Event
from engine.lab.model_builder import (
    INPUTS,
    KINDS,
    MOST_LAYERS,
    SIZES,
    ModelBuilderState,
    render,
)
from engine.utils import summary

BATCH = 3


def built(state, library):
    """The model of the program, run as it stands on PyTorch, or with its imports on the engine."""
    text, name = state.program, library.__name__
    names = {}
    exec(
        text.replace("import torch", f"import {name}").replace("from torch", f"from {name}"), names
    )
    return names["model"]


def example(state, library, batch=BATCH):
    shape = (batch, *INPUTS[state.data][0])
    if "words" in state.data:
        return library.randint(0, 1000, shape)
    return library.ones(*shape)


def random_state(seed):
    """A model of the widget with up to three changes, many of them without sense."""
    draw = random.Random(seed)
    state = ModelBuilderState(draw.choice(list(INPUTS)))
    for _ in range(draw.randint(0, 3)):
        state.selected = draw.randrange(len(state.layers))
        if draw.random() < 0.5:
            state.add()
        state.kind, state.size = draw.choice(list(KINDS)), draw.choice(SIZES[:7])
    return state


def fits(state):
    return not any(row.problem for row in state.rows)


@pytest.mark.parametrize("data", INPUTS)
def test_the_first_models_count_what_summary_and_torchinfo_count(data):
    state = ModelBuilderState(data)
    ours = summary(built(state, engine), input_data=example(state, engine, 1), verbose=0)
    theirs = torchinfo.summary(
        built(state, torch), input_data=example(state, torch, 1), verbose=0, device="cpu"
    )
    for counted in (ours, theirs):
        assert state.totals == (counted.total_params, counted.total_mult_adds)


def test_models_of_the_course_have_their_numbers():
    assert ModelBuilderState("row of 11 features").totals[0] == 2_881  # listing L26
    assert ModelBuilderState("32×32 colour image").totals == (94_986, 10_381_002)  # L18, L21
    assert ModelBuilderState("8×8 digit").totals[0] == 6_186


@pytest.mark.parametrize("seed", range(60))
def test_it_says_of_any_model_what_pytorch_does_with_it(seed):
    torch.manual_seed(0)
    state = random_state(seed)
    rows = state.rows
    if fits(state):
        shapes, handles = [], []
        model = built(state, torch)
        for layer in model:
            note = lambda _, __, y: shapes.append((y[0] if isinstance(y, tuple) else y).shape)  # noqa: E731
            handles.append(layer.register_forward_hook(note))
        model(example(state, torch))
        assert shapes == [(BATCH, *row.output) for row in rows]
        assert state.totals[0] == sum(p.numel() for p in model.parameters())
        counted = summary(built(state, engine), input_data=example(state, engine, 1), verbose=0)
        assert state.totals == (counted.total_params, counted.total_mult_adds)
    else:
        bad = next(i for i, row in enumerate(rows) if row.problem)
        assert all(row.output is None and row.params == 0 for row in rows[bad:])
        if not passes_in_silence(state, bad):
            with pytest.raises(Exception) as raised:  # PyTorch has no one kind for this
                built(state, torch)(example(state, torch))
            assert not isinstance(raised.value, SyntaxError | NameError)


def passes_in_silence(state, bad):
    """What PyTorch computes although it means nothing: the batch is taken for another axis."""
    kind, problem = state.layers[bad][0], state.rows[bad].problem
    pooled = kind in ("MaxPool2d", "AdaptiveAvgPool2d") and "not a sequence" in problem
    pooled |= kind == "AdaptiveAvgPool2d" and "not a row" in problem
    stepped = kind == "LSTM" and "not a row" in problem
    return pooled or stepped or (kind in ("ReLU", "Flatten") and "words" in problem)


def test_both_outcomes_and_every_kind_are_met_by_the_random_models():
    states = [random_state(seed) for seed in range(60)]
    assert 10 < sum(fits(state) for state in states) < 50
    used = {kind for state in states if fits(state) for kind, _ in state.layers}
    assert used == set(KINDS)
    refused = {
        state.layers[i][0] for state in states for i, row in enumerate(state.rows) if row.problem
    }
    assert refused >= {"Conv2d", "Embedding", "LSTM", "Last", "BatchNorm2d"}


@pytest.mark.parametrize(
    ("data", "at", "kind", "words"),
    [
        ("row of 11 features", 1, "Conv2d", "takes an image, not a row (B, 64): use an image"),
        ("12 words out of 1,000", 0, "Linear", "not words (B, 12): begin with Embedding"),
        ("12 words out of 1,000", 2, "Linear", "not a pair (B, 12, 64): put Last behind the LSTM"),
        ("8×8 digit", 8, "LSTM", "takes a sequence, not an image (B, 32, 2, 2): use words"),
        ("8×8 digit", 8, "Last", "takes a pair, not an image (B, 32, 2, 2): put it behind an LSTM"),
        ("8×8 digit", 0, "Embedding", "takes words, not an image (B, 1, 8, 8): use words"),
    ],
)
def test_a_layer_that_does_not_fit_says_why_and_what_to_change(data, at, kind, words):
    state = ModelBuilderState(data)
    state.selected = at
    state.kind = kind
    assert words in state.rows[at].problem
    assert f"Layer {at + 1} " in state.summary() and words in state.summary()
    assert words in render(state).replace("&#x27;", "'")
    assert "(…)" in render(state) or at == len(state.layers) - 1
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        built(state, torch)(example(state, torch))


def test_pooling_ends_where_no_window_is_left():
    state = ModelBuilderState("8×8 digit")
    for at in (0, 0, 0, 0):
        state.selected = at
        state.add()
        state.kind = "MaxPool2d"
    assert [row.output for row in state.rows[1:4]] == [(16, 4, 4), (16, 2, 2), (16, 1, 1)]
    assert "no 2×2 window in (B, 16, 1, 1): remove a pooling layer" in state.rows[4].problem


def test_megabytes_are_parameters_times_four():
    state = ModelBuilderState("32×32 colour image")
    assert f"{94_986 * 4 / 1024**2:.3f} MB" in state.summary()


def test_keys_select_add_remove_and_resize():
    state = ModelBuilderState("row of 11 features")
    press = lambda key: state.key(Event("key", key=key))  # noqa: E731
    press("ArrowUp")
    assert state.selected == 0
    press("ArrowRight")
    assert state.size == 128 and state.rows[0].output == (128,)
    for _ in SIZES:
        press("ArrowLeft")
    assert state.size == SIZES[0]
    press("Enter")
    assert [kind for kind, _ in state.layers[:3]] == ["Linear", "ReLU", "ReLU"]
    assert state.selected == 1
    press("ArrowDown")
    press("ArrowDown")
    assert state.kind == "Linear"
    before = len(state.layers)
    press(" ")
    assert len(state.layers) == before - 1
    for _ in range(20):
        press("ArrowDown")
    assert state.selected == len(state.layers) - 1
    press(" ")
    assert state.selected == len(state.layers) - 1


def test_the_number_of_layers_stays_between_one_and_fifteen():
    state = ModelBuilderState("row of 11 features")
    for _ in range(20):
        state.add()
    assert len(state.layers) == MOST_LAYERS
    for _ in range(20):
        state.remove()
    assert len(state.layers) == 1 and state.rows[0].code


def test_the_pointer_selects_removes_and_adds():
    state = ModelBuilderState("row of 11 features")
    state.press(Event("press", target={"row": "2"}))
    assert (state.selected, state.kind, state.size) == (2, "Linear", 32)
    state.press(Event("press", target={"row": "1", "act": "remove"}))
    assert [kind for kind, _ in state.layers] == ["Linear", "Linear", "ReLU", "Linear"]
    state.press(Event("press", target={"act": "add"}))
    assert state.selected == 2 and state.kind == "ReLU"
    state.press(Event("press"))
    assert state.selected == 2


def test_reset_brings_the_first_model_back():
    state = ModelBuilderState()
    first = state.program
    state.remove()
    assert state.program != first
    state.reset()
    assert state.program == first


@pytest.mark.parametrize("data", INPUTS)
def test_the_drawing_states_its_numbers_and_stays_in_its_frame(data):
    state = ModelBuilderState(data)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"{state.totals[0]:,}" in label and f"{state.totals[1]:,}" in label
    assert all(row.code.replace('"', "") in drawn for row in state.rows)
    bars = np.array(re.findall(r'<rect x="(\d+)" y="\d+" width="([\d.]+)"', drawn), float)
    assert (bars.sum(axis=1) <= 790).all()
    for _ in range(20):
        state.add()
    height = float(re.search(r'viewBox="0 0 790 (\d+)"', render(state)).group(1))
    assert float(re.search(r'height="(\d+)"', render(state)).group(1)) == height
    assert max(map(float, re.findall(r' y="([\d.]+)"', render(state)))) < height


def test_bars_show_shares_of_the_whole():
    drawn = render(ModelBuilderState("8×8 digit"))
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height="16" fill="#E69F00"', drawn)]
    assert sum(widths) == pytest.approx(105, abs=0.1)
    assert max(widths) == pytest.approx(105 * 74_240 / 85_866, abs=0.01)


def test_the_controls_reach_the_state_and_follow_it():
    app = ModelBuilder()
    assert repr(app) == "ModelBuilder()"
    app.controls["size"].value = 64
    assert "nn.Conv2d(1, 64, 3, padding=1)" in app.picture.readout
    app.controls["kind"].value = "Flatten"
    assert "nn.Flatten()" in app.picture.readout and "Layer 2 takes an image" in app.picture.readout
    app.send("key", key="ArrowDown")
    assert app.controls["kind"].value == "BatchNorm2d"
    app.controls["data"].value = "row of 11 features"
    assert "(B, 11) to (B, 1). Parameters: 2,881" in app.picture.readout
    assert app.controls["kind"].value == "Linear" and app.controls["size"].value == 64
    app.press("reset")
    assert "Parameters: 2,881" in app.picture.readout


def test_an_unknown_input_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="8×8 digit.*got 'a song'"):
        ModelBuilder("a song")
