"""Arithmetic, comparison and the functions of school, beside PyTorch's."""

import itertools

import numpy as np
import pytest
import torch
from against_torch import check, check_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import engine

BINARY = {
    "add": lambda t, x, y: x + y,
    "sub": lambda t, x, y: x - y,
    "mul": lambda t, x, y: x * y,
    "div": lambda t, x, y: x / y,
    "maximum": lambda t, x, y: t.maximum(x, y),
    "minimum": lambda t, x, y: t.minimum(x, y),
    "remainder": lambda t, x, y: x % y,
    "where": lambda t, x, y: t.where(x > y, x, y),
}
UNARY = {
    "neg": lambda t, x: -x,
    "abs": lambda t, x: t.abs(x),
    "exp": lambda t, x: x.exp(),
    "sin": lambda t, x: t.sin(x),
    "cos": lambda t, x: x.cos(),
    "sign": lambda t, x: x.sign(),
    "round": lambda t, x: x.round(),
    "clamp": lambda t, x: x.clamp(-0.5, 0.5),
    "clamp from below": lambda t, x: t.clamp(x, min=0.1),
    "clamp from above": lambda t, x: t.clamp(x, max=0.1),
    "square": lambda t, x: x**2,
    "cube": lambda t, x: x**3,
    "reciprocal": lambda t, x: 1 / x,
    "scaled": lambda t, x: 3 * x - x / 4 + 1,
    "from a number": lambda t, x: 2 - x,
    "exponential of 2": lambda t, x: 2**x,
    "masked": lambda t, x: x.masked_fill(x > 0, -7.5),
}


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=25, deadline=None)
@given(shapes=mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=4, max_dims=4))
def test_binary_operations_broadcast_as_pytorch_does(name, shapes):
    check(BINARY[name], *shapes.input_shapes)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 4), (2, 0, 3)])
def test_unary_operations(name, shape):
    check(UNARY[name], shape)


@pytest.mark.parametrize("call", [lambda t, x: x.log(), lambda t, x: x.sqrt(), lambda t, x: x**0.5,
                                  lambda t, x: x**-2, lambda t, x: 2.5**x])  # fmt: skip
def test_functions_of_positive_numbers(call):
    check(call, (5, 3), low=0.1, high=3.0)


def test_power_of_two_tensors():
    check(lambda t, x, y: x**y, (4, 3), (3,), low=0.1, high=2.0)


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_edges_give_infinities_and_nan_like_pytorch(name):
    check(lambda t, x: getattr(x, name)(), np.array([0.0, -1.0, np.inf, np.nan, 1e-300]))


def test_division_by_zero_is_infinite():
    check(lambda t, x, y: x / y, np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.0]))
    check(lambda t, x: x / 0, np.array([1.0, -1.0, 0.0]))


def test_equal_numbers_share_the_gradient_of_maximum():
    check(lambda t, x, y: t.maximum(x, y), np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
    check(lambda t, x, y: x.clamp(min=y), np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))


@pytest.mark.parametrize("bounds", [(1.0, 2.0), (2.0, 1.0), (None, 2), (1, None), (1, 1)])
def test_clamp_takes_any_bounds(bounds):
    check(lambda t, x: t.clamp(x, *bounds), np.array([0.5, 1.0, 1.5, 2.0, 3.0, np.nan]))
    check(lambda t, x: t.clamp(x, *bounds), np.array([0, 1, 2, 3]))
    check(lambda t, x: x.clamp(*bounds).grad_fn.name(), (3,))


@pytest.mark.parametrize("x,y", [(1, 0), (1.0, 0), (1.5, 2.5), (True, False), (2, 0.5)])
def test_where_takes_numbers(x, y):
    check(lambda t, mask: t.where(mask, x, y), np.array([True, False]))
    check(lambda t, mask, z: t.where(mask, x, z), np.array([True, False]), (3, 2))
    check(lambda t, mask, z: t.where(mask, z, y), np.array([True, False]), np.array([3, 4]))


def test_power_has_pytorchs_gradient_at_zero():
    check(lambda t, x: x**0, np.array([0.0, 1.0, -2.0]))
    check(lambda t, x: x**2, np.array([0.0, 1.0, -2.0]))
    check(lambda t, x, y: x**y, np.array([0.0, 0.0, 2.0]), np.array([0.0, 2.0, 0.0]))


KINDS = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_]


def same_type_and_values(call, *arrays):
    ours = call(engine, *(engine.from_numpy(a) for a in arrays))
    theirs = call(torch, *(torch.from_numpy(a) for a in arrays))
    assert repr(ours.dtype) == repr(theirs.dtype)
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("left,right", list(itertools.product(KINDS, KINDS)))
@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())])
def test_type_promotion(left, right, shapes):
    x, y = np.ones(shapes[0], left), np.ones(shapes[1], right)
    for call in (
        lambda t, x, y: x + y,
        lambda t, x, y: x * y,
        lambda t, x, y: x / y,
        lambda t, x, y: t.where(x == y, x, y),
    ):
        same_type_and_values(call, x, y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [True, 2, 2.5])
def test_python_numbers_promote_only_by_kind(kind, number):
    for call in (lambda t, x: x + number, lambda t, x: number * x, lambda t, x: x / number):
        same_type_and_values(call, np.ones(3, kind))


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons(operator):
    call = eval(f"lambda t, x, y: x {operator} y")
    check(call, np.array([1.0, 2.0, np.nan]), np.array([1.0, 1.0, np.nan]), grad=False)
    check(eval(f"lambda t, x: x {operator} 2"), np.array([1, 2, 3]), grad=False)


@pytest.mark.parametrize("call", [lambda t, x, y: x & y, lambda t, x, y: x | y,
                                  lambda t, x, y: x ^ y, lambda t, x, y: ~x])  # fmt: skip
def test_logical_operators(call):
    check(call, np.array([True, True, False]), np.array([True, False, False]))
    check(call, np.array([6, 5, 0]), np.array([3, 5, 1]))


def test_integer_division_and_remainder_round_down():
    for y in (np.array([2, -2, 3]), np.array([-3, 3, 2])):
        check(lambda t, x, y: x // y, np.array([7, 7, -7]), y)
        check(lambda t, x, y: x % y, np.array([7, 7, -7]), y)
    check(lambda t, x: x // 2, np.array([7.5, -7.5]), grad=False)


def test_tests_for_special_numbers():
    x = np.array([1.0, np.nan, np.inf, -np.inf])
    for name in ("isnan", "isinf", "isfinite"):
        check(lambda t, x, name=name: getattr(t, name)(x), x, grad=False)


def test_operators_refuse_what_pytorch_refuses():
    bools = np.array([True, False])
    check_error(lambda t, x, y: x - y, bools, bools, match="bool")
    check_error(lambda t, x: -x, bools, match="bool")
    check_error(lambda t, x, y: x & y, (2,), (2,), match="float32")
    check_error(lambda t, x: ~x, (2,), match="float32")
    check_error(lambda t, x: x // 0, np.array([1, 2]))
    check_error(lambda t, x, y: x + y, (2, 3), (4,), match=["[2, 3]", "[4]"])
    check_error(lambda t, x: t.where(x, x, x), (2,), match="float")
    check_error(lambda t, x: x.masked_fill(x, 0), (2,), match="float")
    check_error(lambda t, x: x.clamp(), (2,))
    check_error(lambda t, x: x**-1, np.array([1, 2]), match="-1")
    check_error(lambda t, x: t.exp(2.0), (2,), match="float")
    check_error(lambda t, x: x + "1", (2,))


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50), st.floats(-50, 50))
def test_values_agree_at_generated_numbers(a, b):
    check(lambda t, x, y: (x - y).abs() * y.cos() + t.maximum(x, y) / 3, np.array(a), np.array(b),
          dtypes=[np.float64])  # fmt: skip
