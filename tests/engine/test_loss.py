"""Losses: values, gradients, warnings and errors are PyTorch's."""

import math

import numpy as np
import pytest
import torch
from against_torch import check, check_error, check_module
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import nn
from engine.nn import functional as F

REDUCTIONS = ("mean", "sum", "none")
reductions = st.sampled_from(REDUCTIONS)
shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)
by_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)
rng = np.random.default_rng(5)


def loss(name, **options):
    return lambda t, *inputs: getattr(t.nn.functional, name)(*inputs, **options)


def probabilities(*shape):
    p = rng.uniform(0.1, 1, shape)
    return p / p.sum(1, keepdims=True)


# Regression


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@given(shape=shapes, reduction=reductions)
def test_regression_losses(name, shape, reduction):
    check(loss(name, reduction=reduction), shape, shape)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@by_reduction
def test_shapes_that_broadcast_warn(name, reduction):
    check(loss(name, reduction=reduction), (3, 1), (3,))
    with pytest.warns(UserWarning, match=r"target size \(torch.Size\(\[3\]\)\)") as caught:
        getattr(F, name)(engine.ones(3, 1), engine.ones(3))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning) as theirs:
        getattr(torch.nn.functional, name)(torch.ones(3, 1), torch.ones(3))
    assert str(theirs[0].message).startswith(str(caught[0].message))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
def test_shapes_that_do_not_broadcast_are_refused(name):
    check_error(loss(name), (3, 2), (4,), match=["[3, 2]", "[4]"])


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("x", [np.ones(3), np.array([1, 2, 3]), np.array([True, False, True])])
@pytest.mark.parametrize("y", [np.ones(3), np.array([3, 2, 2]), np.array([True, True, False])])
@by_reduction
def test_number_types_are_combined_or_refused_as_in_pytorch(name, x, y, reduction):
    check(loss(name, reduction=reduction), x, y, may_raise=True)


# Binary classification


@given(shape=shapes, reduction=reductions, seed=st.integers(0, 99))
def test_binary_cross_entropy(shape, reduction, seed):
    low, high = 0.001, 0.999
    check(loss("binary_cross_entropy", reduction=reduction), shape, shape,
          low=low, high=high, seed=seed)  # fmt: skip


@by_reduction
def test_binary_cross_entropy_at_0_and_1_is_100_at_most(reduction):
    p, t = np.array([0.0, 1, 1, 0, 0.5]), np.array([1, 0, 1, 0, 0.25])
    call = lambda f, p: f.nn.functional.binary_cross_entropy(  # noqa: E731
        p, f.tensor(t, dtype=p.dtype), reduction=reduction
    )
    check(call, p)


def test_the_loss_of_a_wrong_certainty_is_100():
    assert F.binary_cross_entropy(engine.tensor([0.0]), engine.tensor([1.0])).item() == 100


@by_reduction
@pytest.mark.parametrize("weight", [np.array([1.0, 2, 3]), np.array([[2.0], [0.5]]), np.array(3.0)])
def test_binary_losses_take_a_weight_that_broadcasts(reduction, weight):
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        check(
            lambda t, x, y, name=name: getattr(t.nn.functional, name)(
                x, y, t.tensor(weight, dtype=x.dtype), reduction=reduction
            ),
            (2, 3), (2, 3), low=0.01, high=0.99,
        )  # fmt: skip


@pytest.mark.parametrize("p", [1.5, -0.1, math.nan, math.inf])
@pytest.mark.parametrize("t", [0.0, 1.0, 0.5])
def test_probabilities_outside_0_and_1_are_refused(p, t):
    call = loss("binary_cross_entropy")
    check_error(call, np.array([0.5, p]), np.array([0.5, t]), match="input should be between 0")


@pytest.mark.parametrize("t", [1.5, -0.1, math.nan, math.inf, 2.0])
def test_binary_targets_outside_0_and_1_are_refused(t):
    call = loss("binary_cross_entropy")
    check_error(call, np.array([0.5, 0.5]), np.array([0.5, t]), match="target should be between 0")


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_binary_losses_refuse_what_does_not_fit(name):
    call, half = loss(name), np.full(3, 0.5)
    check_error(call, np.full((3, 1), 0.5), half, match=["[3]", "[3, 1]"])
    check_error(call, half, np.array([0, 1, 1]), match="Long")
    check_error(call, np.array([0, 1, 1]), np.array([0, 1, 1]), match="Long")
    check_error(loss(name, reduction="average"), half, half, match="average")
    weighted = lambda t, x, y: getattr(t.nn.functional, name)(x, y, t.ones(2))  # noqa: E731
    check_error(weighted, half, half, match=["[2]", "[3]"])
    larger = lambda t, x, y: getattr(t.nn.functional, name)(x, y, t.ones(2, 3))  # noqa: E731
    check_error(larger, half, half, match="[2, 3]") if "logits" in name else None
    learned = lambda t, x, y, w: getattr(t.nn.functional, name)(x, y, w)  # noqa: E731
    check_error(learned, half, half, half, match="weight")


@given(shape=shapes, reduction=reductions, seed=st.integers(0, 99))
def test_binary_cross_entropy_with_logits(shape, reduction, seed):
    check(loss("binary_cross_entropy_with_logits", reduction=reduction), shape, shape, seed=seed)


@by_reduction
def test_binary_cross_entropy_with_logits_of_extreme_logits(reduction):
    x = np.array([1000.0, -1000, 1000, -1000, 50, -50, 0])
    y = np.array([0.0, 0, 1, 1, 0.5, 1, 0])
    check(loss("binary_cross_entropy_with_logits", reduction=reduction), x, y)


@by_reduction
@pytest.mark.parametrize("c", [np.array([2.0, 3, 0.5]), np.array([[2.0], [3.0]]), np.array(4.0)])
def test_pos_weight_counts_positive_targets(reduction, c):
    check(
        lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(
            x, y, pos_weight=t.tensor(c, dtype=x.dtype), reduction=reduction
        ),
        (2, 3), (2, 3),
    )  # fmt: skip


def test_pos_weight_of_another_length_is_refused():
    call = lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(  # noqa: E731
        x, y, pos_weight=t.ones(4)
    )
    check_error(call, (2, 3), (2, 3), match=["[4]", "[2, 3]"])


# Classification


@st.composite
def classification(draw):
    """Logits, class numbers, class weights, an ignored class."""
    n, c = draw(st.integers(0, 4)), draw(st.integers(1, 5))
    rest = draw(st.lists(st.integers(1, 3), max_size=3))
    batched = draw(st.booleans())
    shape = (n, c, *rest) if batched else (c,)
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    t = np.asarray(generator.integers(0, c, (n, *rest) if batched else ()))
    ignored = draw(st.sampled_from([-100, -1, 0, c - 1]))
    if ignored < 0 and draw(st.booleans()):
        t = np.where(generator.random(t.shape) < 0.3, ignored, t)
    w = draw(st.none() | st.just(generator.uniform(0.1, 2, c)))
    return generator.standard_normal(shape), t, w, ignored


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@given(case=classification(), reduction=reductions)
def test_class_numbers_as_targets(name, case, reduction):
    x, target, w, ignored = case
    check(
        lambda t, x, y: getattr(t.nn.functional, name)(
            x, y, None if w is None else t.tensor(w, dtype=x.dtype),
            ignore_index=ignored, reduction=reduction,
        ),
        x, target,
    )  # fmt: skip


@given(case=classification(), reduction=reductions, smoothing=st.floats(0.01, 1))
def test_label_smoothing(case, reduction, smoothing):
    x, target, w, ignored = case
    check(
        lambda t, x, y: t.nn.functional.cross_entropy(
            x, y, None if w is None else t.tensor(w, dtype=x.dtype),
            ignore_index=ignored, reduction=reduction, label_smoothing=smoothing,
        ),
        x, target,
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4), (2, 3, 2, 2), (2, 1)])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@by_reduction
def test_class_probabilities_as_targets(shape, smoothing, weighted, reduction):
    check(
        lambda t, x, y, w: t.nn.functional.cross_entropy(
            x, y, w.detach() if weighted else None, reduction=reduction, label_smoothing=smoothing
        ),
        shape, probabilities(*shape), np.linspace(0.5, 2, shape[1]),
    )  # fmt: skip


def test_class_probabilities_of_one_sample_without_a_batch():
    check(loss("cross_entropy"), (3,), np.array([0.2, 0.3, 0.5]))


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@by_reduction
def test_a_batch_without_samples_or_with_ignored_ones_only(name, reduction):
    check(loss(name, reduction=reduction), (0, 3), np.zeros(0, int))
    check(loss(name, reduction=reduction), (2, 3), np.array([-100, -100]))


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_byte_targets_are_class_numbers_too(name):
    check(loss(name), (2, 3), np.array([0, 2], np.uint8))


def test_cross_entropy_of_extreme_logits():
    x = np.array([[1000.0, -1000, 0], [-1000, 1000, 0], [-math.inf, 0, 1]])
    check(loss("cross_entropy", reduction="none"), x, np.array([1, 1, 2]))


def test_cross_entropy_is_nll_loss_of_log_softmax():
    """The textbook version of the fused operation."""
    x = engine.randn(6, 4, dtype=engine.float64).requires_grad_()
    t, w = engine.tensor([0, 3, 1, -100, 2, 2]), engine.tensor([1.0, 2, 0.5, 3]).double()
    one_record = F.cross_entropy(x, t, w)
    one_record.backward()
    gradient, x.grad = x.grad, None
    primitive = F.log_softmax(x, 1)
    counted = engine.tensor([0, 1, 2, 4, 5])
    chosen = t[counted]
    textbook = -(primitive[counted, chosen] * w[chosen]).sum() / w[chosen].sum()
    textbook.backward()
    np.testing.assert_allclose(one_record.array, textbook.array, rtol=1e-14)
    np.testing.assert_allclose(gradient.array, x.grad.array, atol=1e-15)


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("target", [3, -1, 255, -(2**62)])
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_a_class_outside_is_refused_with_its_number(name, target, smoothing):
    options = {"label_smoothing": smoothing} if name == "cross_entropy" else {}
    message = check_error(loss(name, **options), (2, 3), np.array([1, target]), match=str(target))
    assert "0 to 2" in message


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize(
    ("shape", "target", "seen"),
    [
        ((2, 3), np.zeros(3, int), ["[2]", "[3]"]),
        ((2, 3), np.array(0), ["[2]", "[]"]),
        ((2, 3), np.zeros((2, 1), int), "[2, 1]"),
        ((2, 3), np.zeros((2, 3), int), "[2, 3]"),
        ((2, 3), np.zeros((5, 1), int), "[5, 1]"),
        ((2, 3), np.zeros(2), "Float"),
        ((2, 3), np.zeros(2, np.int32), "Int"),
        ((2, 3), np.zeros(2, bool), "Bool"),
        ((2, 3, 4), np.zeros((2, 5), int), ["[2, 4]", "[2, 5]"]),
        ((2, 3, 4), np.zeros(2, int), ["[2, 4]", "[2]"]),
        ((2, 3, 4), np.zeros((2, 4)), "Float"),
        ((2, 3, 4, 5), np.zeros((2, 4, 4), int), ["[2, 4, 5]", "[2, 4, 4]"]),
        ((2, 3, 4, 5), np.zeros((2, 4), int), ["[2, 4, 5]", "[2, 4]"]),
        ((3,), np.zeros(2, int), "2"),
        ((3,), np.array([[1]]), "[1, 1]"),
        ((), np.array(0), ()),
    ],
)
def test_targets_of_wrong_shape_or_dtype_are_refused(name, shape, target, seen):
    check_error(loss(name), shape, target, match=seen, grad=False)


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("options", [{}, {"ignore_index": 1}])
def test_class_weights_that_do_not_fit_are_refused(name, options):
    call = lambda t, x, y, w: getattr(t.nn.functional, name)(x, y, w, **options)  # noqa: E731
    target = np.array([0, 1])
    check_error(call, (2, 3), target, (2,), match=["3 classes", "[2]"], grad=False)
    check_error(call, (2, 3), target, (3, 1), match=["3 classes", "[3, 1]"], grad=False)
    check_error(call, (2, 3), target, np.array([1, 2, 3]), match=["Float", "Long"], grad=False)
    check_error(call, (2, 3), target, (3,), match="weight")  # asks for a gradient


def test_class_probabilities_that_do_not_fit_are_refused():
    p = probabilities(2, 3)
    check_error(loss("cross_entropy"), (2, 4), p, match="[2, 3]")
    check_error(loss("cross_entropy", ignore_index=1), (2, 3), p, match="ignore_index")
    check_error(loss("cross_entropy", label_smoothing=1.5), (2, 3), p, match="1.5")
    weighted = lambda t, x, y: t.nn.functional.cross_entropy(x, y, t.ones(2))  # noqa: E731
    check_error(weighted, (2, 3), p, match=["3 classes", "[2]"])


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_integer_scores_and_plain_numbers_are_refused(name):
    check_error(loss(name), np.ones((2, 3), int), np.array([0, 1]), match="Long")
    check_error(loss(name), (2, 3), 1, match=["Tensor", "int"])
    check_error(loss(name, reduction="all"), (2, 3), np.array([0, 1]), match="all")


# What all have in common


@pytest.mark.parametrize("argument", ["size_average", "reduce"])
def test_deprecated_arguments_are_refused_by_name(argument):
    with pytest.raises(TypeError, match=argument):
        F.mse_loss(engine.ones(2), engine.ones(2), **{argument: False})
    with pytest.raises(TypeError, match=argument):
        nn.CrossEntropyLoss(**{argument: True})


def test_options_behind_the_deprecated_arguments_are_given_by_name():
    with pytest.raises(TypeError, match="positional"):
        F.cross_entropy(engine.ones(1, 2), engine.tensor([0]), None, None, 0)
    with pytest.raises(TypeError, match="positional"):
        nn.NLLLoss(None, False)


@by_reduction
def test_the_node_has_pytorchs_name(reduction):
    def names(t, x, p, y):
        f = t.nn.functional
        classes = t.tensor([0, 1])
        losses = [
            f.mse_loss(x, y, reduction=reduction),
            f.l1_loss(x, y, reduction=reduction),
            f.binary_cross_entropy(p, y.sigmoid(), reduction=reduction),
            f.binary_cross_entropy_with_logits(x, y, reduction=reduction),
            f.nll_loss(x, classes, reduction=reduction),
            f.cross_entropy(x, classes, reduction=reduction),
            f.cross_entropy(x, y.softmax(1), reduction=reduction),
            f.cross_entropy(x, classes, label_smoothing=0.1, reduction=reduction),
            f.cross_entropy(x[:, :, None, None], classes[:, None, None], reduction=reduction),
        ]
        return [y.grad_fn.name() for y in losses]

    check(lambda t, x, p, y: names(t, x, p, y.detach()), (2, 3), np.full((2, 3), 0.3), (2, 3))


def test_a_target_changed_between_loss_and_backward_is_noticed():
    x = engine.ones(3).requires_grad_()
    target = engine.zeros(3)
    y = F.mse_loss(x, target)
    target += 1
    y.backward()  # only the difference was saved
    classes = engine.tensor([0])
    y = F.cross_entropy(x[None], classes)
    classes += 1
    with pytest.raises(RuntimeError, match="inplace"):
        y.backward()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "BCELoss", "BCEWithLogitsLoss"])
def test_modules_of_element_losses(name, reduction):
    check_module(lambda n: getattr(n, name)(reduction=reduction), (3, 2), (3, 2), low=0.1, high=0.9)


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss"])
def test_modules_of_class_losses(name):
    make = lambda n: getattr(n, name)(reduction="sum", ignore_index=1)  # noqa: E731
    check_module(make, (4, 3), np.array([0, 2, 1, 2]))


def test_weights_are_buffers():
    def make(n):
        t = torch if n is torch.nn else engine
        return n.ModuleList([
            n.CrossEntropyLoss(t.tensor([1.0, 2.0]), label_smoothing=0.1),
            n.NLLLoss(t.tensor([1.0, 2.0])),
            n.BCELoss(t.tensor([1.0, 2.0])),
            n.BCEWithLogitsLoss(t.tensor([1.0, 2.0]), pos_weight=t.tensor([3.0, 0.5])),
        ])  # fmt: skip

    check_module(
        make, (3, 2), np.array([0, 1, 1]), np.full((3, 2), 0.3), low=0.1, high=0.9,
        call=lambda m, x, t, p: [m[0](x, t), m[1](x, t), m[2](x, p), m[3](x, p)],
    )  # fmt: skip
