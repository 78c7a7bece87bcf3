"""Recurrent layers: how they print, and what they refuse."""

import numpy as np
import pytest
import torch
from against_torch import BOTH, check_error
from recurrent_kinds import all_kinds, maker, states_of, with_states

import engine
from engine import nn


@all_kinds
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "dropout": 0.5}, {"bias": False},
                                     {"batch_first": True}, {"bidirectional": True}])  # fmt: skip
def test_the_layer_prints_as_pytorchs(kind, options):
    ours, theirs = (maker(kind, 3, 4, **options)(t) for t in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.mode == theirs.mode


def test_arguments_by_position():
    for t in (nn, torch.nn):
        layers = [t.RNN(3, 4, 2, "relu", False, True, 0.5, True),
                  t.LSTM(3, 4, 2, False, True, 0.5, True, 0, "cpu"),
                  t.GRU(3, 4, 2, False, True, 0.5, True)]  # fmt: skip
        names = ("num_layers", "bias", "batch_first", "dropout", "bidirectional")
        for layer in layers:
            assert [getattr(layer, n) for n in names] == [2, False, True, 0.5, True]
        assert layers[0].nonlinearity == "relu"


@pytest.mark.parametrize("dtype", BOTH)
def test_the_dtype_of_the_weights(dtype):
    layer = nn.GRU(2, 3, device="cpu", dtype=getattr(engine, np.dtype(dtype).name))
    assert {p.array.dtype for p in layer.parameters()} == {np.dtype(dtype)}
    with pytest.raises(RuntimeError, match="cuda"):
        nn.GRU(2, 3, device="cuda")


@all_kinds
def test_flatten_parameters_does_nothing(kind):
    layer = maker(kind, 2, 3)(nn)
    assert layer.flatten_parameters() is None


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_projections_are_refused_by_name(kind):
    with pytest.raises(NotImplementedError, match="proj_size=2"):
        getattr(nn, kind)(3, 4, proj_size=2)
    assert nn.LSTM(3, 4, proj_size=0)(engine.rand(5, 3))[0].shape == (5, 4)


def test_packed_sequences_are_refused_by_name():
    packed = torch.nn.utils.rnn.pack_sequence([torch.rand(2, 3)])
    with pytest.raises(TypeError, match="PackedSequence"):
        nn.LSTM(3, 4)(packed)


ARGUMENTS = [
    ((0, 4), {}, "input_size=0"),
    ((3, -1), {}, "hidden_size=-1"),
    ((3, 4, 0), {}, "num_layers=0"),
    ((3.0, 4), {}, "float"),
    ((3, 4.5), {}, "float"),
    ((3, 4, 1.5), {}, "float"),
    ((3, 4), {"bias": 1}, "bias=1"),
    ((3, 4), {"batch_first": "yes"}, "'yes'"),
    ((3, 4), {"dropout": 1.5}, "1.5"),
    ((3, 4), {"dropout": -0.1}, "-0.1"),
    ((3, 4), {"dropout": True}, "True"),
    ((3, 4), {"dropout": float("nan")}, "nan"),
    ((3,), {}, "hidden_size"),
    ((3, 4), {"layers": 2}, "layers"),
]


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("sizes", "options", "match"), ARGUMENTS)
def test_impossible_arguments(kind, sizes, options, match):
    check_error(lambda t: getattr(t.nn, kind)(*sizes, **options), match=match)


def test_an_unknown_nonlinearity():
    check_error(lambda t: t.nn.RNN(3, 4, nonlinearity="sigmoid"), match=["sigmoid", "relu"])
    check_error(lambda t: t.nn.GRU(3, 4, 1, "relu"), match="'relu'")
    check_error(lambda t: t.nn.GRU(3, 4, nonlinearity="tanh"), match="nonlinearity")


INPUTS = {
    "one axis": ((3,), ["2D or 3D", "1D"]),
    "four axes": ((1, 5, 2, 3), ["2D or 3D", "4D"]),
    "another width": ((5, 2, 4), ["3", "[5, 2, 4]"]),
    "another width without a batch": ((5, 4), ["3", "[5, 4]"]),
    "no step": ((0, 2, 3), ["[0, 2, 3]"]),
    "integers": (np.ones((5, 2, 3), np.int64), ["int64", "float32"]),
}


@all_kinds
@pytest.mark.parametrize("case", INPUTS)
def test_inputs_that_do_not_fit(kind, case):
    x, words = INPUTS[case]
    check_error(lambda t, x: maker(kind, 3, 4)(t.nn)(x), x, match=words)


@all_kinds
def test_an_input_of_another_dtype(kind):
    call = lambda t, x: maker(kind, 3, 4)(t.nn)(x)  # noqa: E731
    check_error(call, (5, 2, 3), dtypes=(np.float64,), match=["float64", "float32"])


SHAPES = [((5, 2, 3), state) for state in [(2, 4), (2, 3, 4), (1, 2, 4), (2, 2, 5), (2, 2, 1, 4)]]
SHAPES += [((5, 3), (2, 1, 4)), ((5, 3), (1, 4)), ((5, 3), (2, 5)), ((5, 3), (4,))]


@all_kinds
@pytest.mark.parametrize(("x", "state"), SHAPES)
def test_states_that_do_not_fit(kind, x, state):
    call = lambda t, *x: with_states(kind)(maker(kind, 3, 4, 2)(t.nn), *x)  # noqa: E731
    check_error(call, x, *states_of(kind, *state), match=["(2, ", str(list(state))])


@all_kinds
def test_states_of_another_dtype(kind):
    def call(t, x, *hx):
        return with_states(kind)(maker(kind, 3, 4)(t.nn), x, *(h.double() for h in hx))

    check_error(call, (5, 2, 3), *states_of(kind, 1, 2, 4), match=["float64", "float32"])


def test_one_state_too_few_and_one_too_many():
    check_error(lambda t, x, h: t.nn.LSTM(3, 4, 2)(x, h), (5, 2, 3), (2, 2, 4), match="(h_0, c_0)")
    call = lambda t, x, h: t.nn.LSTM(3, 4)(x, (h, h, h))  # noqa: E731
    check_error(call, (5, 2, 3), (1, 2, 4), match="two hidden states")
    with pytest.raises(TypeError, match="tuple"):
        nn.GRU(3, 4)(engine.rand(5, 2, 3), (engine.rand(1, 2, 4), engine.rand(1, 2, 4)))
