"""Convolution in 1, 2 and 3 dimensions: values, gradients, sizes and errors of PyTorch."""

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F


def layer(t, dims, *args, **options):
    return getattr(t, f"Conv{dims}d")(*args, **options)


@st.composite
def convolutions(draw):
    """Arguments of a layer that fit each other, and the shape of its input."""
    dims, groups = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    per_axis = st.lists(st.integers(1, 3), min_size=dims, max_size=dims).map(tuple)
    kernel, stride, dilation = draw(per_axis), draw(per_axis), draw(per_axis)
    padding = draw(st.one_of(st.integers(0, 2), per_axis, st.sampled_from(["same", "valid"])))
    assume(padding != "same" or max(stride) == 1)
    channels = tuple(groups * draw(st.integers(1, 2)) for _ in range(2))
    sizes = [d * (k - 1) + draw(st.integers(1, 4)) for d, k in zip(dilation, kernel, strict=True)]
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    options["bias"] = draw(st.booleans())
    return (dims, *channels, kernel), options, (*batch, channels[0], *sizes)


@settings(max_examples=60)
@given(convolutions())
def test_every_combination_of_arguments(arguments):
    (dims, *sizes), options, shape = arguments
    check_module(lambda t: layer(t, dims, *sizes, **options), shape)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_function_takes_what_the_layer_takes(dims):
    shapes = (2, 4, *[5] * dims), (6, 2, *[3] * dims), (6,)

    def call(t, x, w, b):
        conv = getattr(t.nn.functional, f"conv{dims}d")
        named = conv(x, w, bias=None, stride=2, padding=1, dilation=1, groups=2)
        return conv(x, w, b, 1, "same", 1, 2), named

    check(call, *shapes)


def test_sizes_follow_the_formula_with_floor_and_dilation():
    for size, kernel, stride, padding, dilation in [
        (7, 3, 2, 0, 1),
        (8, 3, 2, 0, 1),
        (9, 3, 3, 1, 2),
    ]:
        y = nn.Conv1d(1, 1, kernel, stride, padding, dilation)(engine.ones(1, 1, size))
        reach = dilation * (kernel - 1) + 1
        assert y.shape[-1] == (size + 2 * padding - reach) // stride + 1


def test_it_is_a_cross_correlation():
    """The textbook: one sum for each window."""
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(shape) for shape in ((2, 3, 6, 7), (4, 3, 2, 3), (4,)))
    ours = F.conv2d(*map(engine.tensor, (x, w, b)), stride=(2, 1)).numpy()
    for n, o, i, j in np.ndindex(ours.shape):
        window = x[n, :, 2 * i : 2 * i + 2, j : j + 3]
        assert ours[n, o, i, j] == pytest.approx((window * w[o]).sum() + b[o])


@pytest.mark.parametrize("order", ["NHWC", "sliced", "transposed"])
def test_input_and_gradient_may_lie_anyhow_in_memory(order):
    def call(t, x):
        if order == "NHWC":
            x = x.permute(0, 3, 1, 2)
        elif order == "sliced":
            x = x[:, :4, ::2, 1:]
        else:
            x = x.transpose(0, 1)[:, :4].transpose(2, 3)
        t.manual_seed(0)
        kind = {"dtype": x.dtype}
        y = t.nn.Conv2d(4, 3, 3, padding=1, **kind)(x)
        return y, y.transpose(2, 3).flatten(2) * 2

    check(call, (5, 6, 7, 4) if order == "NHWC" else (5, 5, 7, 6), tolerance=2e-5)


def test_dropout_behind_a_convolution_has_pytorchs_masks():
    check_module(
        lambda t: t.Sequential(
            t.Conv2d(2, 3, 3), t.ReLU(), t.Dropout(), t.MaxPool2d(2), t.Dropout()
        ),
        (4, 2, 6, 6),
    )


def test_a_layer_used_twice_gets_both_gradients():
    check_module(lambda t: t.Conv2d(2, 2, 3, padding=1), (2, 2, 4, 4), call=lambda m, x: m(m(x)))


def test_the_result_can_be_viewed_in_another_shape():
    check(
        lambda t, x, w: t.nn.functional.conv2d(x, w).view(x.size(0), -1), (3, 2, 5, 5), (4, 2, 2, 2)
    )
    y = nn.MaxPool2d(2)(nn.ReLU()(nn.Conv2d(1, 4, 3)(engine.rand(3, 1, 8, 8))))
    assert (y.view(3, -1) == y.flatten(1)).all()
    image = engine.rand(4, 4, 3)
    with pytest.raises(RuntimeError, match="reshape"):  # an order that the program chose stays
        image.permute(2, 0, 1).view(-1)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_the_same_seed_gives_pytorchs_weights(dims):
    for bias in (True, False):
        layers = []
        for t in (engine, torch):
            t.manual_seed(4)
            layers.append(layer(t.nn, dims, 4, 6, 3, groups=2, bias=bias))
        for ours, theirs in zip(*(m.parameters() for m in layers), strict=True):
            np.testing.assert_allclose(ours.tolist(), theirs.tolist(), rtol=1e-6)


def test_parameters_are_counted_as_in_the_notes():
    assert sum(p.numel() for p in nn.Conv2d(3, 64, 3, 1, 1).parameters()) == 1792


ERRORS = {
    "another number of channels": (lambda t, x: t.nn.Conv2d(4, 2, 3)(x), ["4 channels", "3"]),
    "a matrix for an image": (lambda t, x: t.nn.Conv2d(3, 2, 3)(x[0, 0]), ["4D", "[6, 6]"]),
    "a kernel larger than the input": (lambda t, x: t.nn.Conv2d(3, 2, 7)(x), ["7 x 7", "6 x 6"]),
    "another dtype": (
        lambda t, x: t.nn.Conv2d(3, 2, 3, dtype=t.float64)(x), ["float32", "float64"],
    ),
    "a stride of 0": (lambda t, x: t.nn.functional.conv2d(x, x, stride=0), ["stride", "0"]),
    "negative padding": (lambda t, x: t.nn.functional.conv2d(x, x, padding=-1), ["padding", "-1"]),
    "a dilation of 0": (lambda t, x: t.nn.functional.conv2d(x, x, dilation=0), ["dilation", "0"]),
    "three strides for two axes": (
        lambda t, x: t.nn.functional.conv2d(x, x, stride=(1, 2, 3)), ["stride", "(1, 2, 3)"],
    ),
    "a stride that is no integer": (
        lambda t, x: t.nn.functional.conv2d(x, x, stride=1.5), ["stride", "1.5"],
    ),
    "same padding with a stride": (
        lambda t, x: t.nn.functional.conv2d(x, x, padding="same", stride=2), ["same", "2"],
    ),
    "unknown padding": (lambda t, x: t.nn.functional.conv2d(x, x, padding="full"), ["full"]),
    "groups that do not divide": (
        lambda t, x: t.nn.functional.conv2d(x, x[:, :1], groups=3), ["groups=3"],
    ),
    "no groups": (lambda t, x: t.nn.functional.conv2d(x, x, groups=0), ["groups", "0"]),
    "a bias for another layer": (
        lambda t, x: t.nn.functional.conv2d(x, x, x[0, 0, 0]), ["bias", "2", "6"],
    ),
    "weights of two axes": (lambda t, x: t.nn.functional.conv2d(x, x[0, 0]), []),
    "a layer whose groups do not divide": (lambda t, x: t.nn.Conv2d(3, 4, 3, groups=2), ["3", "2"]),
    "a layer without groups": (lambda t, x: t.nn.Conv2d(3, 4, 3, groups=0), ["groups", "0"]),
    "a layer of unknown padding": (lambda t, x: t.nn.Conv2d(3, 4, 3, padding="full"), ["full"]),
    "a layer of strided same padding": (
        lambda t, x: t.nn.Conv2d(3, 4, 3, 2, padding="same"), ["same", "2"],
    ),
    "a layer of an unknown padding mode": (
        lambda t, x: t.nn.Conv2d(3, 4, 3, padding_mode="mirror"), ["mirror", "zeros"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_pytorchs_errors_say_what_was_seen(name):
    call, words = ERRORS[name]
    check_error(call, (2, 3, 6, 6), match=words)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_other_padding_modes_are_refused_by_name(mode):
    with pytest.raises(NotImplementedError, match=mode):
        nn.Conv2d(3, 4, 3, padding_mode=mode)
