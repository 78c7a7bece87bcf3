"""RNN, LSTM and GRU against PyTorch: every option, every gradient, every seed."""

import warnings

import numpy as np
import pytest
import torch
from against_torch import check, check_module, to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrent_kinds import KINDS, all_kinds, maker, states_of, with_states

import engine
from engine import nn

# Values and gradients


@all_kinds
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_every_combination_of_options(kind, layers, bidirectional, batch_first, bias):
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    make = maker(kind, 3, 4, layers, **options)
    x, batch = (5, 2, 3), 5 if batch_first else 2
    check_module(make, x)
    states = states_of(kind, layers * (1 + bidirectional), batch, 4)
    check_module(make, x, *states, call=with_states(kind))


RESULTS = {
    "output": lambda y, last: y,
    "the last output": lambda y, last: y[-1],
    "the first output": lambda y, last: y[0],
    "the last states": lambda y, last: last,
    "h_n alone": lambda y, last: last[0] if isinstance(last, tuple) else last,
    "the last state of the last layer": lambda y, last: last[-1][-1],
    "output twice": lambda y, last: (y, y * y),
}


@all_kinds
@pytest.mark.parametrize("used", RESULTS)
def test_a_loss_of_some_results(kind, used):
    make = maker(kind, 3, 4, 2, bidirectional=True)
    run = with_states(kind)
    states = states_of(kind, 4, 2, 4)
    check_module(make, (5, 2, 3), *states, call=lambda m, *x: RESULTS[used](*run(m, *x)))


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(list(KINDS)), steps=st.integers(0, 4), batch=st.integers(0, 3),
    width=st.integers(1, 3), size=st.integers(1, 4), layers=st.integers(1, 3),
    bidirectional=st.booleans(), batch_first=st.booleans(), seed=st.integers(0, 9),
)  # fmt: skip
def test_any_sizes(kind, steps, batch, width, size, layers, bidirectional, batch_first, seed):
    def call(t, x, *hx):
        t.manual_seed(seed)
        dtype = {"dtype": x.dtype, "bidirectional": bidirectional, "batch_first": batch_first}
        layer = maker(kind, width, size, layers, **dtype)(t.nn)
        return layer(x), with_states(kind)(layer, x, *hx)

    shape = (batch, steps, width) if batch_first else (steps, batch, width)
    states = states_of(kind, layers * (1 + bidirectional), batch, size)
    check(call, shape, *states, seed=seed, may_raise=not steps)


@all_kinds
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_an_input_without_a_batch(kind, batch_first, bidirectional):
    make = maker(kind, 3, 4, 2, batch_first=batch_first, bidirectional=bidirectional)
    check_module(make, (5, 3))
    states = states_of(kind, 2 + 2 * bidirectional, 4)
    check_module(make, (5, 3), *states, call=with_states(kind))


@all_kinds
def test_one_step_and_one_sample(kind):
    check_module(maker(kind, 3, 4, 2, bidirectional=True), (1, 1, 3))
    check_module(maker(kind, 1, 1), (1, 1, 1))


@all_kinds
@pytest.mark.parametrize("shape", [(5, 0, 3), (1, 0, 3)])
def test_an_empty_batch(kind, shape):
    check_module(maker(kind, 3, 4, 2, bidirectional=True), shape)


@all_kinds
def test_inputs_whose_numbers_are_not_in_order(kind):
    x = np.random.default_rng(0).standard_normal((2, 3, 5)).transpose(2, 0, 1)[::-1]
    check_module(maker(kind, 3, 4, bidirectional=True), x)


@all_kinds
def test_a_layer_used_twice_gets_both_gradients(kind):
    def twice(m, x):
        y, last = m(x)
        return m(y, last)

    check_module(maker(kind, 4, 4), (3, 2, 4), call=twice)


@all_kinds
def test_only_what_wants_a_gradient_gets_one(kind):
    def call(t, x):
        t.manual_seed(0)
        layer = maker(kind, 3, 4, 2, dtype=x.dtype)(t.nn)
        layer.weight_ih_l0.requires_grad = False
        layer.bias_hh_l1.requires_grad = False
        first = layer(x)[0]
        (first * first).sum().backward()
        grads = [p.grad for p in layer.parameters()]
        return [grad is None for grad in grads], [grad for grad in grads if grad is not None]

    check(call, (5, 2, 3))
    check(call, (5, 2, 3), grad=False)


@all_kinds
def test_a_frozen_layer_passes_gradients_on(kind):
    def call(t, x):
        t.manual_seed(0)
        layer = maker(kind, 3, 4, 2, dtype=x.dtype)(t.nn).requires_grad_(False)
        return layer(x)

    check(call, (5, 2, 3))
    check(call, (5, 2, 3), grad=False)


@all_kinds
def test_nothing_is_recorded_under_no_grad(kind):
    def call(t, x):
        t.manual_seed(0)
        with t.no_grad():
            return maker(kind, 3, 4, dtype=x.dtype)(t.nn)(x)

    check(call, (5, 2, 3))


def test_an_lstm_takes_its_states_as_a_list():
    make = maker("LSTM", 3, 4)
    check_module(make, (5, 2, 3), (1, 2, 4), (1, 2, 4), call=lambda m, x, *hx: m(x, list(hx)))


@all_kinds
def test_outputs_can_be_viewed(kind):
    layer = maker(kind, 3, 4, bidirectional=True)(nn)
    y, _ = layer(engine.rand(5, 2, 3))
    assert y.view(5, 2, 2, 4).shape == (5, 2, 2, 4)
    assert maker(kind, 3, 4)(nn)(engine.rand(5, 2, 3))[0].view(10, 4).shape == (10, 4)


@all_kinds
def test_large_numbers_saturate_without_nan(kind):
    x = np.array([1e4, -1e4, 100.0, -30.0, 0.0]).reshape(5, 1, 1)
    if kind != "RNN of relu":
        check_module(maker(kind, 1, 3), x, tolerance=1e-4, dtypes=(np.float32,))
    check_module(maker(kind, 1, 3), x, dtypes=(np.float64,), tolerance=1e-9)


# Seeds


@all_kinds
@pytest.mark.parametrize("bias", [False, True])
def test_the_same_seed_gives_pytorchs_weights(kind, bias):
    def call(t):
        t.manual_seed(4)
        layer = maker(kind, 5, 7, 3, bidirectional=True, bias=bias)(t.nn)
        before = dict(layer.state_dict())
        layer.reset_parameters()
        return {n: p.clone() for n, p in before.items()}, dict(layer.named_parameters()), t.rand(2)

    check(call, dtypes=(np.float32,), grad=False)


@all_kinds
@pytest.mark.parametrize("p", [0, 0.3, 1])
@pytest.mark.parametrize("options", [{}, {"batch_first": True, "bidirectional": True}])
def test_dropout_between_layers_has_pytorchs_masks(kind, p, options):
    check_module(maker(kind, 3, 4, 3, dropout=p, **options), (5, 2, 3))


def test_dropout_leaves_the_output_of_the_last_layer_alone():
    layer = nn.LSTM(3, 50, 2, dropout=0.9)
    assert (layer(engine.rand(5, 2, 3))[0] != 0).all()


def test_dropout_of_one_layer_does_nothing_and_warns():
    seen = []
    for t in (torch, engine):
        t.manual_seed(0)
        with pytest.warns(UserWarning) as caught:
            layer = t.nn.GRU(3, 4, dropout=0.5)
        assert caught[0].filename
        seen.append((str(caught[0].message), layer(t.ones(5, 2, 3))[0]))
    assert seen[0][0] == seen[1][0]
    np.testing.assert_allclose(to_numpy(seen[1][1]), to_numpy(seen[0][1]), rtol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(3, 4, 2, dropout=0.5), nn.GRU(3, 4)


@all_kinds
def test_training_follows_pytorch(kind):
    def train(t):
        t.manual_seed(1)
        layer, output = maker(kind, 2, 8, 2, dropout=0.2, batch_first=True)(t.nn), t.nn.Linear(8, 1)
        x = t.rand(16, 6, 2)
        target = (x[:, :, 0] * x[:, :, 1]).sum(1, keepdim=True)
        optimizer = t.optim.Adam([*layer.parameters(), *output.parameters()], lr=0.01)
        losses = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = t.nn.functional.mse_loss(output(layer(x)[0][:, -1]), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    ours, theirs = train(engine), train(torch)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    assert ours[-1] < ours[0] / 2


# Shapes and counts of the course


@pytest.mark.parametrize(
    ("kind", "bidirectional", "count"),
    [
        ("RNN", True, 2_363_392),
        ("LSTM", True, 9_453_568),
        ("GRU", True, 7_090_176),
        ("GRU", False, 2_758_656),
    ],
)
def test_the_layers_of_the_course(kind, bidirectional, count):
    """L19: two layers from 256 to 512."""
    options = {"batch_first": True, "dropout": 0.1, "bidirectional": bidirectional}
    for t in (engine, torch):
        layer = maker(kind, 256, 512, 2, **options)(t.nn)
        assert sum(p.numel() for p in layer.parameters()) == count
        with t.no_grad():
            y, last = layer(t.rand(32, 100, 256))
        assert y.shape == (32, 100, 512 * (1 + bidirectional))
        for h in last if kind == "LSTM" else [last]:
            assert h.shape == (2 + 2 * bidirectional, 32, 512)


def test_the_small_lstm_of_the_course():
    assert sum(p.numel() for p in nn.LSTM(10, 20, 2).parameters()) == 5_920
