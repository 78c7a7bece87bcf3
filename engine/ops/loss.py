"""Losses: one number that says how far a prediction is from its target.

reduction: "mean" (the default) and "sum" make one number, "none" keeps one per element or sample.
PyTorch's deprecated names for it, size_average and reduce, are left out; what comes after their
place is given by name.
"""

import warnings
from typing import Any

import numpy as np

from engine.autograd import Tensor, record
from engine.ops import targets
from engine.ops.activation import log_sigmoid_of, sigmoid_of
from engine.ops.arguments import require_floating, require_tensor, title_of
from engine.ops.promotion import operands

_LEAST = {np.dtype(k): np.array(-100, k) for k in ("f4", "f8")}  # half the time of a number
_SMALLEST = float(np.float32(1e-12))  # PyTorch's bound is rounded to float32, in float64 too


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """L = mean of (x - t)²,  dx = 2 (x - t) dL / n

    Raises: RuntimeError if the shapes do not broadcast (other shapes than equal ones warn),
    ValueError for another reduction. TypeError unless input and target are tensors.
    """
    a, b = _broadcast("mse_loss", input, target, reduction)
    require_floating("mse_loss", a)
    d = a - b
    y, n = _reduced(d * d, reduction)

    def backward(dy):
        slope = 2 * dy / n * d
        return slope, -slope

    return record(y, (input, target), backward)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """L = mean of |x - t|,  dx = sign(x - t) dL / n (arguments and errors as mse_loss)"""
    a, b = _broadcast("l1_loss", input, target, reduction)
    seen = title_of(input.array), title_of(target.array)
    if "Bool" in seen or (a.dtype.kind != "f" and reduction == "mean"):
        raise RuntimeError(f"l1_loss expected floating point numbers, but got {seen}")
    d = a - b
    y, n = _reduced(np.abs(d), reduction)

    def backward(dy):
        slope = dy / n * np.sign(d)
        return slope, -slope

    name = {"mean": "MeanBackward0", "sum": "SumBackward0", "none": "AbsBackward0"}[reduction]
    return record(y, (input, target), backward, name)


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
                         reduction: str = "mean") -> Tensor:  # fmt: skip
    """L = mean of -w (t ln p + (1 - t) ln(1 - p)),  dp = w (p - t) / (p (1 - p)) dL / n

    Both logarithms are at least -100 and p (1 - p) at least 10⁻¹², so that p = 0 and p = 1 are
    allowed.

    Shapes: input and target the same; weight broadcasts to it.
    Raises: ValueError if the shapes differ, RuntimeError for values outside [0, 1] or other dtypes.
    """
    name = "binary_cross_entropy"
    _require_alike(name, input, target, reduction)
    p, t = input.array, target.array
    if p.dtype != t.dtype:
        raise RuntimeError(f"{name}: expected a target of {title_of(p)}, but found {title_of(t)}")
    w = 1 if weight is None else targets.element_weight(name, "weight", weight, p)
    u, least = t - 1, _LEAST[p.dtype]
    each = u * np.maximum(np.log1p(-p), least) - t * np.maximum(np.log(p), least)
    y, n = _reduced(each if weight is None else w * each, reduction)
    # Outside [0, 1] a logarithm is NaN and so is the loss: p needs no look of its own.
    if reduction == "none" or y != y:
        _require_probabilities("input", p)
    if not np.maximum.reduce(t * u, axis=None, initial=0) <= 0:
        _require_probabilities("target", t)

    def backward(dy):
        share = dy / n if weight is None else dy / n * w
        dp = (p - t) / np.maximum(p * (1 - p), _SMALLEST) * share
        return dp, (np.log1p(-p) - np.log(p)) * share if target._requires_grad else None

    return record(y, (input, target), backward)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
                                     reduction: str = "mean",
                                     pos_weight: Tensor | None = None) -> Tensor:  # fmt: skip
    """L = mean of -w (c t ln σ(x) + (1 - t) ln σ(-x)),  dx = w ((c t + 1 - t) σ(x) - c t) dL / n

    Exact for every finite x: σ(x) is never rounded to 1 before its logarithm is taken.

    Args: weight: w, broadcasts to x. pos_weight: c, the weight of positive targets, broadcasts.
    Raises: ValueError if input and target differ in shape, RuntimeError if a weight does not fit.
    """
    name = "binary_cross_entropy_with_logits"
    _require_alike(name, input, target, reduction)
    if target.array.dtype.kind != "f":
        raise RuntimeError(f"{name}: expected a target of floats, but got {title_of(target.array)}")
    x, t = operands(input, target)
    w = 1 if weight is None else targets.element_weight(name, "weight", weight, x)
    c = 1 if pos_weight is None else targets.element_weight(name, "pos_weight", pos_weight, x)
    log_p = log_sigmoid_of(x)
    log_q = log_p - x  # ln σ(-x)
    positive, negative = c * t, 1 - t
    y, n = _reduced(-w * (positive * log_p + negative * log_q), reduction)

    def backward(dy):
        share = dy / n * w
        dx = share * ((positive + negative) * sigmoid_of(x) - positive)
        return dx, share * (log_q - c * log_p)

    return record(y, (input, target), backward)


def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
             ignore_index: int = -100, reduction: str = "mean") -> Tensor:  # fmt: skip
    """L = -Σ w[t] x[t] / Σ w[t],  dx = -w[t] dL / Σ w[t] at the target t, 0 elsewhere

    Shapes: input (N, C), (C,) or (N, C, d1, …), log-probabilities; target (N,), () or (N, d1, …),
    class numbers; weight (C,).
    Raises: IndexError for a class outside 0 … C - 1 (other than ignore_index, whose samples do not
    count), ValueError or RuntimeError for shapes and dtypes that do not fit.
    """
    _check("nll_loss", input, target, reduction)
    t, w = targets.class_targets("nll_loss", input, target, weight, ignore_index)
    shape, samples = input.array.shape, np.arange(t.size)
    log_p = targets.classes_first(input.array)
    each = np.where(w == 0, 0, -w * log_p[t, samples])  # an ignored ln 0 does not count either
    y, n = _reduced(each.reshape(targets.sample_shape(shape)), reduction, w.sum())

    def backward(dy):
        dx = np.zeros_like(log_p)
        dx[t, samples] = -dy.reshape(-1) / n * w
        return (targets.classes_second(dx, shape),)

    return record(y, (input,), backward, _nll_name(shape))


def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *,
                  ignore_index: int = -100, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Tensor:  # fmt: skip
    """L = -Σ q ln softmax(x),  dx = (softmax(x) Σ q - q) dL: softmax and nll_loss in one

    q = w t is 0 but for the target t if that is a class number (the mean divides by Σ w[t]). A
    floating point target of input's shape holds the probability t of each class (the mean divides
    by the number of samples). label_smoothing ε takes (1 - ε) t + ε / C for t.

    Shapes and errors as nll_loss, with logits (any real numbers) instead of log-probabilities.
    """
    _check("cross_entropy", input, target, reduction)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    shape = input.array.shape
    soft = shape == target.array.shape
    place: Any  # where the numbers of q stand among all (C, N)
    if soft or label_smoothing > 0:
        q, dq, total = targets.probabilities(input, target, weight, ignore_index, label_smoothing)
        place, mass = ..., q.sum(0)
        name = {"mean": "DivBackward1"}.get(reduction, "NegBackward0") if soft else "AddBackward0"
    else:
        t, q = targets.class_targets("cross_entropy", input, target, weight, ignore_index)
        place, mass = (t, np.arange(t.size)), q
        dq, total, name = 0, q.sum(), _nll_name(shape)
    # Classes along the first axis: their maxima and sums take a third of the time.
    log_p = targets.classes_first(input.array)
    log_p = log_p - log_p.max(0)
    log_p -= np.log(np.exp(log_p).sum(0))
    each = np.where(q == 0, 0, -q * log_p[place])  # 0 ln 0 is 0
    each = each.sum(0) if each.ndim == 2 else each
    y, n = _reduced(each.reshape(targets.sample_shape(shape)), reduction, total)

    def backward(dy):
        share = dy.reshape(-1) / n
        dx = np.exp(log_p) * (share * mass)
        dx[place] -= share * q
        wanted = target._requires_grad
        dt = targets.classes_second(-share * dq * log_p, shape) if wanted else None
        return targets.classes_second(dx, shape), dt

    return record(y, (input, target), backward, name)


def _check(name: str, x: object, target: object, reduction: str) -> None:
    require_tensor(name, "input", x)
    require_tensor(name, "target", target)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is no valid reduction: expected 'mean', 'sum' or 'none'")


def _reduced(each, reduction: str, total=None) -> tuple:
    """What reduction makes of the losses, and n: ∂L/∂(each loss) = ∂L/∂y / n."""
    if reduction == "none":
        return each, 1
    y = np.add.reduce(each, axis=None)
    if reduction == "sum":
        return y, 1
    total = each.size if total is None else total
    return y / total, total or np.inf  # where no sample counts, the gradient is 0


def _broadcast(name: str, x: Tensor, target: Tensor, reduction: str) -> tuple:
    _check(name, x, target, reduction)
    a, b = operands(x, target)  # RuntimeError where the shapes do not broadcast
    if a.shape != b.shape:
        sizes = f"target size ({target.shape}) that is different to the input size ({x.shape})"
        warnings.warn(f"Using a {sizes}. This will likely lead to incorrect results", stacklevel=3)
    return a, b


def _require_alike(name: str, x: Tensor, target: Tensor, reduction: str) -> None:
    _check(name, x, target, reduction)
    if x.array.shape != target.array.shape:
        raise ValueError(f"{name}: a target of {target.shape} does not fit an input of {x.shape}")
    require_floating(name, x.array)


def _require_probabilities(name: str, a: np.ndarray) -> None:
    outside = a[~((a >= 0) & (a <= 1))]
    if outside.size:
        raise RuntimeError(f"{name} should be between 0 and 1, but found {outside[0]}")


def _nll_name(shape: tuple[int, ...]) -> str:
    return "NllLossBackward0" if len(shape) < 3 else "NllLoss2DBackward0"
