"""Convolution of signals, images and volumes: one operation for 1, 2 and 3 dimensions."""

import numpy as np

from engine.autograd import Tensor, record
from engine.ops.arguments import Sizes, for_each_axis, require_one_dtype
from engine.ops.layout import batch_first, batch_last, empty_batch_last, require_batch
from engine.ops.linalg import ones_vector
from engine.ops.windows import Windows, of_dimensions


def convolution(dims: int, input: Tensor, weight: Tensor, bias: Tensor | None = None,
                stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1,
                groups: int = 1) -> Tensor:  # fmt: skip
    """y[b, o] = bias[o] + Σ_i weight[o, i] ⋆ x[b, i]

    ⋆ is the cross-correlation: (w ⋆ x)[p] = Σ_k w[k] x[stride·p + dilation·k - padding]. Laid out
    as a matrix, what each window sees makes it one product, y = W X, so that dW = dy Xᵀ and
    dX = Wᵀ dy, which is added back to the places that X was read from.

    Shapes: x (N, C_in, *sizes) or (C_in, *sizes), weight (C_out, C_in / groups, *kernel),
    bias (C_out,); y (N, C_out, *sizes'),
    size' = ⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.
    padding="same" keeps the sizes, "valid" is 0. Group i of the outputs sees group i of the inputs.
    Raises: RuntimeError for shapes, dtypes and arguments that do not fit.
    """
    name = f"conv{dims}d"
    _check(name, dims, input, weight, bias, groups)
    a, kernel = input.array, weight.array.shape[2:]
    steps = for_each_axis(name, "stride", stride, dims, 1)
    spacing = for_each_axis(name, "dilation", dilation, dims, 1)
    pairs = _padding(name, padding, kernel, steps, spacing)
    x = batch_last(a, dims)
    windows = Windows(x.shape[1:-1], kernel, steps, pairs, spacing)
    w = weight.array.reshape(groups, len(weight.array) // groups, -1)
    shape = (len(weight.array), *windows.out, x.shape[-1])
    y, z = empty_batch_last(shape, a.dtype, a.ndim)

    def columns():
        """X: a row for each weight of a filter, a column for each window of each sample."""
        padded = windows.pad(x)
        seen = np.empty((len(x), len(windows.places), *windows.out, x.shape[-1]), x.dtype)
        for i, place in enumerate(windows.places):
            seen[:, i] = padded[place]
        return seen.reshape(groups, w.shape[2], -1)

    np.matmul(w, columns(), out=z.reshape(groups, w.shape[1], -1))
    if bias is not None:
        z += bias.array.reshape(-1, *[1] * (dims + 1))
    need_x, need_w = input._requires_grad, weight._requires_grad

    def backward(dy):
        dz = np.ascontiguousarray(batch_last(dy, dims)).reshape(groups, w.shape[1], -1)
        dx = dw = None
        if need_w:  # X is built again: that takes a tenth of the time, keeping it much memory
            dw = np.matmul(dz, columns().swapaxes(1, 2)).reshape(weight.array.shape)
        if need_x:
            parts = np.matmul(w.swapaxes(1, 2), dz)
            parts = parts.reshape(len(x), len(windows.places), *windows.out, x.shape[-1])
            dx = batch_first(windows.spread(parts.swapaxes(0, 1), x), a.ndim)
        rows = dz.reshape(shape[0], -1)
        return dx, dw, None if bias is None else rows @ ones_vector(rows.shape[1], rows.dtype)

    return record(y, (input, weight, bias), backward, "ConvolutionBackward0")


conv1d, conv2d, conv3d = of_dimensions(convolution)


def _padding(name, padding, kernel, stride, dilation) -> list[tuple[int, int]]:
    padding = 0 if padding == "valid" else padding
    if isinstance(padding, str):
        if padding != "same":
            raise RuntimeError(f"{name}: Invalid padding string: '{padding}', expected valid, same")
        if max(stride) > 1:
            raise RuntimeError(f"{name}: padding='same' is not supported for stride {stride}")
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(n // 2, n - n // 2) for n in reach]
    return [(n, n) for n in for_each_axis(name, "padding", padding, len(kernel), 0)]


def _check(name, dims, input, weight, bias, groups) -> None:
    require_batch(name, dims, input)
    shape, expected = list(input.array.shape), list(weight.array.shape)
    given = f"Given groups={groups}, weight of size {expected}"
    if groups < 1 or len(expected) != dims + 2 or not expected[0] or expected[0] % groups:
        wanted = f"(C_out, C_in / groups, {dims} sizes) and groups that divide C_out"
        raise RuntimeError(f"{given}: {name} expected {wanted}")
    seen, wanted = shape[-dims - 1], expected[1] * groups
    if seen != wanted:
        raise RuntimeError(f"{given}, expected input{shape} to have {wanted} channels, not {seen}")
    if bias is not None and bias.array.shape != (expected[0],):
        raise RuntimeError(f"{given}, expected a bias of {expected[0]}, got {bias.array.shape}")
    require_one_dtype(name, input, weight, bias)
