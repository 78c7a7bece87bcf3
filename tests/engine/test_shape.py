"""Rearranging numbers, beside PyTorch's."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error
from hypothesis import given, settings
from hypothesis import strategies as st

import engine

CALLS = {
    "reshape": lambda t, x: x.reshape(4, 6),
    "reshape with a free size": lambda t, x: t.reshape(x, (-1, 3)),
    "view": lambda t, x: x.view(x.size(0), -1),
    "flatten": lambda t, x: x.flatten(),
    "flatten behind the batch": lambda t, x: t.flatten(x, 1),
    "flatten some": lambda t, x: x.flatten(0, 1),
    "transpose": lambda t, x: x.transpose(0, -1),
    "permute": lambda t, x: x.permute(2, 0, 1),
    "permute a tuple": lambda t, x: t.permute(x, (1, -1, 0)),
    "squeeze": lambda t, x: x.reshape(2, 1, 12, 1).squeeze(),
    "squeeze one": lambda t, x: x.reshape(2, 1, 12, 1).squeeze(1),
    "squeeze nothing": lambda t, x: x.squeeze(0),
    "unsqueeze": lambda t, x: x.unsqueeze(1),
    "unsqueeze at the end": lambda t, x: x.unsqueeze(-1),
    "expand": lambda t, x: x.unsqueeze(1).expand(-1, 5, -1, -1),
    "expand new axes": lambda t, x: x.expand(2, 2, 3, 4),
    "broadcast_to": lambda t, x: t.broadcast_to(x, (2, 2, 3, 4)),
    "repeat": lambda t, x: x.repeat(2, 1, 3),
    "repeat new axes": lambda t, x: x.repeat(2, 2, 1, 1),
    "cat": lambda t, x: t.cat([x, 2 * x], 1),
    "cat of another size": lambda t, x: t.cat([x, x[:, :1]], dim=1),
    "stack": lambda t, x: t.stack([x, x * 3], dim=-1),
    "split": lambda t, x: x.split(2, dim=1),
    "split in sections": lambda t, x: t.split(x, [1, 3], dim=2),
    "chunk": lambda t, x: x.chunk(3, dim=2),
    "more chunks than rows": lambda t, x: x.chunk(5, dim=0),
    "unbind": lambda t, x: x.unbind(1),
    "flip": lambda t, x: x.flip(0, 2),
    "flip a tuple": lambda t, x: t.flip(x, (1,)),
    "roll": lambda t, x: x.roll(1, 0),
    "roll two": lambda t, x: t.roll(x, (1, -2), (0, 2)),
    "roll flat": lambda t, x: x.roll(5),
    "tril": lambda t, x: x.tril(),
    "triu": lambda t, x: t.triu(x, 1),
    "clone": lambda t, x: x.clone(),
    "contiguous": lambda t, x: x.transpose(0, 1).contiguous().view(-1),
    "T": lambda t, x: x[0].T,
    "t": lambda t, x: x[0].t(),
    "to float32": lambda t, x: x.to(t.float32),
    "to float64": lambda t, x: x.double() * 2,
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    check(CALLS[name], (2, 3, 4))


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(4)), st.lists(st.integers(1, 3), min_size=4, max_size=4))
def test_any_permutation(order, shape):
    check(lambda t, x: x.permute(*order) * 2, tuple(shape))


def test_views_share_memory_as_in_pytorch():
    for t in (engine, torch):
        x = t.zeros(2, 3)
        x.view(-1)[0] = 1
        x.reshape(3, 2)[2, 1] = 2
        x.t()[1, 0] = 3
        x[0][2] = 4
        assert x.tolist() == [[1, 3, 4], [0, 0, 2]]


def test_joining_promotes_types():
    check(lambda t, x: t.cat([x, t.ones(2)]), np.array([1, 2]), grad=False)
    check(lambda t, x: t.stack([x, t.tensor([1, 2])]), np.array([True, False]))
    check(lambda t, x: t.cat([t.tensor([]), x]), (2, 3), dtypes=[np.float32])


def test_impossible_shapes():
    check_error(lambda t, x: x.reshape(5, 5), (2, 3), match="[5, 5]")
    check_error(lambda t, x: x.reshape(-1, -1), (2, 3))
    check_error(lambda t, x: x.t().view(6), (2, 3), match="reshape")
    check_error(lambda t, x: x.transpose(0, 2), (2, 3), match="2")
    check_error(lambda t, x: x.permute(0, 0), (2, 3))
    check_error(lambda t, x: x.permute(0), (2, 3))
    check_error(lambda t, x: x.expand(2, 4), (2, 3), match="[2, 4]")
    check_error(lambda t, x: x.expand(3), (2, 3))
    check_error(lambda t, x: x.repeat(2), (2, 3))
    check_error(lambda t, x: t.cat([x, x[:1]], 1), (2, 3), match="[1, 3]")
    check_error(lambda t, x: t.cat([]), (2, 3))
    check_error(lambda t, x: t.stack([x, x[:1]]), (2, 3), match="[1, 3]")
    check_error(lambda t, x: x.split(0), (2, 3))
    check_error(lambda t, x: x.split([1, 2]), (2, 3))
    check_error(lambda t, x: x.chunk(0), (2, 3))
    check_error(lambda t, x: x.flatten(1, 0), (2, 3))
    check_error(lambda t, x: x.unsqueeze(4), (2, 3), match="4")
    check_error(lambda t, x: x.tril(), (3,))
    check_error(lambda t, x: x.t(), (2, 3, 4))
    check_error(lambda t, x: x.roll((1, 2), 0), (2, 3))
