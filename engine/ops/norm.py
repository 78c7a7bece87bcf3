"""Normalization: mean 0 and variance 1, then a scale and a shift that are learned."""

from __future__ import annotations

import math

import numpy as np

from engine.autograd import Tensor, record
from engine.memory import changes
from engine.ops.checks import require_floating, require_tensor
from engine.ops.linalg import ones
from engine.ops.windows import batch_last, empty_batch_last


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """y = w (x - μ) / √(σ² + eps) + b  in each channel (Ioffe and Szegedy, 2015)

    training: μ and σ² are the batch's mean and (biased) variance, and the running ones move to them,
    r ← (1 - momentum) r + momentum · batch, the variance as the unbiased one. Then
    dx = w / √(σ² + eps) · (dy - mean(dy) - x̂ mean(dy x̂)) with x̂ = (x - μ) / √(σ² + eps).
    Without training they are the running ones, constants, and dx = w / √(σ² + eps) · dy.

    Shapes: x (N, C, *sizes); running_mean, running_var, weight, bias (C,).
    Raises: ValueError if a channel has one value in training or if eps is not positive then,
    RuntimeError for shapes and dtypes that do not fit and without running statistics.
    """
    require_tensor("batch_norm", "input", input)
    a = input.array
    _check(a, running_mean, running_var, weight, bias, training, eps)
    rows = np.ascontiguousarray(batch_last(a, a.ndim - 2)).reshape(a.shape[1], -1)  # (C, n)
    n, kind = rows.shape[1], a.dtype.type
    if training:
        mean = rows @ ones(n, a.dtype) / kind(max(n, 1))  # in a sixth of the time of mean(1)
    else:
        mean = running_mean.array
    centred = rows - mean[:, None]
    if training:
        var = np.einsum("cn,cn->c", centred, centred) / kind(max(n, 1))
        for running, batch in ((running_mean, mean), (running_var, var * kind(n / max(n - 1, 1)))):
            if running is not None and n > 0:
                running.array += kind(momentum) * (batch - running.array)
                changes.note(running.array)
    else:
        var = running_var.array
    rate = 1 / np.sqrt(var + kind(eps))  # 1 / σ
    scale = rate if weight is None else rate * weight.array
    y, z = empty_batch_last((*a.shape[1:], len(a)), a.dtype)
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
            dx, out = empty_batch_last((*a.shape[1:], len(a)), a.dtype)
            out = np.multiply(dz, scale[:, None], out=out.reshape(rows.shape))
            if training:
                out -= centred * (scale * rate * along / kind(max(n, 1)))[:, None]
                out -= (scale * total / kind(max(n, 1)))[:, None]
        dw = None if weight is None else along
        return dx, dw, None if bias is None else total

    return record(y, (input, weight, bias), backward, "NativeBatchNormBackward0")


def _check(a, running_mean, running_var, weight, bias, training, eps) -> None:
    name = "batch_norm"
    require_floating(name, a)
    if a.ndim < 2:
        raise RuntimeError(f"{name}: expected (N, C, …), but got shape {list(a.shape)}")
    parts = {"running_mean": running_mean, "running_var": running_var}
    if training:
        if math.prod(a.shape) == a.shape[1]:
            text = "Expected more than 1 value per channel when training"
            raise ValueError(f"{text}, got input size {list(a.shape)}")
        if eps <= 0:
            raise ValueError(f"{name} eps must be positive during training, but got {eps}")
    else:
        for part, value in parts.items():
            if value is None:
                raise RuntimeError(f"{part} must be defined in evaluation mode")
    for part, value in {**parts, "weight": weight, "bias": bias}.items():
        if value is None:
            continue
        if value.array.shape != (a.shape[1],):
            seen = f"{list(value.array.shape)}, the input is {list(a.shape)}"
            raise RuntimeError(f"{part} should contain {a.shape[1]} elements not {seen}")
        if value.array.dtype != a.dtype:
            seen = f"{a.dtype} and {part} {value.array.dtype}"
            raise RuntimeError(f"mixed dtype: all inputs must share same datatype, got {seen}")
