"""RNN, LSTM and GRU: whole sequences, layers, directions, states, and their cells."""

import numpy as np
import pytest
import torch
from against_torch import check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn
from engine.utils import gradcheck

KINDS = ("RNN", "LSTM", "GRU")
OPTIONS = st.fixed_dictionaries(
    {
        "num_layers": st.integers(1, 3),
        "bias": st.booleans(),
        "batch_first": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.4]),
        "bidirectional": st.booleans(),
    }
)
SIZES = st.tuples(st.integers(1, 4), st.sampled_from([None, 0, 1, 3]))  # steps, samples


def with_states(kind, count, shape):
    """The shapes of the initial states of a layer, as further inputs of the call."""
    batch = shape[1:] if len(shape) > 1 else ()
    return [(count, *batch, 4)] * (2 if kind == "LSTM" else 1)


def run(module, x, *states):
    if not states:
        return module(x)
    return module(x, states if len(states) > 1 else states[0])


@pytest.mark.filterwarnings("ignore:dropout option")
@settings(max_examples=70)
@given(kind=st.sampled_from([*KINDS, "relu"]), options=OPTIONS, sizes=SIZES, given_=st.booleans())
def test_every_combination_of_arguments(kind, options, sizes, given_):
    steps, samples = sizes
    if kind == "relu":
        kind, options = "RNN", options | {"nonlinearity": "relu"}
    shape = (steps,) if samples is None else (steps, samples)
    count = options["num_layers"] * (1 + options["bidirectional"])
    states = with_states(kind, count, shape) if given_ else []
    first = shape[::-1] if options["batch_first"] else shape
    check_module(lambda t: getattr(t, kind)(3, 4, **options), (*first, 3), *states, call=run)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["output", "last", "first state only"])
def test_the_loss_may_use_any_part_of_the_result(kind, part):
    def call(module, x):
        y, last = module(x)
        if part == "output":
            return y[1:, :, :3]
        return last if part == "last" else (last[0] if kind == "LSTM" else last[:1])

    check_module(lambda t: getattr(t, kind)(3, 4, 2, bidirectional=True), (5, 2, 3), call=call)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3)])
def test_cells(kind, bias, shape):
    states = [(*shape[:-1], 4)] * (2 if kind == "LSTM" else 1)
    for inputs in ([], states):
        check_module(lambda t: getattr(t, kind + "Cell")(3, 4, bias), shape, *inputs, call=run)


def test_a_cell_with_relu_and_a_loop_over_the_steps():
    def unrolled(cell, x):
        h = None
        for x_t in x.unbind(0):
            h = cell(x_t, h)
        return h

    check_module(lambda t: t.RNNCell(3, 4, nonlinearity="relu"), (5, 2, 3), call=unrolled)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_used_twice_gets_both_gradients(kind):
    def call(module, x):
        y, last = module(x)
        return module(y, last)[0]

    check_module(lambda t: getattr(t, kind)(4, 4), (3, 2, 4), call=call)


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_parts_get_no_gradient(kind):
    def call(module, x):
        for p in module.parameters():
            p.requires_grad = False
        return module(x)[0]

    check_module(lambda t: getattr(t, kind)(3, 4), (3, 2, 3), call=call)
    check_module(lambda t: getattr(t, kind)(3, 4), (3, 2, 3), grad=False)


@pytest.mark.parametrize("kind", KINDS)
def test_input_may_lie_anyhow_in_memory(kind):
    def call(module, x):
        return module(x.transpose(0, 2)[1:, ::2])

    check_module(lambda t: getattr(t, kind)(3, 4), (3, 5, 6), call=call)


@pytest.mark.parametrize("kind", [*KINDS, *(f"{kind}Cell" for kind in KINDS)])
def test_the_same_seed_gives_pytorchs_weights(kind):
    options = {} if kind.endswith("Cell") else {"num_layers": 2, "bidirectional": True}
    layers = []
    for t in (engine, torch):
        t.manual_seed(5)
        layers.append(getattr(t.nn, kind)(3, 4, **options))
    ours, theirs = (dict(layer.named_parameters()) for layer in layers)
    assert list(ours) == list(theirs)
    for name in ours:
        np.testing.assert_allclose(ours[name].tolist(), theirs[name].tolist(), rtol=1e-6)


def textbook(kind, layer, x):
    """Step by step, in primitive operations."""
    sigmoid, size = engine.sigmoid, layer.hidden_size
    h = c = engine.zeros(x.shape[1], size)
    outputs = []
    for x_t in x.unbind(0):
        p = x_t @ layer.weight_ih_l0.T + layer.bias_ih_l0
        q = h @ layer.weight_hh_l0.T + layer.bias_hh_l0
        if kind == "RNN":
            h = (p + q).tanh()
        elif kind == "LSTM":
            i, f, g, o = (p + q).chunk(4, 1)
            c = sigmoid(f) * c + sigmoid(i) * g.tanh()
            h = sigmoid(o) * c.tanh()
        else:
            (pr, pz, pn), (qr, qz, qn) = p.chunk(3, 1), q.chunk(3, 1)
            r, z = sigmoid(pr + qr), sigmoid(pz + qz)
            h = (1 - z) * (pn + r * qn).tanh() + z * h
        outputs.append(h)
    return engine.stack(outputs)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_agrees_with_its_textbook_twin(kind):
    engine.set_default_dtype(engine.float64)
    try:
        engine.manual_seed(0)
        layer, x = getattr(nn, kind)(3, 4), engine.randn(6, 2, 3)
        results = []
        for y in (layer(x)[0], textbook(kind, layer, x)):
            layer.zero_grad()
            (y * y).sum().backward()
            results.append([y.detach(), *(p.grad for p in layer.parameters())])
    finally:
        engine.set_default_dtype(engine.float32)
    for fused, plain in zip(*results, strict=True):
        np.testing.assert_allclose(fused.tolist(), plain.tolist(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_is_one_record(kind):
    layer = getattr(nn, kind)(3, 4)
    node, _ = layer(engine.randn(6, 2, 3))[0].grad_fn, None
    seen, todo = set(), [node]
    while todo:
        node = todo.pop()
        if node not in seen and hasattr(node, "parents"):
            seen.add(node)
            todo += [parent for parent in node.parents if parent is not None]
    assert len(seen) <= 2  # the sequence, and a view of its output


@pytest.mark.parametrize("kind", KINDS)
def test_the_derivative_is_the_limit_of_differences(kind):
    layer = getattr(nn, kind)(2, 3).double()
    x = engine.randn(3, 2, 2, dtype=engine.float64).requires_grad_()
    assert gradcheck(lambda x: layer(x)[0], (x,))


def parameters(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.slow
def test_shapes_and_counts_of_the_notes():
    x, options = engine.rand(32, 100, 256), {"batch_first": True, "bidirectional": True}
    counts = {"RNN": 2_363_392, "LSTM": 9_453_568}
    for kind, count in counts.items():
        layer = getattr(nn, kind)(256, 512, 2, dropout=0.1, **options)
        y, last = layer(x)
        assert y.shape == (32, 100, 1024)
        assert (last[0] if kind == "LSTM" else last).shape == (4, 32, 512)
        assert parameters(layer) == count
    assert parameters(nn.LSTM(10, 20, 2)) == 5920


ERRORS = {
    "another width": (lambda t, x: t.nn.LSTM(4, 2)(x), ["4", "3"]),
    "four axes": (lambda t, x: t.nn.GRU(3, 2)(x[None]), ["4D"]),
    "no steps": (lambda t, x: t.nn.LSTM(3, 2)(x[:0]), ["[0, 2, 3]"]),
    "another dtype": (lambda t, x: t.nn.LSTM(3, 2)(x.double()), ["float64", "float32"]),
    "states of another size": (lambda t, x: t.nn.GRU(3, 2)(x, t.zeros(1, 2, 3)), ["[1, 2, 3]"]),
    "states for one layer of two": (
        lambda t, x: t.nn.RNN(3, 2, 2)(x, t.zeros(1, 2, 2)),
        ["(2, 2, 2)", "[1, 2, 2]"],
    ),
    "an unknown nonlinearity": (lambda t, x: t.nn.RNN(3, 2, nonlinearity="sin"), ["sin"]),
    "a cell's unknown nonlinearity": (
        lambda t, x: t.nn.RNNCell(3, 2, nonlinearity="sin")(x[0]),
        ["sin"],
    ),
    "dropout above 1": (lambda t, x: t.nn.LSTM(3, 2, 2, dropout=1.5), ["1.5"]),
    "no hidden units": (lambda t, x: t.nn.LSTM(3, 0), ["hidden_size"]),
    "no layers": (lambda t, x: t.nn.LSTM(3, 2, num_layers=0), ["num_layers"]),
    "a cell of another width": (lambda t, x: t.nn.GRUCell(4, 2)(x[0]), ["4", "3"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_pytorchs_errors_say_what_was_seen(name):
    call, words = ERRORS[name]
    check_error(call, (3, 2, 3), match=words)


def test_projections_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="proj_size"):
        nn.LSTM(3, 4, proj_size=2)


def test_dropout_in_a_single_layer_warns():
    for t in (engine, torch):
        with pytest.warns(UserWarning, match="num_layers=1"):
            t.nn.LSTM(3, 4, dropout=0.5)
