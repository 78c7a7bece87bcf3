"""Initialization: the same seed gives PyTorch's numbers, and the variance is what it should be."""

import math

import numpy as np
import pytest
import torch
from against_torch import check, check_error

import engine
from engine import nn

FILLS = {
    "uniform_": [{}, {"a": -2.0, "b": 0.5}],
    "normal_": [{}, {"mean": 3.0, "std": 0.1}],
    "constant_": [{"val": 0.3}],
    "ones_": [{}],
    "zeros_": [{}],
    "xavier_uniform_": [{}, {"gain": 2.0}],
    "xavier_normal_": [{}, {"gain": 0.5}],
    "kaiming_uniform_": [{}, {"a": math.sqrt(5)}, {"nonlinearity": "relu", "mode": "fan_out"}],
    "kaiming_normal_": [{}, {"nonlinearity": "tanh"}, {"nonlinearity": "linear", "mode": "fan_in"}],
}
CASES = [(name, options) for name, choices in FILLS.items() for options in choices]


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("shape", [(3, 2), (20, 7), (4, 3, 2), (2, 3, 3, 3)])
@pytest.mark.parametrize("own", [False, True])
def test_the_same_seed_gives_pytorchs_numbers(name, options, shape, own):
    def fill(t, x):
        generator = t.Generator().manual_seed(7) if own else None
        named = {} if generator is None or name in ("constant_", "ones_", "zeros_") else {
            "generator": generator
        }  # fmt: skip
        t.manual_seed(4)
        y = getattr(t.nn.init, name)(x, **options, **named)
        assert y is x
        return y

    exact = "normal" not in name
    check(fill, shape, tolerance=1e-15 if exact else 1e-6)


def test_uniform_initialization_is_equal_to_the_bit():
    for dtype in ("float32", "float64"):
        torch.manual_seed(11)
        engine.manual_seed(11)
        theirs = torch.nn.Linear(300, 70, dtype=getattr(torch, dtype))
        ours = nn.Linear(300, 70, dtype=getattr(engine, dtype))
        assert (ours.weight.detach().numpy() == theirs.weight.detach().numpy()).all()
        assert (ours.bias.detach().numpy() == theirs.bias.detach().numpy()).all()


def test_a_leaf_that_requires_grad_is_filled_without_recording():
    x = engine.zeros(2, 2).requires_grad_()
    assert nn.init.ones_(x) is x and x.requires_grad and x.grad_fn is None
    assert x.tolist() == [[1, 1], [1, 1]]


def test_filling_between_forward_and_backward_is_noticed():
    w = engine.ones(2, 2).requires_grad_()
    y = (w * w).sum()
    nn.init.zeros_(w)
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


GAINS = ["linear", "conv1d", "conv2d", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


@pytest.mark.parametrize("nonlinearity", GAINS)
def test_gains_are_pytorchs(nonlinearity):
    check(lambda t: t.nn.init.calculate_gain(nonlinearity), tolerance=1e-15)


@pytest.mark.parametrize("slope", [0, 0.2, 1, -3.0])
def test_the_gain_of_leaky_relu_depends_on_its_slope(slope):
    check(lambda t: t.nn.init.calculate_gain("leaky_relu", slope), tolerance=1e-15)


@pytest.mark.parametrize("shape", [(256, 256), (512, 128), (128, 512)])
@pytest.mark.parametrize(
    ("fill", "std"),
    [
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"), lambda i, o: (2 / i) ** 0.5),
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"), lambda i, o: (1 / i) ** 0.5),
        (lambda w: nn.init.kaiming_uniform_(w, mode="fan_out"), lambda i, o: (2 / o) ** 0.5),
        (nn.init.xavier_normal_, lambda i, o: (2 / (i + o)) ** 0.5),
        (nn.init.xavier_uniform_, lambda i, o: (2 / (i + o)) ** 0.5),
    ],
)
def test_the_spread_is_the_published_one(shape, fill, std):
    engine.manual_seed(0)
    w = fill(engine.zeros(shape)).numpy()
    assert np.std(w) == pytest.approx(std(shape[1], shape[0]), rel=0.01)


@pytest.mark.parametrize(
    ("fill", "shape", "match"),
    [
        (lambda i, w: i.xavier_uniform_(w), (3,), "[3]"),
        (lambda i, w: i.xavier_normal_(w), (), "2 dimensions"),
        (lambda i, w: i.kaiming_uniform_(w), (3,), "[3]"),
        (lambda i, w: i.kaiming_normal_(w, mode="fan"), (3, 2), "fan not supported"),
        (lambda i, w: i.kaiming_normal_(w, nonlinearity="gelu"), (3, 2), "gelu"),
        (lambda i, w: i.calculate_gain("gelu"), (1,), "gelu"),
        (lambda i, w: i.normal_(w, 0, -1.0), (3,), "-1.0"),
        (lambda i, w: i.uniform_(w, 2.0, 1.0), (3,), "2.0"),
    ],
)
def test_impossible_requests_are_refused(fill, shape, match):
    check_error(lambda t, w: fill(t.nn.init, w), shape, match=match)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_weights_stay(shape):
    assert nn.init.kaiming_uniform_(engine.zeros(*shape)).shape == shape
    assert nn.init.kaiming_normal_(engine.zeros(*shape), mode="fan_out").shape == shape
