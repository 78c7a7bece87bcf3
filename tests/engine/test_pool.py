"""Pooling: maxima, means and adaptive means in 1, 2 and 3 dimensions."""

import numpy as np
import pytest
from against_torch import check, check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F


@st.composite
def pools(draw, kind):
    """Arguments of a layer that fit each other, and the shape of its input."""
    dims = draw(st.integers(1, 3))
    per_axis = st.lists(st.integers(1, 3), min_size=dims, max_size=dims).map(tuple)
    kernel, dilation = draw(per_axis), draw(per_axis) if kind == "Max" else (1,) * dims
    options = {"stride": draw(st.one_of(st.none(), st.integers(1, 3), per_axis))}
    options["padding"] = draw(st.integers(0, min(kernel) // 2))
    options["ceil_mode"] = draw(st.booleans())
    if kind == "Max":
        options["dilation"] = dilation
    else:
        options["count_include_pad"] = draw(st.booleans())
        if dims > 1:
            options["divisor_override"] = draw(st.sampled_from([None, 3]))
    sizes = [d * (k - 1) + draw(st.integers(1, 4)) for d, k in zip(dilation, kernel, strict=True)]
    batch = draw(st.sampled_from([(), (1,), (2,)]))
    return f"{kind}Pool{dims}d", (kernel,), options, (*batch, 2, *sizes)


@settings(max_examples=60)
@given(st.one_of(pools("Max"), pools("Avg")))
def test_every_combination_of_arguments(arguments):
    name, sizes, options, shape = arguments
    check_module(lambda t: getattr(t, name)(*sizes, **options), shape)


@settings(max_examples=40)
@given(st.data())
def test_adaptive_means_of_every_size(data):
    dims = data.draw(st.integers(1, 3))
    sizes = data.draw(st.lists(st.integers(1, 7), min_size=dims, max_size=dims))
    keep = st.none() if dims > 1 else st.nothing()
    size = st.one_of(st.integers(1, 5), keep)
    wanted = data.draw(st.one_of(st.integers(1, 5), st.tuples(*[size] * dims)))
    batch = data.draw(st.sampled_from([(), (0,), (2,)]))
    make = f"AdaptiveAvgPool{dims}d"
    check_module(lambda t: getattr(t, make)(wanted), (*batch, 3, *sizes))


@pytest.mark.parametrize("name", ["MaxPool2d", "AvgPool2d"])
def test_an_empty_batch(name):
    check_module(lambda t: getattr(t, name)(2), (0, 3, 4, 4))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_functions_take_pytorchs_arguments_in_its_order(dims):
    def call(t, x):
        f = t.nn.functional
        functions = [getattr(f, f"{name}_pool{dims}d") for name in ("max", "avg", "adaptive_avg")]
        largest, mean, adaptive = functions
        results = largest(x, 3, 2, 1, 1, True), mean(x, 3, 2, 1, True, False), adaptive(x, 2)
        return (*results, largest(x, kernel_size=2), mean(x, kernel_size=2, stride=1))

    check(call, (2, 3, *[6] * dims))


def test_the_first_of_equal_maxima_takes_the_gradient():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 2:] = 1.0
    check(lambda t, x: t.nn.functional.max_pool2d(x, 2), x)
    check(lambda t, x: t.nn.functional.max_pool2d(x, 3, 1, 1), x)
    check(lambda t, x: t.nn.functional.max_pool2d(x.clamp(min=5.0), 2), x)


def test_an_input_of_infinities():
    check(lambda t, x: t.nn.functional.max_pool1d(x, 2), np.full((1, 1, 4), -np.inf))


def test_nan_stays_visible():
    x = np.zeros((1, 1, 2, 4))
    x[0, 0, 1, 0] = np.nan
    check(lambda t, x: t.nn.functional.max_pool2d(x, 2), x, grad=False)


def test_input_may_lie_anyhow_in_memory():
    for name in ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"):
        check(lambda t, x, name=name: getattr(t.nn.functional, name)(x.transpose(1, 3)[:, ::2], 2),
              (3, 6, 4, 4))  # fmt: skip


def test_global_average_pooling_is_the_mean_of_each_channel():
    x = engine.rand(2, 3, 5, 4)
    y = F.adaptive_avg_pool2d(x, (1, 1))
    np.testing.assert_allclose(y.numpy(), x.numpy().mean((2, 3), keepdims=True), rtol=1e-6)


ERRORS = {
    "more padding than half a window": (lambda t, x: t.nn.MaxPool2d(2, padding=2)(x), ["2"]),
    "as much for means": (lambda t, x: t.nn.AvgPool2d(2, padding=2)(x), ["2"]),
    "a window larger than the input": (lambda t, x: t.nn.MaxPool2d(7)(x), ["7 x 7", "5 x 5"]),
    "means larger than the input": (lambda t, x: t.nn.AvgPool2d(7)(x), ["7 x 7", "5 x 5"]),
    "a vector": (lambda t, x: t.nn.MaxPool1d(2)(x[0, 0, 0]), ["3D", "[5]"]),
    "a matrix for images": (lambda t, x: t.nn.MaxPool2d(2)(x[0, 0]), ["4D", "[5, 5]"]),
    "a stride of 0": (lambda t, x: t.nn.MaxPool2d(2, stride=0)(x), ["stride", "0"]),
    "a kernel of 0": (lambda t, x: t.nn.MaxPool2d(0)(x), ["kernel_size", "0"]),
    "negative padding": (lambda t, x: t.nn.MaxPool2d(2, padding=-1)(x), ["padding", "-1"]),
    "a dilation of 0": (lambda t, x: t.nn.MaxPool2d(2, dilation=0)(x), ["dilation", "0"]),
    "three sizes for two axes": (lambda t, x: t.nn.MaxPool2d((2, 2, 2))(x), ["(2, 2, 2)"]),
    "no channels": (lambda t, x: t.nn.MaxPool2d(2)(x[:, :0]), ["[2, 0, 5, 5]"]),
    "a divisor of 0": (lambda t, x: t.nn.AvgPool2d(2, divisor_override=0)(x), ["divisor"]),
    "a negative size": (lambda t, x: t.nn.AdaptiveAvgPool2d(-1)(x), ["output_size", "-1"]),
    "one size of two": (lambda t, x: t.nn.AdaptiveAvgPool2d((2,))(x), ["output_size", "2"]),
    "integers": (lambda t, x: t.nn.AdaptiveAvgPool2d(2)(x.long()), ["Long"]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_pytorchs_errors_say_what_was_seen(name):
    call, words = ERRORS[name]
    check_error(call, (2, 3, 5, 5), match=words)


def test_indices_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="return_indices"):
        nn.MaxPool2d(2, return_indices=True)(engine.ones(1, 1, 4, 4))
