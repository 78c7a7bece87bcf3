"""Hooks of modules: called in PyTorch's order, with PyTorch's values."""

import numpy as np
import pytest
import torch
from against_torch import same, to_numpy

import engine
from engine import nn

# PyTorch warns of what these tests compare.
pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook is firing")
both = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])


def traced(t, register):
    """What hooks see: names and rounded numbers, in order."""
    t.manual_seed(0)
    m = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.Tanh(), t.nn.Linear(3, 1))
    log = []

    def note(name):
        def hook(module, *seen):
            values = []
            for item in seen:
                for x in item if isinstance(item, tuple) else (item,):
                    values.append(None if x is None else np.round(to_numpy(x), 5).tolist())
            log.append((name, type(module).__name__, values))

        return hook

    handles = register(m, note)
    x = t.tensor([[0.5, -1.0], [2.0, 0.25]])
    m(x).sum().backward()
    for handle in handles:
        handle.remove()
    m(x).sum().backward()
    return log


def test_hooks_are_called_in_pytorchs_order_with_pytorchs_values():
    def register(m, note):
        return [
            m[0].register_forward_hook(note("after")),
            m[0].register_forward_pre_hook(note("before")),
            m[1].register_forward_hook(note("second")),
            m[1].register_forward_hook(note("third")),
            m.register_forward_hook(note("whole")),
            m[0].register_full_backward_hook(note("gradient of the first layer")),
            m[1].register_full_backward_hook(note("gradient of tanh")),
            m[1].register_full_backward_hook(note("after it")),
            m[2].register_full_backward_hook(note("gradient of the last layer")),
        ]

    log = same(traced, register)
    assert len(log) == 9


@both
def test_a_forward_hook_may_replace_the_output(t):
    m = t.nn.Identity()
    with m.register_forward_hook(lambda m, x, y: y * 2):
        assert m(t.ones(1)).item() == 2
    assert m(t.ones(1)).item() == 1


@both
def test_a_pre_hook_may_replace_the_inputs(t):
    m = t.nn.Identity()
    handle = m.register_forward_pre_hook(lambda m, inputs: inputs[0] + 1)
    assert m(t.ones(1)).item() == 2
    handle.remove()
    handle.remove()
    m.register_forward_pre_hook(lambda m, inputs: (inputs[0] + 2,))
    assert m(t.ones(1)).item() == 3


@both
def test_hooks_may_see_named_inputs(t):
    class Scale(t.nn.Module):
        def forward(self, x, factor=1):
            return x * factor

    m = Scale()
    m.register_forward_pre_hook(lambda m, x, named: (x, {"factor": 5}), with_kwargs=True)
    m.register_forward_hook(lambda m, x, named, y: y + named["factor"], with_kwargs=True)
    assert m(t.ones(1), factor=2).item() == 10


def pair(t):
    class Pair(t.nn.Module):
        def forward(self, x, n, y):
            return x * y, n, x + 2 * y

    return Pair()


@pytest.mark.parametrize("needs", [(True, True), (True, False), (False, True)])
def test_a_backward_hook_sees_several_inputs_and_outputs_at_once(needs):
    def run(t):
        m, log = pair(t), []

        def show(module, grad_input, grad_output):
            log.append([[None if g is None else g.tolist() for g in gs]
                        for gs in (grad_input, grad_output)])  # fmt: skip

        m.register_full_backward_hook(show)
        x = t.tensor([1.0, 2.0], requires_grad=needs[0])
        y = t.tensor([[3.0], [4.0]], requires_grad=needs[1])
        a, _, b = m(x, 7, y)
        (a.sum() + (b * b).sum()).backward()
        return log, [None if v.grad is None else v.grad.tolist() for v in (x, y)]

    same(run)


def test_a_backward_hook_may_replace_the_gradient():
    def run(t):
        m = t.nn.Tanh()
        m.register_full_backward_hook(lambda m, dx, dy: (dx[0] * 10,))
        x = t.tensor([0.0], requires_grad=True)
        m(x).backward()
        return x.grad.tolist()

    assert same(run) == [10]


def test_a_backward_hook_sees_outputs_even_if_no_input_has_a_gradient():
    def run(t):
        t.manual_seed(1)
        m, log = t.nn.Linear(2, 1), []
        m.register_full_backward_hook(lambda m, dx, dy: log.append((dx, dy[0].tolist())))
        m(t.ones(3, 2)).mean().backward()
        return log, np.round(to_numpy(m.weight.grad), 6).tolist()

    same(run)


def test_a_backward_hook_must_return_as_many_gradients():
    m = nn.Tanh()
    m.register_full_backward_hook(lambda m, dx, dy: (dx[0], dx[0]))
    with pytest.raises(RuntimeError, match="got 2, but expected 1"):
        m(engine.ones(1).requires_grad_()).backward()


@both
def test_hooks_do_nothing_without_gradients(t):
    m = t.nn.Tanh()
    m.register_full_backward_hook(lambda *_: pytest.fail("no backward, no hook"))
    with t.no_grad():
        assert m(t.zeros(1)).item() == 0


@pytest.mark.parametrize("option", ["prepend", "always_call"])
def test_hooks_out_of_order_and_for_failing_calls_are_refused_by_name(option):
    with pytest.raises(TypeError, match=option):
        nn.Tanh().register_forward_hook(print, **{option: True})
