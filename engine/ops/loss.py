"""Losses: one number that says how far a prediction is from its target.

reduction: "mean" (the default) and "sum" make one number, "none" keeps one per element or sample.
"""

from __future__ import annotations

import warnings

import numpy as np

from engine.autograd import Tensor, record
from engine.ops import elementwise
from engine.ops import reduction as reduction_ops
from engine.ops.activation import log_sigmoid_of, sigmoid_of
from engine.ops.promotion import operands
from engine.ops.targets import (
    class_probabilities,
    class_targets,
    classes_first,
    classes_second,
    constant_weight,
    sample_shape,
    title_of,
)

_REDUCTIONS = ("mean", "sum", "none")
_SMALLEST = float(np.float32(1e-12))  # PyTorch's bound is rounded to float32, in float64 too


def mse_loss(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """L = mean of (x - t)²,  dx = 2 (x - t) dL / n

    Args: weight: one factor per element; "mean" then divides by their sum.
    Raises: RuntimeError if the shapes do not broadcast (other shapes than equal ones warn),
    ValueError for another reduction. TypeError unless input and target are tensors.
    """
    _check_arguments("mse_loss", input, target, size_average, reduce, reduction)
    if weight is not None:
        return _weighted(mse_loss, input, target, weight, reduction)
    a, b = _alike(input, target)
    if a.dtype.kind != "f":
        raise NotImplementedError(f"\"mse_loss\" not implemented for '{title_of(a)}'")
    d = a - b

    def backward(dy):
        slope = _share(dy, d.size, reduction) * 2 * d
        return slope, -slope

    return record(_reduced(d * d, reduction), (input, target), backward)


def l1_loss(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """L = mean of |x - t|,  dx = sign(x - t) dL / n (arguments and errors as mse_loss)"""
    _check_arguments("l1_loss", input, target, size_average, reduce, reduction)
    if weight is not None:
        return _weighted(l1_loss, input, target, weight, reduction)
    a, b = _alike(input, target)
    seen = input.array.dtype, target.array.dtype
    if np.dtype(bool) in seen or (a.dtype.kind != "f" and reduction == "mean"):
        raise RuntimeError(f"l1_loss expected floating point numbers, but got {seen[0]}, {seen[1]}")
    d = a - b

    def backward(dy):
        slope = _share(dy, d.size, reduction) * np.sign(d)
        return slope, -slope

    names = {"mean": "MeanBackward0", "sum": "SumBackward0", "none": "AbsBackward0"}
    return record(_reduced(np.abs(d), reduction), (input, target), backward, names[reduction])


def binary_cross_entropy(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """L = mean of -w (t ln p + (1 - t) ln(1 - p)),  dp = w (p - t) / (p (1 - p)) dL / n

    Both logarithms are at least -100 and p (1 - p) at least 10⁻¹², so that p = 0 and p = 1 are
    allowed.

    Shapes: input and target the same; weight broadcasts to it.
    Raises: ValueError if the shapes differ, RuntimeError for values outside [0, 1] or other dtypes.
    """
    name = "binary_cross_entropy"
    _check_arguments(name, input, target, size_average, reduce, reduction)
    p, t = input.array, target.array
    if p.shape != t.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if p.dtype.kind != "f":
        raise NotImplementedError(f"\"{name}\" not implemented for '{title_of(p)}'")
    if p.dtype != t.dtype:
        raise RuntimeError(f"Found dtype {title_of(t)} but expected {title_of(p)} for the target")
    w = None if weight is None else constant_weight(name, "weight", weight, p)
    q, u = 1 - p, 1 - t
    each = -(t * np.maximum(np.log(p), -100) + u * np.maximum(np.log1p(-p), -100))
    if w is not None:
        each = w * each
    y = _reduced(each, reduction)
    # Outside [0, 1] a logarithm is NaN and so is the loss: p needs no look of its own.
    if not np.logical_and.reduce(y == y, axis=None):
        _require_probabilities("input", p)
    if not np.minimum.reduce(t * u, axis=None, initial=0) >= 0:
        _require_probabilities("target", t)
    target_wanted = target._requires_grad

    def backward(dy):
        share = _share(dy, p.size, reduction)
        if w is not None:
            share = share * w
        dp = share * (p - t) / np.maximum(p * q, _SMALLEST)
        if not target_wanted:
            return dp, None
        return dp, share * (np.log1p(-p) - np.log(p))

    return record(y, (input, target), backward)


def binary_cross_entropy_with_logits(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """L = mean of -w (c t ln σ(x) + (1 - t) ln σ(-x)),  dx = w ((c t + 1 - t) σ(x) - c t) dL / n

    Exact for every finite x: σ(x) is never rounded to 1 before its logarithm is taken.

    Args: weight: w, broadcasts to x. pos_weight: c, the weight of positive targets, broadcasts.
    Raises: ValueError if input and target differ in shape, RuntimeError if a weight does not fit.
    """
    name = "binary_cross_entropy_with_logits"
    _check_arguments(name, input, target, size_average, reduce, reduction)
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f"\"{name}\" not implemented for '{title_of(input.array)}'")
    if target.array.dtype.kind != "f":
        raise RuntimeError(
            f"result type {title_of(input.array)} can't be cast to the desired output type "
            f"{title_of(target.array)}: give floating point targets, target.float()"
        )
    x, t = operands(input, target)
    w = None if weight is None else constant_weight(name, "weight", weight, x)
    c = 1 if pos_weight is None else constant_weight(name, "pos_weight", pos_weight, x)
    log_p = log_sigmoid_of(x)
    log_q = log_p - x  # ln σ(-x)
    positive, negative = c * t, 1 - t
    each = -(positive * log_p + negative * log_q)
    if w is not None:
        each = w * each

    def backward(dy):
        share = _share(dy, x.size, reduction)
        if w is not None:
            share = share * w
        dx = share * ((positive + negative) * sigmoid_of(x) - positive)
        return dx, share * (log_q - c * log_p)

    return record(_reduced(each, reduction), (input, target), backward)


def nll_loss(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """L = -Σ w[t] x[t] / Σ w[t],  dx = -w[t] dL / Σ w[t] at the target t, 0 elsewhere

    Shapes: input (N, C), (C,) or (N, C, d1, …), log-probabilities; target (N,), () or (N, d1, …),
    class numbers; weight (C,).
    Raises: IndexError for a class outside 0 … C - 1 (other than ignore_index, whose samples do not
    count), ValueError or RuntimeError for shapes and dtypes that do not fit.
    """
    _check_arguments("nll_loss", input, target, size_average, reduce, reduction)
    a = input.array
    if not a.ndim:
        raise ValueError("nll_loss: Expected 1 or more dimensions (got 0)")
    t, w = class_targets("nll_loss", input, target, weight, ignore_index)
    rows, samples = classes_first(a), np.arange(t.size)
    each = -rows[t, samples]
    total = t.size
    if w is not None:
        each, total = np.where(w == 0, 0, w * each), w.sum()
    shape, rows_shape, dtype = a.shape, rows.shape, a.dtype

    def backward(dy):
        share = _share(dy.reshape(-1) if reduction == "none" else dy, total, reduction)
        dx = np.zeros(rows_shape, dtype)
        dx[t, samples] = -share if w is None else -share * w
        return (classes_second(dx, shape),)

    y = _reduced(each, reduction, total, sample_shape(a))
    return record(y, (input,), backward, _nll_name(a, reduction))


def cross_entropy(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """L = -Σ w t ln softmax(x),  dx = (softmax(x) Σ w t - w t) dL: softmax and nll_loss in one

    The target t is a class number (read as 1 for this class, 0 for the others; the mean divides by
    Σ w[t]), or a floating point tensor of input's shape with the probability of each class (the
    mean divides by the number of samples). label_smoothing ε takes (1 - ε) t + ε / C for t.

    Shapes and errors as nll_loss, with logits (any real numbers) instead of log-probabilities.
    """
    _check_arguments("cross_entropy", input, target, size_average, reduce, reduction)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    a = input.array
    if a.shape == target.array.shape:
        a, t = class_probabilities(input, target, weight, ignore_index)
        n = t.shape[1]
        name = "DivBackward1" if reduction == "mean" else "NegBackward0"
        return _soft_cross_entropy(
            input, target, weight, a, t, 1, n, reduction, label_smoothing, name
        )
    t, w = class_targets("cross_entropy", input, target, weight, ignore_index)
    total = t.size if w is None else w.sum()
    samples = np.arange(t.size)
    if label_smoothing > 0:
        counted = (target.array.reshape(-1) != ignore_index).astype(a.dtype)
        rows = np.zeros((a.shape[1] if a.ndim > 1 else len(a), t.size), a.dtype)
        rows[t, samples] = counted
        return _soft_cross_entropy(
            input, None, weight, a, rows, counted, total, reduction, label_smoothing, "AddBackward0"
        )
    # Classes along the first axis: their maxima and sums take a third of the time.
    logits = classes_first(a)
    logits = logits - logits.max(0, initial=-np.inf)
    e = np.exp(logits)
    sums = e.sum(0)
    each = np.log(sums) - logits[t, samples]
    if w is not None:
        each = np.where(w == 0, 0, w * each)
    shape = a.shape

    def backward(dy):
        share = _share(dy.reshape(-1) if reduction == "none" else dy, total, reduction)
        if w is not None:
            share = share * w
        dx = e * (share / sums)
        dx[t, samples] -= share
        return (classes_second(dx, shape),)

    y = _reduced(each, reduction, total, sample_shape(a))
    return record(y, (input,), backward, _nll_name(a, reduction))


def _soft_cross_entropy(x, target, weight, a, t, counted, total, reduction, smoothing, name):
    """cross_entropy where t (C, N) holds a probability for each class."""
    w = 1 if weight is None else weight.array[:, None]
    log_p = classes_first(a)
    log_p = log_p - log_p.max(0, initial=-np.inf)
    log_p -= np.log(np.exp(log_p).sum(0))
    smooth = (1 - smoothing) * t + smoothing / max(len(t), 1) * counted if smoothing > 0 else t
    q = w * smooth
    shape = a.shape
    target_wanted = target is not None and target._requires_grad
    weight_wanted = weight is not None and weight._requires_grad

    def backward(dy):
        share = _share(dy.reshape(-1) if reduction == "none" else dy, total, reduction)
        dx = classes_second(share * (np.exp(log_p) * q.sum(0) - q), shape)
        slope = -share * log_p
        dt = classes_second((1 - smoothing) * w * slope, shape) if target_wanted else None
        return dx, dt, (slope * smooth).sum(1) if weight_wanted else None

    y = _reduced(-(q * log_p).sum(0), reduction, total, sample_shape(a))
    return record(y, (x, target, weight), backward, name)


def _check_arguments(name, x, target, size_average, reduce_, reduction) -> None:
    tensors = isinstance(x, Tensor) and isinstance(target, Tensor)
    if tensors and size_average is None and reduce_ is None and reduction in _REDUCTIONS:
        return
    for word, value in (("input", x), ("target", target)):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): argument '{word}' must be Tensor, not {type(value).__name__}"
            )
    if size_average is not None or reduce_ is not None:
        raise NotImplementedError(
            f"{name}(): size_average and reduce are deprecated in PyTorch and left out here; "
            "write reduction='mean', 'sum' or 'none'"
        )
    raise ValueError(
        f"{reduction} is not a valid value for reduction: expected 'mean', 'sum' or 'none'"
    )


def _reduced(each: np.ndarray, reduction: str, total=None, shape=None) -> np.ndarray:
    """What reduction makes of the losses; mean divides by total, none gives them this shape."""
    if reduction == "none":
        return each if shape is None else each.reshape(shape)
    y = np.add.reduce(each, axis=None)
    return y / (each.size if total is None else total) if reduction == "mean" else y


def _share(dy: np.ndarray, total, reduction: str) -> np.ndarray:
    """∂L/∂(loss of one element): the mean hands each the total-th part, nothing if none counts."""
    if reduction != "mean":
        return dy
    return dy / total if total else 0 * dy


def _alike(x: Tensor, target: Tensor) -> tuple[np.ndarray, np.ndarray]:
    a, b = operands(x, target)
    if a.shape != b.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({x.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            UserWarning,
            stacklevel=3,
        )
        try:
            a, b = np.broadcast_arrays(a, b)
        except ValueError:
            raise RuntimeError(
                f"The size of input {list(a.shape)} must match the size of target {list(b.shape)}"
            ) from None
    return a, b


def _weighted(loss, x, target, weight, reduction) -> Tensor:
    each = loss(x, target, reduction="none")
    if weight.array.shape != x.array.shape:
        raise ValueError(
            f"Weights and input must have the same size, got {weight.shape} and {x.shape}."
        )
    weighted = elementwise.mul(each, weight)
    if reduction == "none":
        return weighted
    summed = reduction_ops.sum(weighted)
    return summed if reduction == "sum" else elementwise.div(summed, reduction_ops.sum(weight))


def _require_probabilities(name: str, a: np.ndarray) -> None:
    outside = a[~((a >= 0) & (a <= 1))]
    if outside.size:
        raise RuntimeError(
            f"all elements of {name} should be between 0 and 1, but found {outside.flat[0]}"
        )


def _nll_name(a: np.ndarray, reduction: str) -> str:
    if a.ndim < 3:
        return "NllLossBackward0"
    return "ViewBackward0" if reduction == "none" and a.ndim != 4 else "NllLoss2DBackward0"
