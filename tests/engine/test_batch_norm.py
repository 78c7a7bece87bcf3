"""Batch normalization in train and eval mode, with its running statistics."""

import numpy as np
import pytest
from against_torch import check, check_error, check_module
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import nn

SHAPES = {1: (5, 3), 2: (4, 3, 2, 5), 3: (2, 3, 2, 3, 4)}
OPTIONS = st.fixed_dictionaries(
    {
        "eps": st.sampled_from([1e-5, 0.1]),
        "momentum": st.sampled_from([0.1, 0.5, 0.0, 1.0, None]),
        "affine": st.booleans(),
        "track_running_stats": st.booleans(),
        "bias": st.booleans(),
    }
)


@settings(max_examples=40)
@given(dims=st.integers(1, 3), options=OPTIONS)
def test_every_combination_of_arguments(dims, options):
    make = f"BatchNorm{dims}d"
    modes = (True, True, False)  # the running statistics of two batches, then their use
    check_module(lambda t: getattr(t, make)(3, **options), SHAPES[dims], modes=modes)


@pytest.mark.parametrize("shape", [(5, 3, 4), (1, 3, 4), (2, 3, 1), (5, 1), (0, 3), (0, 3, 4)])
def test_signals_and_small_batches(shape):
    check_module(lambda t: t.BatchNorm1d(shape[1]), shape)


def test_one_sample_in_eval_mode():
    check_module(lambda t: t.BatchNorm1d(3), (1, 3), modes=(False,))


def test_the_gradient_reaches_scale_and_shift_of_a_fixed_input():
    check_module(lambda t: t.BatchNorm2d(3), SHAPES[2], grad=False)
    layer = nn.BatchNorm2d(3)
    layer(engine.rand(*SHAPES[2])).sum().backward()
    np.testing.assert_allclose(layer.bias.grad.tolist(), [40.0] * 3)


def test_the_function_updates_the_statistics_it_is_given():
    def call(t, x, w, b):
        mean, var = t.zeros(3, dtype=x.dtype), t.ones(3, dtype=x.dtype)
        f = t.nn.functional.batch_norm
        train = f(x, mean, var, w, b, True, 0.3, 1e-3)
        return train, f(x, mean, var, w), f(x, None, None, training=True), mean, var

    check(call, SHAPES[2], (3,), (3,))


def test_a_stack_with_residual_connection():
    def call(m, x):
        return m(x).relu() + x

    check_module(lambda t: t.BatchNorm2d(3), SHAPES[2], call=call, modes=(True, False, True))


def test_statistics_can_begin_anew():
    layer = nn.BatchNorm1d(2, momentum=None)
    layer(engine.rand(4, 2))
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.running_var.tolist() == [1, 1]


ERRORS = {
    "another number of channels": (lambda t, x: t.nn.BatchNorm2d(4)(x), ["3", "4"]),
    "an image without batch": (lambda t, x: t.nn.BatchNorm2d(3)(x[0]), ["4D", "3D"]),
    "a vector": (lambda t, x: t.nn.BatchNorm1d(3)(x[0, 0, 0]), ["2D or 3D", "1D"]),
    "one value for each channel": (lambda t, x: t.nn.BatchNorm2d(3)(x[:1, :, :1, :1]), ["1, 3"]),
    "another dtype": (lambda t, x: t.nn.BatchNorm2d(3)(x.double()), ["float64", "float32"]),
    "integers": (lambda t, x: t.nn.BatchNorm2d(3)(x.long()), ["Long"]),
    "no statistics in evaluation": (
        lambda t, x: t.nn.functional.batch_norm(x, None, None), ["running_mean"],
    ),
    "eps of 0 in training": (lambda t, x: t.nn.BatchNorm2d(3, eps=0)(x), ["eps", "0"]),
    "negative features": (lambda t, x: t.nn.BatchNorm2d(-1), ["-1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_pytorchs_errors_say_what_was_seen(name):
    call, words = ERRORS[name]
    check_error(call, (2, 3, 4, 4), match=words)
