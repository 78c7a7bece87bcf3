"""Sums, means, extrema and their kin, beside PyTorch's."""

import numpy as np
import pytest
from against_torch import check, check_error

DIMS = [None, 0, -1, (0, 2), (1,)]
ALONG = ["sum", "mean", "var", "std", "amax", "amin", "norm", "any", "all"]


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("keepdim", [False, True])
def test_reductions_along_axes(name, dim, keepdim):
    options = {"keepdim": keepdim} if dim is not None else {}
    grad = name not in ("any", "all")

    def call(t, x):
        return getattr(x, name)(**({"dim": dim} if dim is not None else {}), **options)

    check(call, (2, 3, 4), grad=grad)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("keepdim", [False, True])
def test_extrema_along_an_axis_come_with_indices(name, keepdim):
    def call(t, x):
        found = getattr(x, name)(1, keepdim=keepdim)
        return found.values, found.indices

    check(call, (3, 4))
    check(call, np.array([[1.0, 2.0, 2.0], [3.0, 3.0, 1.0]]))


@pytest.mark.parametrize("name", ["max", "min"])
def test_extrema_along_every_axis_and_as_printed(name):
    for dim in (0, 1, -1):
        check(lambda t, x, dim=dim: tuple(getattr(x, name)(dim)), (2, 3, 4))
    check(lambda t, x: tuple(getattr(x, name)(0)), ())
    check(lambda t, x: repr(getattr(x, name)(0)), (3, 4))


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
def test_equal_extrema_share_the_gradient(name):
    check(lambda t, x: getattr(x, name)(), np.array([[1.0, 3.0, 3.0], [1.0, 1.0, 3.0]]))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_positions_of_extrema(name):
    x = np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 4.0]])
    check(lambda t, x: getattr(x, name)(), x, grad=False)
    check(lambda t, x: getattr(x, name)(1), x, grad=False)
    check(lambda t, x: getattr(x, name)(dim=0, keepdim=True), x, grad=False)


@pytest.mark.parametrize("correction", [0, 1, 2])
def test_variance_divides_by_n_minus_correction(correction):
    check(lambda t, x: t.var(x, dim=0, correction=correction), (5, 3))
    check(lambda t, x: x.std(dim=(0, 1), correction=correction, keepdim=True), (5, 3))


def test_the_older_spelling_of_the_correction():
    check(lambda t, x: x.std(unbiased=False), (5, 3))
    check(lambda t, x: x.var(0, unbiased=True), (5, 3))


def test_variance_of_one_number_is_nan():
    check(lambda t, x: x.var(), (1,), grad=False)


@pytest.mark.parametrize("p", [1, 2, 3, 0.5, float("inf"), -float("inf"), 0, "fro"])
def test_norms(p):
    check(lambda t, x: x.norm(p), (3, 4))
    if p != "fro":
        check(lambda t, x: t.norm(x, p, dim=1), (3, 4))


def test_the_deviation_of_equal_numbers_has_gradient_zero():
    check(lambda t, x: x.std(0), np.ones((3, 2)))


def test_the_norm_of_zeros_has_gradient_zero():
    check(lambda t, x: x.norm(), np.zeros((2, 2)))


def test_cumulative_sum():
    check(lambda t, x: x.cumsum(0), (4, 3))
    check(lambda t, x: t.cumsum(x, dim=-1), (4, 3))
    check(lambda t, x: x.cumsum(0), np.array([True, True, False]))


def test_sums_of_integers_and_booleans_are_int64():
    check(lambda t, x: x.sum(), np.array([True, True]))
    check(lambda t, x: x.sum(0), np.array([[1, 2]], np.int32))
    check(lambda t, x: x.sum(dtype=t.float64), np.array([1, 2]))
    check(lambda t, x: x.float().mean(), np.array([1, 2]))


def test_unique_values():
    x = np.array([[3, 1], [1, 2]])
    check(lambda t, x: t.unique(x), x)
    check(lambda t, x: x.unique(return_inverse=True, return_counts=True), x)
    check(lambda t, x: x.unique(dim=0), np.array([[1, 2], [1, 2], [0, 5]]))


def test_empty_tensors():
    check(lambda t, x: x.sum(), (0, 3))
    check(lambda t, x: x.sum(0), (0, 3))
    check(lambda t, x: x.mean(), (0,), grad=False)
    check_error(lambda t, x: x.max(), (0,))
    check_error(lambda t, x: x.argmax(), (0,))
    check_error(lambda t, x: x.max(0), (0, 3))


def test_numbers_without_axes():
    for name in ("sum", "mean", "max", "min", "argmax"):
        check(lambda t, x, name=name: getattr(x, name)(), (), grad=name != "argmax")
    check(lambda t, x: x.sum(0), ())


def test_bad_dims_and_types():
    check_error(lambda t, x: x.sum(2), (2, 3), match=["[-2, 1]", "2"])
    check_error(lambda t, x: x.sum((0, 0)), (2, 3))
    check_error(lambda t, x: x.mean(), np.array([1, 2]), match="Long")
    check_error(lambda t, x: x.max(3), (2, 3), match="3")
