"""LayerNorm and F.layer_norm beside PyTorch's."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn


def norm(shape, **options):
    return lambda t, x, *parameters: t.nn.functional.layer_norm(x, shape, *parameters, **options)


@settings(deadline=None)
@given(lead=st.lists(st.integers(0, 3), max_size=2), shape=st.lists(st.integers(1, 4), min_size=1,
       max_size=2), affine=st.booleans(), bias=st.booleans())  # fmt: skip
def test_layer_norm_of_the_last_axes(lead, shape, affine, bias):
    make = lambda nn: nn.LayerNorm(shape, elementwise_affine=affine, bias=bias)  # noqa: E731
    check_module(make, (*lead, *shape))


def test_functional_layer_norm_takes_any_parameters():
    check(norm((4,)), (3, 4))
    check(norm([4]), (3, 4), (4,))
    check(norm((3, 4), eps=0.1), (2, 3, 4), (3, 4), (3, 4))
    check(lambda t, x, b: t.nn.functional.layer_norm(x, (4,), None, b), (3, 4), (4,))
    check(norm((0,)), (3, 0), (0,), (0,))


def test_layer_norm_of_what_does_not_lie_in_order():
    check(lambda t, x, w: t.nn.functional.layer_norm(x.transpose(0, 2), (3,), w), (3, 5, 2), (3,))
    check(lambda t, x: t.nn.functional.layer_norm(x[::2, 1:], (3,)), (5, 4))


def test_large_means_do_not_spoil_the_variance():
    # A number near 1000 has an error of 3e-5 in float32, a ten-thousandth of the deviation.
    check(norm((64,)), (4, 64), low=1000, high=1001, tolerance=1e-3, dtypes=(np.float32,))
    check(norm((64,)), (4, 64), low=1000, high=1001, tolerance=1e-8, dtypes=(np.float64,))


def test_a_layer_norm_is_shared():
    check_module(lambda nn: nn.LayerNorm(4), (3, 4), call=lambda m, x: m(m(x) * 2))


def test_parameters_start_at_one_and_zero():
    layer = nn.LayerNorm((2, 3), dtype=engine.float64)
    assert (layer.weight == 1).all() and (layer.bias == 0).all()
    assert layer.weight.shape == (2, 3) and layer.bias.dtype == engine.float64
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(3, elementwise_affine=False).state_dict()) == []


@pytest.mark.parametrize("shape", [4, (2, 3), [5], torch.Size([2])])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"elementwise_affine": False}])
def test_layer_norm_prints_as_pytorchs(shape, options):
    assert repr(nn.LayerNorm(shape, 1e-3, **options)) == repr(
        torch.nn.LayerNorm(shape, 1e-3, **options)
    )


def test_shapes_and_dtypes_that_do_not_fit():
    check_error(lambda t, x: t.nn.LayerNorm(4)(x), (2, 3), match=["[*, 4]", "[2, 3]"])
    check_error(norm((2, 3)), (3,), match=["[*, 2, 3]", "[3]"])
    check_error(norm((3,)), (2, 3), (4,), match=["[3]", "[4]"])
    check_error(norm((3,)), (2, 3), (3,), (1,), match=["[3]", "[1]"])
    check_error(norm(()), (2, 3), match="[]")
    check_error(lambda t, x: t.nn.LayerNorm(())(x), (2, 3), match="[2, 3]")
    check_error(lambda t, x: t.nn.LayerNorm(3)(x.double()), (2, 3), match=["float64", "float32"])
    check_error(norm((3,)), np.ones((2, 3), np.int64), match="Long")
    check_error(norm((3,)), np.ones((2, 3), np.int64), (3,), match=["int64", "float32"])
    check_error(norm(3), (2, 3))
    check_error(lambda t: t.nn.functional.layer_norm([1.0], (1,)), match="list")
    check_error(lambda t: t.nn.LayerNorm(-1), match="-1")
