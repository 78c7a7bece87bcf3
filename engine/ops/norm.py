"""Normalization: mean 0 and variance 1, then a scale and a shift that are learned."""

import math

import numpy as np

from engine.autograd import Tensor, record
from engine.memory import changes
from engine.ops.checks import require_floating, require_tensor
from engine.ops.layout import batch_last, empty_batch_last
from engine.ops.linalg import ones


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """y = w (x - μ) / √(σ² + eps) + b  in each channel (Ioffe and Szegedy, 2015)

    training: μ and σ² are the batch's mean and (biased) variance. The running ones move to them,
    r ← (1 - momentum) r + momentum · batch, with the unbiased variance. Then
    dx = w / √(σ² + eps) · (dy - mean(dy) - x̂ mean(dy x̂)) with x̂ = (x - μ) / √(σ² + eps).
    Without training they are the running ones, constants, and dx = w / √(σ² + eps) · dy.

    Shapes: x (N, C, *sizes); running_mean, running_var, weight, bias (C,).
    Raises: ValueError if a channel has one value in training or if eps is not positive then,
    RuntimeError for shapes and dtypes that do not fit and without running statistics.
    """
    require_tensor("batch_norm", "input", input)
    a = input.array
    running = {"running_mean": running_mean, "running_var": running_var}
    _check(a, {**running, "weight": weight, "bias": bias}, training, eps)
    rows = np.ascontiguousarray(batch_last(a, a.ndim - 2)).reshape(a.shape[1], -1)  # (C, n)
    n, kind = rows.shape[1], a.dtype.type
    share = kind(1 / max(n, 1))
    # A product with ones sums the rows in a sixth of the time of mean(1).
    mean = rows @ ones(n, a.dtype) * share if training else running_mean.array
    centred = rows - mean[:, None]
    if training:
        var = np.einsum("cn,cn->c", centred, centred) * share
        batch = {"running_mean": mean, "running_var": var * kind(n / max(n - 1, 1))}
        for name, old in running.items():
            if old is not None and n > 0:
                old.array += kind(momentum) * (batch[name] - old.array)
                changes.note(old.array)
    else:
        var = running_var.array
    rate = 1 / np.sqrt(var + kind(eps))  # 1 / σ
    scale = rate if weight is None else rate * weight.array
    y, z = empty_batch_last((*a.shape[1:], len(a)), a.dtype, a.ndim)
    z = np.multiply(centred, scale[:, None], out=z.reshape(rows.shape))
    if bias is not None:
        z += bias.array[:, None]
    need_x = input._requires_grad

    def backward(dy):
        dz = np.ascontiguousarray(batch_last(dy, a.ndim - 2)).reshape(rows.shape)
        total = dz @ ones(n, a.dtype)
        along = np.einsum("cn,cn->c", dz, centred) * rate  # Σ dy x̂
        dx = None
        if need_x:
            dx, out = empty_batch_last((*a.shape[1:], len(a)), a.dtype, a.ndim)
            out = np.multiply(dz, scale[:, None], out=out.reshape(rows.shape))
            if training:
                out -= centred * (scale * rate * along * share)[:, None]
                out -= (scale * total * share)[:, None]
        dw = None if weight is None else along
        return dx, dw, None if bias is None else total

    return record(y, (input, weight, bias), backward, "NativeBatchNormBackward0")


def _check(a, parts, training, eps) -> None:
    require_floating("batch_norm", a)
    if training and a.shape and math.prod(a.shape) == a.shape[1]:
        text = "Expected more than 1 value per channel when training"
        raise ValueError(f"{text}, got input size {list(a.shape)}")
    if training and eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    for part, value in parts.items():
        if value is None:
            if "running" in part and not training:
                raise RuntimeError(f"{part} must be defined in evaluation mode")
        elif value.array.shape != (a.shape[1],) or value.array.dtype != a.dtype:
            seen = f"{list(value.array.shape)} of {value.array.dtype}"
            wanted = f"{a.shape[1]} elements of {a.dtype}"
            raise RuntimeError(f"batch_norm: {part} should contain {wanted}, not {seen}")
