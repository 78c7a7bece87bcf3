"""Changes in place, such as x += y: what is recorded, what is free, what is refused."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module

import engine

BOTH = pytest.mark.parametrize("t", [engine, torch], ids=["engine", "torch"])

IN_PLACE = {
    "add_": lambda t, x: (x * 1).add_(x),
    "+=": lambda t, x: _augmented(x * 2, x),
    "div_": lambda t, x: (x * 1).div_(x + 10),
    "sub_ a number": lambda t, x: (x * 3).sub_(1),
    "fill_": lambda t, x: (x * 2).fill_(3.0) + x,
    "zero_": lambda t, x: (x * 2).zero_() + x,
    "copy_": lambda t, x: (x * 2).copy_(x) * x,
    "relu in place": lambda t, x: t.nn.functional.relu(x * 2, inplace=True) * x,
}


def _augmented(y, x):
    y += x
    y *= x
    y -= 1
    y /= 3
    return y


@pytest.mark.parametrize("name", IN_PLACE)
def test_recorded_in_place_changes(name):
    check(IN_PLACE[name], (3, 2))


@BOTH
def test_in_place_changes_without_gradient(t):
    x = t.ones(2, 2)
    y = x.view(-1)
    x += 1
    x.mul_(t.tensor([1.0, 2.0]))
    x[0] -= 1
    assert y.tolist() == [1, 3, 2, 4]
    assert x.copy_(t.tensor([5, 6])).tolist() == [[5, 6], [5, 6]]
    assert x.zero_().fill_(2).tolist() == [[2, 2], [2, 2]]


@BOTH
def test_leaves_change_in_place_under_no_grad(t):
    w = t.ones(2, requires_grad=True)
    with t.no_grad():
        w -= 0.5
    assert w.requires_grad and w.tolist() == [0.5, 0.5]


def test_in_place_changes_that_would_spoil_a_gradient():
    def change_a_leaf(t, x):
        x += 1

    def change_what_was_saved(t, x):
        y = x.exp()
        y += 1
        y.sum().backward()

    def change_under_no_grad(t, x):
        y = (x * x).sum()
        with t.no_grad():
            x.mul_(2)
        y.backward()

    def change_through_a_view(t, x):
        w = x.detach()
        y = (w * x).sum()
        w[0] = 5
        y.backward()

    for call in (change_a_leaf, change_what_was_saved, change_under_no_grad, change_through_a_view):
        check_error(call, (3,), match="in-place" if call is change_a_leaf else "inplace")


@BOTH
def test_in_place_changes_that_spoil_nothing(t):
    x = t.ones(3, requires_grad=True)
    y = x + 1
    with t.no_grad():
        y.mul_(5)  # an addition saved nothing
    y.sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


# What a layer or an operation returns may be a view: of memory of its own, or of what is gone.
LAYERS = {
    "linear": lambda nn: nn.Linear(4, 3),
    "layer norm": lambda nn: nn.LayerNorm(4),
    "batch norm": lambda nn: nn.BatchNorm1d(3),
    "encoder": lambda nn: nn.TransformerEncoderLayer(4, 2, 8, 0.0),
    "convolution": lambda nn: nn.Conv1d(3, 2, 2),
    "max pooling": lambda nn: nn.MaxPool1d(2),
    "adaptive pooling": lambda nn: nn.AdaptiveAvgPool1d(2),
    "gelu": lambda nn: nn.GELU(),
    "log sigmoid": lambda nn: nn.LogSigmoid(),
}
RESULTS = {
    "transposed": lambda t, x: (x * 2).transpose(0, 1),
    "flat": lambda t, x: (x * 2).flatten(1),
    "a slice": lambda t, x: (x * 2)[:, 0],
    "a quotient": lambda t, x: x / (x * x + 1),
    "unbatched linear": lambda t, x: t.nn.functional.linear(x[0, 0], x[0]),
    "unbatched convolution": lambda t, x: t.nn.functional.conv1d(x[0], x[:, :, :2]),
    "attention": lambda t, x: t.nn.MultiheadAttention(4, 2).to(x.dtype)(x, x, x)[0],
    "recurrent": lambda t, x: t.nn.GRU(4, 3).to(x.dtype)(x)[0],
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_a_layer_returns_may_change_in_place(name):
    check_module(lambda nn: nn.Sequential(LAYERS[name](nn), nn.ReLU(inplace=True)), (2, 3, 4))


@pytest.mark.parametrize("name", RESULTS)
def test_a_view_whose_memory_nobody_else_holds_may_change_in_place(name):
    def call(t, x):
        t.manual_seed(0)
        y = RESULTS[name](t, x)
        y += 1
        return y * y

    check(call, (2, 3, 4))


HOLDERS = {
    "the tensor": lambda y: (y, y.T),
    "a view": lambda y: y.split(1),
    "an array": lambda y: (y.detach().numpy(), y.T),
    "the way back": lambda y: (y.sigmoid().T,),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_view_is_not_changed_while_its_memory_is_held(name):
    *holder, view = HOLDERS[name](engine.ones(2, 3, requires_grad=True) * 2)
    with pytest.raises(RuntimeError, match="a view of another tensor"):
        view += 1
    if holder:
        holder.clear()
        view += 1
        assert view.tolist()[0][0] == 3


def test_an_expanded_tensor_is_not_changed_in_place():
    for grad in (True, False):
        words = ["single memory location", "clone"]
        check_error(lambda t, x: (x * 1).expand(2, 3).add_(1), (1, 3), match=words, grad=grad)


def test_a_view_taken_before_a_recorded_change_is_refused():
    x = engine.ones(2, requires_grad=True)
    y = x * 2
    first = y[0]
    y *= 3
    with pytest.raises(RuntimeError, match="shares memory"):
        first * 2


def test_results_that_do_not_fit_in_place():
    check_error(lambda t, x: x.detach().add_(t.ones(2, 3)), (3,), match=["[3]", "[2, 3]"])
    check_error(lambda t, i: i.add_(1.5), np.array([1, 2]), match="Long")
    check_error(lambda t, x: x.detach().fill_(t.ones(2)), (3,))
