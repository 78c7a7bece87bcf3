"""summary prints torchinfo's table and counts as torchinfo counts."""

import sys

import numpy as np
import pytest
import torch
import torchinfo

import engine
from engine import nn
from engine.utils import summary

TOTALS = "total_params trainable_params total_mult_adds total_output_bytes total_param_bytes"


def module(t, parts, forward):
    """A module made of named parts and a function of itself and its inputs."""

    class Model(t.nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)

        def forward(self, *inputs, **named):
            return forward(self, *inputs, **named)

    return Model()


def mlp(t):
    hidden = t.nn.Sequential(t.nn.Linear(256, 64), t.nn.GELU(), t.nn.Dropout(0.2))
    return t.nn.Sequential(t.nn.Flatten(), t.nn.Linear(784, 256), t.nn.ReLU(), hidden,
                           t.nn.Linear(64, 10, bias=False))  # fmt: skip


def deep(t):
    model = t.nn.Linear(3, 3)
    for _ in range(6):
        model = t.nn.Sequential(model, t.nn.Tanh())
    return model


def shared(t):
    layer = t.nn.Linear(4, 4)
    return module(t, {"a": layer, "b": t.nn.Sequential(layer, t.nn.ReLU()), "c": layer},
                  lambda m, x: m.c(m.b(m.a(x))))  # fmt: skip


def lists(t):
    linears = t.nn.ModuleList([t.nn.Linear(4, 4) for _ in range(3)])
    nested = t.nn.ModuleList([t.nn.ModuleList([t.nn.ReLU(), t.nn.Linear(4, 5)])])

    def forward(m, x):
        for layer in m.linears:
            x = layer(x)
        return m.nested[0][1](m.nested[0][0](x))

    return module(t, {"linears": linears, "nested": nested}, forward)


def interleaved(t):
    """Containers left and entered again, iterated and called: torchinfo counts some twice."""
    parts = {name: t.nn.Sequential(t.nn.Linear(4, 4), t.nn.Linear(4, 4)) for name in "abc"}

    def forward(m, x):
        for first, second in zip(m.a, m.b, strict=True):
            x = second(first(x))
        return m.c(m.c[0](x))

    return module(t, parts, forward)


def own_parameters(t):
    parts = {"scale": t.nn.Parameter(t.ones(4)), "weight": t.nn.Parameter(t.ones(4)),
             "inner": t.nn.Linear(4, 2), "unused": t.nn.Linear(4, 7)}  # fmt: skip
    return module(t, parts, lambda m, x: m.inner(x * m.scale + m.weight))


def recurrent_names(t):
    """A leaf whose parameters are called as a recurrent layer's, a leaf called as a convolution."""
    parts = {"weight_ih_l0": t.nn.Parameter(t.ones(5, 4)), "bias_ih_l0": t.nn.Parameter(t.ones(5))}
    cell = module(t, parts, lambda m, x: x @ m.weight_ih_l0.T + m.bias_ih_l0)
    conv = module(t, {"weight": t.nn.Parameter(t.ones(5))}, lambda m, x: x * m.weight)
    type(conv).__name__ = "Conv1d"
    return t.nn.Sequential(cell, conv)


def frozen(t):
    model = mlp(t)
    model[1].weight.requires_grad = False
    model[3].requires_grad_(False)
    return model


def outputs(t):
    pair = module(t, {"fc": t.nn.Linear(4, 3)}, lambda m, x: (m.fc(x), [x]))
    named = module(t, {"pair": pair}, lambda m, x: {"u": x, "y": m.pair(x)[0]})
    nothing = module(t, {}, lambda m, x: None)
    return module(t, {"named": named, "nothing": nothing},
                  lambda m, x: (m.nothing(x), m.named(x)["y"]))  # fmt: skip


def wide(t):
    name = "AModuleWithAVeryLongNameForATable"
    inner = type(name, (t.nn.Linear,), {})(4, 2000)
    return t.nn.Sequential(t.nn.Sequential(inner), t.nn.Linear(2000, 2000))


def cnn(t):
    n = t.nn
    return n.Sequential(
        n.Conv2d(3, 8, 3, padding=1, groups=1), n.BatchNorm2d(8), n.ReLU(inplace=True),
        n.MaxPool2d(2), n.Conv2d(8, 8, (3, 1), stride=2, bias=False, groups=4), n.AvgPool2d(2, 1),
        n.AdaptiveAvgPool2d((1, 1)), n.Flatten(), n.Linear(8, 10))  # fmt: skip


def volumes(t):
    one = t.nn.Sequential(t.nn.Conv1d(2, 3, 3, dilation=2), t.nn.BatchNorm1d(3), t.nn.MaxPool1d(2))
    return module(t, {"one": one, "three": t.nn.Conv3d(1, 2, (1, 2, 3))},
                  lambda m, x: m.three(m.one(x)[:, None, None]))  # fmt: skip


def recurrent(kind, **options):
    def make(t):
        return getattr(t.nn, kind)(5, 6, **options)

    return make


def classifier(t):
    parts = {"rnn": t.nn.LSTM(4, 6, num_layers=2, batch_first=True, bidirectional=True),
             "norm": t.nn.LayerNorm(12), "fc": t.nn.Linear(12, 2)}  # fmt: skip

    def forward(m, x):
        _, (hidden, _) = m.rnn(x)
        return m.fc(m.norm(t.cat([hidden[-2], hidden[-1]], dim=1)))

    return module(t, parts, forward)


def cells(t):
    parts = {"gru": t.nn.GRUCell(4, 6), "lstm": t.nn.LSTMCell(6, 3), "rnn": t.nn.RNNCell(3, 2)}
    return module(t, parts, lambda m, x: m.rnn(m.lstm(m.gru(x))[0]))


def attention(t):
    parts = {"attend": t.nn.MultiheadAttention(8, 2, batch_first=True), "fc": t.nn.Linear(8, 1)}
    return module(t, parts, lambda m, x: m.fc(m.attend(x, x, x)[0]))


def encoder(t):
    layer = t.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return t.nn.Sequential(t.nn.TransformerEncoder(layer, 2), t.nn.Linear(8, 3))


def transformer(t):
    return t.nn.Transformer(8, 2, 1, 2, 16, batch_first=True)


# (make, input_size)
CASES = {
    "L9's MLP": (mlp, (32, 1, 28, 28)),
    "a single layer": (lambda t: t.nn.Linear(3, 2), (7, 3)),
    "no parameters": (lambda t: t.nn.Sequential(t.nn.ReLU(), t.nn.Flatten()), (2, 3, 4)),
    "deep": (deep, [(2, 3)]),
    "shared": (shared, (2, 4)),
    "lists": (lists, (2, 4)),
    "interleaved": (interleaved, (2, 4)),
    "own parameters": (own_parameters, (2, 3, 4)),
    "recurrent names": (recurrent_names, (6, 3, 4)),
    "frozen": (frozen, (2, 784)),
    "outputs": (outputs, (2, 4)),
    "wide": (wide, (3, 4)),
    "cnn": (cnn, (4, 3, 12, 12)),
    "volumes": (volumes, (2, 2, 20)),
    "RNN": (recurrent("RNN", num_layers=2, bias=False), (7, 3, 5)),
    "LSTM": (recurrent("LSTM", num_layers=2, bidirectional=True), (7, 3, 5)),
    "GRU": (recurrent("GRU", batch_first=True), (7, 3, 5)),
    "classifier": (classifier, (3, 7, 4)),
    "cells": (cells, (3, 4)),
    "attention": (attention, (2, 5, 8)),
    "encoder": (encoder, (2, 5, 8)),
    "transformer": (transformer, [(2, 5, 8), (2, 4, 8)]),
    "an empty container": (lambda t: t.nn.Sequential(t.nn.Sequential(), t.nn.ELU()), (2, 2)),
    "float64": (lambda t: module(t, {"fc": t.nn.Linear(3, 2, dtype=t.float64)},
                                 lambda m, x: m.fc(x.double())), (5, 3)),
}  # fmt: skip


def text(statistics):
    # Python 3.11 prints torchinfo's units by the names of its own enumeration.
    units = {"MEGABYTES": "M", "GIGABYTES": "G", "TERABYTES": "T"}
    printed = str(statistics)
    for name, unit in units.items():
        printed = printed.replace(f"Units.{name}", unit)
    return printed


def compare(make, convert=lambda t: None, **named):
    theirs, ours = (
        call(make(t), verbose=0, **named, **(convert(t) or {}))
        for call, t in ((torchinfo.summary, torch), (summary, engine))
    )
    assert str(ours) == text(theirs)
    for name in TOTALS.split():
        assert getattr(ours, name) == getattr(theirs, name), name
        assert type(getattr(ours, name)) is int
    assert ours.total_input == (theirs.total_input or 0)
    return ours


@pytest.mark.parametrize("name", CASES)
def test_the_table_and_the_totals_are_torchinfos(name):
    make, size = CASES[name]
    compare(make, input_size=size)
    for depth in (0, 1, 2, 9):
        compare(make, input_size=size, depth=depth)


@pytest.mark.parametrize("name", CASES)
def test_without_an_input_parameters_are_counted(name):
    compare(CASES[name][0])
    compare(CASES[name][0], depth=1)


def test_several_inputs_and_given_ones():
    def two(t):
        return module(t, {"fc": t.nn.Linear(4, 2)}, lambda m, x, y: m.fc(x) + y)

    compare(two, input_size=[(3, 4), (3, 2)])
    compare(two, input_size=((3, 4), (2,)))
    compare(two, lambda t: {"input_data": [t.ones(3, 4), t.ones(2)]})
    compare(two, lambda t: {"input_data": {"y": t.ones(2), "x": t.ones(5, 4)}})
    compare(lambda t: t.nn.Linear(4, 2), lambda t: {"input_data": t.ones(3, 4)})
    compare(lambda t: t.nn.Linear(4, 2), lambda t: {"input_data": t.ones(9, 4)[2:4]})
    compare(lambda t: t.nn.Linear(4, 2), input_size=[3, 4])
    embedding = lambda t: t.nn.Sequential(t.nn.Embedding(50, 8), t.nn.Linear(8, 2))  # noqa: E731
    compare(embedding, lambda t: {"input_data": t.tensor([[1, 2, 3]])})


@pytest.mark.parametrize("width", [1, 30, 1000])
def test_large_numbers_are_shortened(width):
    compare(lambda t: t.nn.Sequential(t.nn.Linear(1000, width), t.nn.Linear(width, 1000)),
            input_size=(1000, 1000))  # fmt: skip
    many = summary(nn.Linear(1000, 1000, bias=False), (1, 1000), verbose=0)
    for n, shown in ((10**9, "(G): 1"), (2_500_000_000_000, "(T): 2.50")):
        many.total_mult_adds = n
        assert f"Total mult-adds {shown}\n" in str(many)


def test_it_prints_unless_in_a_notebook_or_told_not_to(capsys, monkeypatch):
    model = nn.Linear(2, 1)
    monkeypatch.delattr(sys, "ps1", raising=False)
    for named, printed in (({}, True), ({"verbose": 1}, True), ({"verbose": 0}, False)):
        result = summary(model, (1, 2), **named)
        assert capsys.readouterr().out == (f"{result}\n" if printed else "")
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    summary(model, (1, 2))
    assert capsys.readouterr().out == ""


def counter(t):
    """A module that changes everything it can when it is called."""

    def forward(m, x):
        m.calls += 1
        m.mean += x.mean()
        m.latest = m.latest + x.mean()
        m.seen = x
        return m.fc(x) * t.rand(1)

    model = module(t, {"fc": t.nn.Linear(3, 2), "off": t.nn.Dropout(0.5), "calls": 0}, forward)
    model.register_buffer("mean", t.zeros(1))
    model.register_buffer("latest", t.zeros(1))
    model.off.eval()
    model.fc.weight.grad = t.ones(2, 3)
    return model


def look(model):
    modules = [(m.training, dict(vars(m)), dict(m._hooks)) for m in model.modules()]
    state = {name: value.array.copy() for name, value in model.state_dict().items()}
    return modules, state, [p.grad for p in model.parameters()], list(model.buffers())


def same(before, after):
    assert before[0] == after[0]
    assert all(np.array_equal(before[1][name], after[1][name]) for name in before[1])
    assert all(a is b for one, two in zip(before[2:], after[2:], strict=True)
               for a, b in zip(one, two, strict=True))  # fmt: skip


@pytest.mark.parametrize("size", [(4, 3), (4, 5)], ids=["runs", "fails"])
def test_the_model_and_the_random_stream_stay_as_they_were(size):
    model = counter(engine)
    graph = model.fc(engine.ones(2, 3))
    before = look(model)
    following = engine.manual_seed(3) and engine.rand(3).tolist()
    engine.manual_seed(3)
    if size == (4, 3):
        assert summary(model, size, verbose=0).total_params == 8
    else:
        with pytest.raises(RuntimeError, match="Failed to run"):
            summary(model, size, verbose=0)
    assert engine.rand(3).tolist() == following
    same(before, look(model))
    graph.sum().backward()


def test_the_users_hooks_run_and_stay():
    seen, model = [], mlp(engine)
    handle = model[1].register_forward_hook(lambda m, x, y: seen.append(y.shape))
    summary(model, (2, 784), verbose=0)
    assert seen == [(2, 256)]
    handle.remove()
    assert not any(m._hooks for m in model.modules())


@pytest.mark.parametrize(
    "named",
    [
        {"input_size": 3},
        {"input_size": "3"},
        {"input_size": ()},
        {"input_size": (0, 3)},
        {"input_size": [(2, -3)]},
        {"input_size": (2, 5)},
        {"input_size": [(2, 3), (2, 3)]},
    ],
)
def test_impossible_inputs(named):
    with pytest.raises(Exception) as theirs:
        torchinfo.summary(torch.nn.Linear(3, 2), verbose=0, **named)
    with pytest.raises(type(theirs.value)):
        summary(nn.Linear(3, 2), verbose=0, **named)


def test_errors_say_what_was_seen():
    with pytest.raises(RuntimeError, match="Only one of"):
        summary(nn.Linear(3, 2), (1, 3), engine.ones(1, 3))
    with pytest.raises(ValueError, match="-3"):
        summary(nn.Linear(3, 2), (1, -3))
    with pytest.raises(RuntimeError, match=r"\['0'\] ran.*2x4.*5x1"):
        summary(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 1)), (2, 3))


@pytest.mark.parametrize("name", ["batch_dim", "cache_forward_pass", "col_names", "col_width",
                                  "device", "dtypes", "mode", "row_settings"])  # fmt: skip
def test_what_is_not_offered_is_named(name):
    with pytest.raises(NotImplementedError, match=name):
        summary(nn.Linear(3, 2), (1, 3), **{name: 1})
    with pytest.raises(NotImplementedError, match="verbose=2"):
        summary(nn.Linear(3, 2), (1, 3), verbose=2)
