"""Activations: values, gradients and errors are PyTorch's."""

import math

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import engine
from engine.autograd import constant
from engine.nn import functional as F
from engine.ops.activation import erf

NAMES = [
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "logsigmoid",
    "tanh",
    "softplus",
]
WITH_INPLACE = ["relu", "leaky_relu", "elu", "selu", "silu"]
EXTREMES = np.array([0.0, -0.0, 1e-30, -1e-30, 15, -15, 40, -40, 88, -88, 104, -104, 1000, -1000])
numbers = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4),
                        elements=st.floats(-30, 30))  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, "softmax", "log_softmax", "linear"])
def test_the_input_has_pytorchs_name(name):
    def call(t, x, weight):
        more = {"dim": 1} if "softmax" in name else {}
        more |= {"weight": weight} if name == "linear" else {}
        return getattr(t.nn.functional, name)(input=x, **more) * weight.sum()

    check(call, np.array([[1.0, -2.0, 3.0]]), np.array([[0.5, 1.0, -2.0]]))


@pytest.mark.parametrize("name", NAMES)
@given(x=numbers)
def test_value_and_gradient_are_pytorchs(name, x):
    check(lambda t, x: getattr(t.nn.functional, name)(x), x)


@pytest.mark.parametrize("name", NAMES)
def test_large_and_tiny_numbers_stay_finite_and_right(name):
    check(lambda t, x: getattr(t.nn.functional, name)(x), EXTREMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 1, 3)])
def test_any_shape_is_allowed(name, shape):
    check(lambda t, x: getattr(t.nn.functional, name)(x), shape)


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_visible(name):
    y = getattr(F, name)(engine.tensor([math.nan, 1.0]))
    assert y.isnan().tolist() == [True, False]


def test_relu_passes_the_gradient_of_nan_on():
    check(lambda t, x: t.relu(x), np.array([math.nan, math.inf, -math.inf]))


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.5, -0.3])
def test_leaky_relu_takes_any_slope(slope):
    check(lambda t, x: t.nn.functional.leaky_relu(x, slope), (4, 5))


@pytest.mark.parametrize("alpha", [0.0, 0.5, 3.0, -1.0])
def test_elu_takes_any_alpha(alpha):
    check(lambda t, x: t.nn.functional.elu(x, alpha), (4, 5))


@pytest.mark.parametrize(("beta", "threshold"), [(1, 20), (2, 1), (0.5, 0), (3, -2), (0, 20)])
def test_softplus_is_the_identity_above_its_threshold(beta, threshold):
    check(lambda t, x: t.nn.functional.softplus(x, beta, threshold), (4, 5), grad=beta > 0)


def test_gelu_has_an_approximation_by_tanh():
    check(lambda t, x: t.nn.functional.gelu(x, approximate="tanh"), (40,), low=-6, high=6)


def test_gelu_refuses_other_approximations():
    check_error(lambda t, x: t.nn.functional.gelu(x, approximate="erf"), (3,), match="'erf'")


def test_erf_is_exact_to_one_unit_of_1():
    x = np.linspace(-7, 7, 100_001)
    assert np.abs(erf(x) - torch.erf(torch.from_numpy(x)).numpy()).max() < 3e-16
    single = x.astype(np.float32)
    assert np.abs(erf(single) - torch.erf(torch.from_numpy(single)).numpy()).max() < 1.3e-7


def test_sigmoid_keeps_its_relative_precision_far_from_zero():
    x = np.linspace(-80, 30, 10_001)
    expected = torch.sigmoid(torch.from_numpy(x)).numpy()
    assert np.abs(F.sigmoid(constant(x)).array / expected - 1).max() < 5e-16
    single = F.sigmoid(engine.tensor([-20.0, -60.0])).array
    np.testing.assert_allclose(single, np.exp([-20.0, -60.0]), rtol=1e-6)


@pytest.mark.parametrize("name", WITH_INPLACE)
def test_inplace_writes_into_the_input_and_keeps_the_gradient(name):
    def call(t, x):
        y = x * 3
        z = getattr(t.nn.functional, name)(y, inplace=True)
        return z is y, z

    check(call, (4, 5))


@pytest.mark.parametrize("name", WITH_INPLACE)
def test_inplace_on_a_leaf_that_requires_grad_is_refused(name):
    check_error(lambda t, x: getattr(t.nn.functional, name)(x, inplace=True), (3,), match="leaf")


def test_inplace_change_of_a_saved_value_is_noticed():
    check_error(
        lambda t, x: [y := x.sigmoid(), y.mul_(2), y.sum().backward()], (3,), match="inplace"
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("integers", [np.array([1, -2]), np.array([True, False])])
def test_integers_are_taken_or_refused_as_in_pytorch(name, integers):
    check(lambda t, x: getattr(t.nn.functional, name)(x), integers, may_raise=True)


@pytest.mark.parametrize("name", ["relu", "elu", "gelu", "silu", "softplus"])
def test_what_is_no_tensor_is_refused(name):
    check_error(lambda t: getattr(t.nn.functional, name)(1.0), match=["Tensor", "float"])


@pytest.mark.parametrize("name", NAMES)
def test_the_node_has_pytorchs_name(name):
    check(lambda t, x: getattr(t.nn.functional, name)(x).grad_fn.name(), (3,))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@given(x=numbers, dim=st.integers(-4, 3))
def test_softmax_along_any_dim(name, x, dim):
    check(lambda t, x: getattr(t.nn.functional, name)(x, dim), x, may_raise=True)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    "row",
    [[1000.0, 0, -1000], [-math.inf, 0, 1], [-math.inf] * 2, [math.inf, 1], [math.nan, 1]],
)
def test_softmax_of_extreme_scores(name, row):
    check(lambda t, x: getattr(t.nn.functional, name)(x, dim=0), np.array(row), grad=False)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0)])
def test_softmax_of_empty_and_single_tensors(name, shape):
    check(lambda t, x: getattr(t.nn.functional, name)(x, dim=-1), shape)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_computes_in_the_given_dtype(name):
    check(lambda t, x: getattr(t.nn.functional, name)(x, 0, dtype=t.float64), (3, 2))
    check(lambda t, x: getattr(t.nn.functional, name)(x, 0, dtype=t.float32), np.arange(4))
    check_error(lambda t, x: getattr(t.nn.functional, name)(x, 0), np.arange(4), match="Long")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_without_dim_is_refused_by_name(name):
    with pytest.raises(NotImplementedError, match="dim=None"):
        getattr(F, name)(engine.ones(2, 3))


def test_softmax_refuses_a_dim_outside():
    check_error(lambda t, x: t.softmax(x, 2), (2, 3), match=["[-2, 1]", "2"])
    check_error(lambda t, x: t.softmax(x, "rows"), (2, 3), match="str")


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.ReLU(),
        lambda nn: nn.ReLU(inplace=False),
        lambda nn: nn.LeakyReLU(0.2),
        lambda nn: nn.ELU(0.7),
        lambda nn: nn.SELU(),
        lambda nn: nn.GELU(),
        lambda nn: nn.GELU("tanh"),
        lambda nn: nn.SiLU(),
        lambda nn: nn.Sigmoid(),
        lambda nn: nn.LogSigmoid(),
        lambda nn: nn.Tanh(),
        lambda nn: nn.Softplus(2, 5),
        lambda nn: nn.Softplus(),
        lambda nn: nn.Softmax(dim=1),
        lambda nn: nn.LogSoftmax(dim=-1),
    ],
)
def test_modules_are_pytorchs(make):
    check_module(make, (4, 5))


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU", "ELU", "SELU", "SiLU"])
def test_inplace_modules_are_pytorchs(name):
    check_module(lambda nn: getattr(nn, name)(inplace=True), (4, 5), call=lambda m, x: m(x * 2))
