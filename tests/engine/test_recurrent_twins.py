"""Each recurrent sequence is one record, and agrees with its textbook twin, step by step."""

import copy
import pickle

import numpy as np
import pytest
import torch
from recurrent_kinds import all_kinds, maker

import engine
from engine import nn
from engine.ops.recurrent import recurrent


def textbook_rnn(a, bend):
    """h' = bend(W_ih x + b_ih + W_hh h + b_hh)"""

    def step(x, h):
        return (bend(x @ a[0].T + a[2] + h @ a[1].T + a[3]),)

    return step


def textbook_lstm(a):
    """c' = f c + i g,  h' = o tanh c'"""

    def step(x, h, c):
        i, f, g, o = (x @ a[0].T + a[2] + h @ a[1].T + a[3]).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    return step


def textbook_gru(a):
    """h' = (1 - z) n + z h"""

    def step(x, h):
        r_x, z_x, n_x = (x @ a[0].T + a[2]).chunk(3, 1)
        r_h, z_h, n_h = (h @ a[1].T + a[3]).chunk(3, 1)
        r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
        return ((1 - z) * (n_x + r * n_h).tanh() + z * h,)

    return step


TWINS = {
    "RNN_TANH": lambda a: textbook_rnn(a, lambda z: z.tanh()),
    "RNN_RELU": lambda a: textbook_rnn(a, lambda z: z.relu()),
    "LSTM": textbook_lstm,
    "GRU": textbook_gru,
}
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def textbook(mode, x, states, weights, reverse):
    step, outputs = TWINS[mode](weights), []
    for x_t in x.unbind(0)[:: -1 if reverse else 1]:
        states = step(x_t, *states)
        outputs.append(states[0])
    return engine.stack(outputs[:: -1 if reverse else 1]), *states


def run(function, mode, reverse, steps=6):
    rng, rows = np.random.default_rng(0), 3 * GATES[mode]
    shapes = [
        (steps, 5, 2),
        *[(5, 3)] * (1 + (mode == "LSTM")),
        (rows, 2),
        (rows, 3),
        (rows,),
        (rows,),
    ]
    values = [engine.tensor(rng.standard_normal(s), requires_grad=True) for s in shapes]
    x, *states = values[:-4]
    results = function(mode, x, states, values[-4:], reverse)
    sum((y * y * (k + 1)).sum() for k, y in enumerate(results)).backward()
    return results, values


@pytest.mark.parametrize("mode", TWINS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [1, 6])
def test_the_fused_sequence_agrees_with_its_textbook_twin(mode, reverse, steps):
    runs = [run(function, mode, reverse, steps) for function in (recurrent, textbook)]
    for ours, theirs in zip(*[results for results, _ in runs], strict=True):
        np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-12, atol=1e-14)
    for ours, theirs in zip(*[values for _, values in runs], strict=True):
        np.testing.assert_allclose(ours.grad.tolist(), theirs.grad.tolist(), rtol=1e-11, atol=1e-13)


def records(tensor):
    found, nodes = set(), [tensor.grad_fn]
    while nodes:
        node = nodes.pop()
        if hasattr(node, "parents") and node not in found:
            found.add(node)
            nodes += [parent for parent in node.parents if parent is not None]
    return found


@pytest.mark.parametrize("mode", TWINS)
def test_a_sequence_is_one_record_however_long(mode):
    for steps in (2, 50):
        results, values = run(recurrent, mode, reverse=False, steps=steps)
        sequence = {node for y in results for node in records(y) if "Recurrent" in node.name()}
        assert len(sequence) == 1
        assert len(set().union(*map(records, results))) <= 4  # and views: y, h_T, c_T
        parents = sequence.pop().parents
        assert all(a is b for a, b in zip(parents, values, strict=True))


@all_kinds
def test_every_layer_and_direction_is_one_record(kind):
    y, _ = maker(kind, 3, 4, 2, bidirectional=True)(nn)(engine.rand(7, 2, 3))
    assert sum("Recurrent" in node.name() for node in records(y)) == 4


@all_kinds
def test_a_second_backward_needs_retain_graph(kind):
    for t in (engine, torch):
        layer, x = maker(kind, 3, 4)(t.nn), t.rand(5, 2, 3)
        loss = layer(x)[0].sum()
        loss.backward(retain_graph=True)
        once = layer.weight_hh_l0.grad.clone()
        loss.backward()
        assert (layer.weight_hh_l0.grad == 2 * once).all()
        with pytest.raises(RuntimeError, match="second time"):
            loss.backward()


@all_kinds
@pytest.mark.parametrize("changed", ["input", "weight_ih_l0", "weight_hh_l0"])
def test_a_change_before_backward_is_refused(kind, changed):
    for t in (engine, torch):
        layer, x = maker(kind, 3, 4)(t.nn), t.rand(5, 2, 3, requires_grad=True)
        loss = layer(x)[0].sum()
        with t.no_grad():
            (x if changed == "input" else getattr(layer, changed)).add_(1)
        with pytest.raises(RuntimeError, match="inplace operation"):
            loss.backward()


@all_kinds
def test_a_change_of_the_output_does_not_spoil_the_gradient(kind):
    grads = []
    for change in (False, True):
        engine.manual_seed(0)
        layer = maker(kind, 3, 4)(nn)
        y, _ = layer(engine.rand(5, 2, 3))
        loss = y.sum()
        if change:
            y.detach().fill_(7)
        loss.backward()
        grads.append(layer.weight_ih_l0.grad)
    assert (grads[0] == grads[1]).all()


def test_truncated_backpropagation_carries_the_state_on_but_not_the_gradient():
    results = []
    for t in (engine, torch):
        t.manual_seed(0)
        layer, x = t.nn.LSTM(2, 3), t.rand(6, 4, 2)
        state = None
        for part in x.split(2):
            y, state = layer(part, state)
            y.sum().backward()
            state = tuple(h.detach() for h in state)
        results.append([np.asarray(p.grad) for p in layer.parameters()])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@all_kinds
def test_layers_can_be_copied_and_pickled(kind):
    layer, x = maker(kind, 3, 4, 2)(nn), engine.rand(5, 2, 3)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert (twin(x)[0] == layer(x)[0]).all()
        assert twin.weight_ih_l0 is not layer.weight_ih_l0
