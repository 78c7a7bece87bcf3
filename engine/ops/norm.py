"""Normalization: numbers brought to mean 0 and variance 1, then scaled and shifted as learned."""

import math
from collections.abc import Sequence

import numpy as np

from engine.autograd import Tensor, record
from engine.ops.checks import require_floating, require_tensor
from engine.ops.linalg import ones_vector


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
    bias: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """y = w n + b,  n = (x - mean) / √(var + eps),  mean and var of each sample's numbers

    dx = (g - mean(g) - n mean(g n)) / √(var + eps) with g = w dy,  dw = Σ n dy,  db = Σ dy
    Source: Ba et al., 2016. One record.

    Shapes: x (…, *normalized_shape); weight and bias normalized_shape; y as x.
    Raises: TypeError if normalized_shape is a number, RuntimeError if shapes or dtypes do not
    fit.
    """
    require_tensor("layer_norm", "input", input)
    a, shape = input.array, tuple(normalized_shape)
    fits = bool(shape) and a.shape[-len(shape) :] == shape
    for p in (weight, bias):
        fits = fits and (p is None or (p.array.shape == shape and p.array.dtype == a.dtype))
    if not fits:
        given = [x.array for x in (input, weight, bias) if x is not None]
        seen = ", ".join(f"{x.dtype} {list(x.shape)}" for x in given)
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
