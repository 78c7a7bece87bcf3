"""Picking numbers by position, beside PyTorch's."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error

import engine

INDICES = {
    "a number": lambda t, x: x[1],
    "a negative number": lambda t, x: x[-1, 2],
    "a slice": lambda t, x: x[1:],
    "slices": lambda t, x: x[:, 1:3],
    "a step": lambda t, x: x[:, ::2],
    "a new axis": lambda t, x: x[:, None],
    "ellipsis": lambda t, x: x[..., 0],
    "a list": lambda t, x: x[[0, 2, 0]],
    "a list behind a slice": lambda t, x: x[:, [1, 1, 3]],
    "an integer tensor": lambda t, x: x[t.tensor([2, 0])],
    "a matrix of integers": lambda t, x: x[t.tensor([[2, 0], [1, 1]])],
    "two integer tensors": lambda t, x: x[t.arange(3), t.tensor([1, 3, 0])],
    "a bool tensor": lambda t, x: x[x > 0],
    "a bool row": lambda t, x: x[t.tensor([True, False, True])],
    "a 0-d tensor": lambda t, x: x[t.tensor(1)],
    "True": lambda t, x: x[True],
}


@pytest.mark.parametrize("name", INDICES)
def test_values_and_gradients(name):
    check(INDICES[name], (3, 4))


def test_iteration_gives_rows():
    check(lambda t, x: list(x), (3, 4))


def test_gather_and_index_select():
    check(lambda t, x, i: x.gather(1, i), (3, 4), np.array([[0, 0], [3, 1], [2, 2]]))
    check(lambda t, x, i: t.gather(x, 0, i), (3, 4), np.array([[2, 0, 1]]))
    check(lambda t, x, i: x.index_select(1, i), (3, 4), np.array([3, 3, 0]))
    check(lambda t, x, i: t.index_select(x, 0, i), (3, 4), np.array([1]))
    check(lambda t, x, i: x.gather(0, i), (), np.array(0))


def test_assignment():
    for t in (engine, torch):
        x = t.zeros(3, 4)
        x[0] = 1
        x[1, 1:3] = t.tensor([2.0, 3.0])
        x[x == 0] = -1
        x[t.tensor([2]), t.tensor([0])] = 9
        x[2, 3] += 5
        assert x.tolist() == [[1, 1, 1, 1], [-1, 2, 3, -1], [9, -1, -1, 4]]


def test_one_hot():
    check(lambda t, i: t.nn.functional.one_hot(i), np.array([[0, 2], [1, 0]]))
    check(lambda t, i: t.nn.functional.one_hot(i, 5), np.array([0, 2]))
    check_error(lambda t, i: t.nn.functional.one_hot(i, 2), np.array([0, 2]), match="2")
    check_error(lambda t, i: t.nn.functional.one_hot(i), np.array([-1]), match="-1")


def test_positions_outside():
    check_error(lambda t, x: x[5], (3, 4), match="5")
    check_error(lambda t, x: x[0, 0, 0], (3, 4))
    check_error(lambda t, x: x[t.tensor([7])], (3, 4), match="7")
    check_error(lambda t, x: x[x], (3, 4))
    check_error(lambda t, x: x[::-1], (3, 4), match="-1")
    check_error(lambda t, x: x.gather(1, t.tensor([[9]])), (3, 4), match="9")
    check_error(lambda t, x: x.index_select(0, t.tensor([9])), (3, 4), match="9")
    check_error(lambda t, x: x.index_select(0, t.tensor([-1])), (3, 4))
    check_error(lambda t, x: x.gather(1, t.tensor([[-1]])), (3, 4), match="-1")
    check_error(lambda t, x: x.gather(1, t.tensor([[0]] * 4)), (3, 4), match=["[4, 1]", "[3, 4]"])
    check_error(lambda t, x: x.detach().__setitem__(0, t.ones(3)), (3, 4), match=["(3,)", "(4,)"])
    check_error(lambda t, x: x[1].item(), (3, 4), match="4 elements")
    check_error(lambda t, x: bool(x), (3, 4))
