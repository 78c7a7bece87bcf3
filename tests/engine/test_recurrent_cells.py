"""RNNCell, LSTMCell and GRUCell against PyTorch, and against the layers."""

import numpy as np
import pytest
from against_torch import check, check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrent_kinds import KINDS, all_kinds, states_of, with_states

import engine
from engine import nn


def cell(kind, *sizes, **options):
    return lambda t: getattr(t, f"{kind.split()[0]}Cell")(*sizes, **KINDS[kind], **options)


@all_kinds
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("batch", [(), (1,), (4,), (0,)])
def test_one_step(kind, bias, batch):
    make = cell(kind, 3, 5, bias=bias)
    check_module(make, (*batch, 3))
    check_module(make, (*batch, 3), *states_of(kind, *batch, 5), call=with_states(kind))


@settings(deadline=None, max_examples=25)
@given(kind=st.sampled_from(list(KINDS)), batch=st.integers(0, 3), width=st.integers(0, 3),
       size=st.integers(0, 3))  # fmt: skip
def test_any_sizes(kind, batch, width, size):
    def call(t, x, *hx):
        t.manual_seed(0)
        module = cell(kind, width, size, dtype=x.dtype)(t.nn)
        return module(x), with_states(kind)(module, x, *hx)

    check(call, (batch, width), *states_of(kind, batch, size))


@all_kinds
def test_a_loop_over_the_steps(kind):
    def loop(module, x):
        hx, outputs = None, []
        for x_t in x:
            hx = module(x_t, hx)
            outputs.append(hx[0] if kind == "LSTM" else hx)
        return outputs[0], outputs[-1], hx

    check_module(cell(kind, 3, 4), (6, 2, 3), call=loop)


@all_kinds
def test_a_loop_over_a_cell_is_the_layer(kind):
    step, layer = cell(kind, 3, 4)(nn), getattr(nn, kind.split()[0])(3, 4, **KINDS[kind])
    layer.load_state_dict({f"{name}_l0": p for name, p in step.state_dict().items()})
    x, hx = engine.rand(6, 2, 3), None
    for x_t in x:
        hx = step(x_t, hx)
    last = layer(x)[1]
    for a, b in zip(*([h] if kind != "LSTM" else h for h in (hx, last)), strict=True):
        np.testing.assert_allclose(a.tolist(), b[0].tolist(), rtol=1e-5, atol=1e-6)


@all_kinds
def test_the_same_seed_gives_pytorchs_weights(kind):
    def call(t):
        t.manual_seed(4)
        return dict(cell(kind, 5, 7)(t.nn).named_parameters()), t.rand(2)

    check(call, dtypes=(np.float32,), grad=False)


def test_arguments_by_position():
    for module in (nn.RNNCell(3, 4, False, "relu", "cpu"), nn.LSTMCell(3, 4, False, "cpu")):
        assert module.bias is False and len(list(module.parameters())) == 2
    assert repr(nn.RNNCell(3, 4, False, "relu")) == "RNNCell(3, 4, bias=False, nonlinearity=relu)"


@all_kinds
@pytest.mark.parametrize(
    ("x", "words"),
    [((1, 2, 3), ["1D or 2D", "3D"]), ((), ["1D or 2D", "0D"]), ((2, 4), ["3", "2, 4"])],
)
def test_inputs_that_do_not_fit(kind, x, words):
    check_error(lambda t, x: cell(kind, 3, 4)(t.nn)(x), x, match=words)


@all_kinds
@pytest.mark.parametrize("x", [(2, 3), (3,)])
@pytest.mark.parametrize("state", [(1, 2, 4), (3, 4), (2, 5), (5,)])
def test_states_that_do_not_fit(kind, x, state):
    call = lambda t, *x: with_states(kind)(cell(kind, 3, 4)(t.nn), *x)  # noqa: E731
    check_error(call, x, *states_of(kind, *state), match=["4", str(list(state))])


@all_kinds
def test_other_dtypes(kind):
    call = lambda t, x: cell(kind, 3, 4)(t.nn)(x)  # noqa: E731
    check_error(call, (2, 3), dtypes=(np.float64,), match=["float64", "float32"])
    call = lambda t, x, *hx: with_states(kind)(cell(kind, 3, 4)(t.nn), x, *hx)  # noqa: E731
    hx = [np.zeros((2, 4), np.int64)] * len(states_of(kind))
    check_error(call, (2, 3), *hx, match=["int64", "float32"])


def test_impossible_arguments():
    check_error(lambda t: t.nn.GRUCell(-1, 4), match="-1")
    check_error(lambda t: t.nn.LSTMCell(3.0, 4), match="float")
    check_error(lambda t, x: t.nn.RNNCell(3, 4, nonlinearity="elu")(x), (2, 3), match="elu")
    with pytest.raises(TypeError, match="list"):
        nn.LSTMCell(3, 4)([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match="two hidden states"):
        nn.LSTMCell(3, 4)(engine.rand(2, 3), engine.rand(2, 4))
