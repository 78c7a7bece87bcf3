"""The four kinds of recurrent layers, made and called alike in the engine and in PyTorch."""

import pytest

KINDS = {"RNN": {}, "RNN of relu": {"nonlinearity": "relu"}, "LSTM": {}, "GRU": {}}
all_kinds = pytest.mark.parametrize("kind", KINDS)


def maker(kind, *sizes, **options):
    """A function of nn that makes the layer."""
    return lambda t: getattr(t, kind.split()[0])(*sizes, **KINDS[kind], **options)


def with_states(kind):
    """Call a layer with the input and its one or two initial states."""
    return lambda m, x, *hx: m(x, hx if kind == "LSTM" else hx[0])


def states_of(kind, *shape):
    return [shape] * (2 if kind == "LSTM" else 1)
