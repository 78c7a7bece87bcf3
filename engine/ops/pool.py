"""Pooling: one number for each window of a signal, an image or a volume, channel by channel."""

import functools
import math
from collections.abc import Sequence

import numpy as np

from engine.autograd import Tensor, record
from engine.ops.arguments import Sizes, for_each_axis, require_floating
from engine.ops.layout import batch_first, batch_last, empty_batch_last, require_batch
from engine.ops.windows import Windows, of_dimensions


def max_pool(dims: int, input: Tensor, kernel_size: Sizes, stride: Sizes | None = None,
             padding: Sizes = 0, dilation: Sizes = 1, ceil_mode: bool = False,
             return_indices: bool = False) -> Tensor:  # fmt: skip
    """y = the largest x of each window,  dx = dy at the first place that holds it

    Shapes: x (N, C, *sizes) or (C, *sizes); y with sizes' as for a convolution. stride None is the
    kernel_size; padding is -∞; with ceil_mode a last window may reach beyond it.
    Raises: RuntimeError for shapes and sizes that do not fit, NotImplementedError for
    return_indices=True.
    """
    if return_indices:
        raise NotImplementedError("return_indices=True is not supported: only values are returned")
    windows = _windows(dims, "max", input, kernel_size, stride, padding, dilation, ceil_mode)
    x = batch_last(input.array, dims)
    padded = windows.pad(x, -math.inf)
    y, z = _over_windows(np.maximum, windows, padded, input)
    largest = z.copy()  # y may change in place

    def parts(dz):
        free = np.ones(dz.shape, bool)  # the windows whose maximum was not met yet
        for place in windows.places:
            here = (padded[place] == largest) & free
            free ^= here
            yield here * dz

    def backward(dy):
        return (batch_first(windows.spread(parts(batch_last(dy, dims)), x), dy.ndim),)

    return record(y, (input,), backward, f"MaxPool{dims}DWithIndicesBackward0")


def avg_pool(dims: int, input: Tensor, kernel_size: Sizes, stride: Sizes | None = None,
             padding: Sizes = 0, ceil_mode: bool = False, count_include_pad: bool = True,
             divisor_override: int | None = None) -> Tensor:  # fmt: skip
    """y = the mean of each window,  dx = Σ dy / count over the windows that x is in

    Shapes and errors as max_pool, padding with 0. count_include_pad: whether padding counts.
    divisor_override: divide the sum by this number instead of the count.
    """
    windows = _windows(dims, "avg", input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError(f"avg_pool{dims}d: divisor must be not zero")
    x = batch_last(input.array, dims)
    y, z = _over_windows(np.add, windows, windows.pad(x), input)
    if divisor_override is None:
        count = windows.counts(count_include_pad).astype(x.dtype)[..., None]
    else:
        count = x.dtype.type(divisor_override)
    z /= count

    def backward(dy):
        share = batch_last(dy, dims) / count
        return (batch_first(windows.spread([share] * len(windows.places), x), dy.ndim),)

    return record(y, (input,), backward, f"AvgPool{dims}DBackward0")


def adaptive_avg_pool(dims: int, input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """y[i] = the mean of x[⌊i n / m⌋ … ⌈(i + 1) n / m⌉ - 1]: m means of n numbers along each axis

    Such a mean is a product with a matrix of shares along each axis, y = A x, and so dx = Aᵀ dy.
    Shapes: x (N, C, *sizes) or (C, *sizes); y with output_size for sizes; None keeps a size.
    Raises: RuntimeError for shapes and sizes that do not fit.
    """
    name = f"adaptive_avg_pool{dims}d"
    require_batch(name, dims, input)
    a = input.array
    require_floating(name, a)
    wanted = output_size if isinstance(output_size, (tuple, list)) else [output_size] * dims
    if len(wanted) != dims:
        raise RuntimeError(f"{name}: output_size must have {dims} sizes, but got {output_size}")
    wanted = [n if m is None else m for n, m in zip(a.shape[-dims:], wanted, strict=True)]
    sizes = for_each_axis(name, "output_size", wanted, dims, 0)
    matrices = [_shares(n, m, a.dtype) for n, m in zip(a.shape[-dims:], sizes, strict=True)]
    y = batch_first(_along_axes(matrices, batch_last(a, dims)), a.ndim)

    def backward(dy):
        back = [shares.T for shares in matrices]
        return (batch_first(_along_axes(back, batch_last(dy, dims)), a.ndim),)

    return record(y, (input,), backward, f"AdaptiveAvgPool{dims}DBackward0")


max_pool1d, max_pool2d, max_pool3d = of_dimensions(max_pool)
avg_pool1d, avg_pool2d, avg_pool3d = of_dimensions(avg_pool)
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = of_dimensions(adaptive_avg_pool)


def _windows(dims, kind, input, kernel_size, stride, padding, dilation, ceil_mode) -> Windows:
    name = f"{kind}_pool{dims}d"
    require_batch(name, dims, input)
    require_floating(name, input.array)
    if 0 in input.array.shape[-dims - 1 :]:
        raise RuntimeError(f"{name}: only the batch may be empty: got {list(input.array.shape)}")
    kernel = for_each_axis(name, "kernel_size", kernel_size, dims, 1)
    steps = kernel if stride in (None, ()) else for_each_axis(name, "stride", stride, dims, 1)
    spacing = for_each_axis(name, "dilation", dilation, dims, 1)
    margins = for_each_axis(name, "padding", padding, dims, 0)
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(margins, kernel, spacing, strict=True)):
        limit = f"half of the kernel {kernel} with dilation {spacing}"
        raise RuntimeError(f"{name}: padding should be at most {limit}, but got {margins}")
    pairs = [(n, n) for n in margins]
    return Windows(input.array.shape[-dims:], kernel, steps, pairs, spacing, ceil_mode)


def _over_windows(ufunc, windows, padded, input) -> tuple[np.ndarray, np.ndarray]:
    """The ufunc over what each window holds: the result, and its view with the batch last."""
    shape = (len(padded), *windows.out, padded.shape[-1])
    y, z = empty_batch_last(shape, padded.dtype, input.array.ndim)
    z[...] = padded[windows.places[0]]
    for place in windows.places[1:]:
        ufunc(z, padded[place], out=z)
    return y, z


@functools.lru_cache(maxsize=64)
def _shares(n: int, m: int, dtype: np.dtype) -> np.ndarray:
    """(m, n): in row i the shares of n numbers in their i-th mean of m."""
    i, j = np.arange(m)[:, None], np.arange(n)
    inside = (j >= i * n // max(m, 1)) & (j < -(-(i + 1) * n // max(m, 1)))
    return (inside / np.maximum(inside.sum(1, keepdims=True), 1)).astype(dtype)


def _along_axes(matrices: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Each matrix applied along its axis of (C, *sizes, N)."""
    for axis, matrix in enumerate(matrices, start=1):
        before, after = x.shape[:axis], x.shape[axis + 1 :]
        x = matrix @ x.reshape(math.prod(before), x.shape[axis], math.prod(after))
        x = x.reshape(*before, len(matrix), *after)
    return x
