"""Normalization: mean 0 and variance 1, then a scale and a shift that are learned."""

import math
from collections.abc import Sequence

import numpy as np

from engine.autograd import Tensor, record
from engine.memory import changes
from engine.ops.arguments import require_floating, require_tensor
from engine.ops.layout import batch_last, empty_batch_last
from engine.ops.linalg import ones_vector


def batch_norm(input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
               weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
               momentum: float = 0.1, eps: float = 1e-5) -> Tensor:  # fmt: skip
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
    parts = {"running_mean": running_mean, "running_var": running_var}
    _check(a, {**parts, "weight": weight, "bias": bias}, training, eps)
    rows = np.ascontiguousarray(batch_last(a, a.ndim - 2)).reshape(a.shape[1], -1)  # (C, n)
    n, kind = rows.shape[1], a.dtype.type
    share = kind(1 / max(n, 1))
    # A product with ones sums the rows in a sixth of the time of mean(1).
    mean = rows @ ones_vector(n, a.dtype) * share if training else running_mean.array
    centred = rows - mean[:, None]
    if training:
        var = np.einsum("cn,cn->c", centred, centred) * share
        unbiased = var * kind(n / max(n - 1, 1))
        for old, new in ((running_mean, mean), (running_var, unbiased)):
            if old is not None and n > 0:
                old.array += kind(momentum) * (new - old.array)
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
        total = dz @ ones_vector(n, a.dtype)
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


def layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
               bias: Tensor | None = None, eps: float = 1e-5) -> Tensor:  # fmt: skip
    """y = w n + b,  n = (x - mean) / √(var + eps),  mean and var of each sample's numbers

    dx = (g - mean(g) - n mean(g n)) / √(var + eps) with g = w dy,  dw = Σ n dy,  db = Σ dy
    Source: Ba et al., 2016. One record.

    Shapes: x (…, *normalized_shape); weight and bias normalized_shape; y as x.
    Raises: TypeError if normalized_shape is a number, RuntimeError if shapes or dtypes do not
    fit.
    """
    require_tensor("layer_norm", "input", input)
    a, shape = input.array, tuple(normalized_shape)
    parts = [p.array for p in (weight, bias) if p is not None]
    fits = all(p.shape == shape and p.dtype == a.dtype for p in parts)
    if not fits or not shape or a.shape[-len(shape) :] != shape:
        seen = ", ".join(f"{p.dtype} {list(p.shape)}" for p in (a, *parts))
        sizes = f"input [*, {', '.join(map(str, shape))}], weight and bias {list(shape)}"
        raise RuntimeError(f"layer_norm expected {sizes} of one dtype, but got {seen}")
    require_floating("layer_norm", a)
    size = math.prod(shape)
    ones = ones_vector(size, a.dtype)
    w = ones if weight is None else weight.array.reshape(size)
    # Means are products with vectors: a seventh of the time of mean(1), also below.
    n = a.reshape(a.size // max(size, 1), size)
    n = n - (n.dot(ones) / size)[:, None]
    deviation = np.sqrt((n * n).dot(ones) / size + eps)[:, None]
    n /= deviation
    y = n * w
    if bias is not None:
        y += bias.array.reshape(size)

    def backward(dy):
        dy = dy.reshape(n.shape)
        dyn = dy * n
        dx = dy * w
        dx -= (dy.dot(w) / size)[:, None]
        dx -= n * (dyn.dot(w) / size)[:, None]
        dx /= deviation
        rows = ones_vector(len(n), n.dtype)
        return dx.reshape(a.shape), rows.dot(dyn).reshape(shape), rows.dot(dy).reshape(shape)

    return record(y.reshape(a.shape), (input, weight, bias), backward, "NativeLayerNormBackward0")


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
