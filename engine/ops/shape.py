"""Operations that rearrange numbers and change none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant, record
from engine.ops.arguments import axes_of, axis_of, refuse_options, sizes_of
from engine.ops.checks import require_tensor
from engine.ops.indexing import getitem


def reshape(x: Tensor, *shape: int) -> Tensor:
    """y = the numbers of x, in order, in another shape; one size may be -1"""
    a, sizes = x.array, sizes_of(shape)
    before = a.shape
    return record(_reshaped(a, sizes), (x,), lambda dy: (dy.reshape(before),), "ViewBackward0")


def view(x: Tensor, *shape: int) -> Tensor:
    """y = x in another shape, on the same memory. RuntimeError where that cannot be."""
    a, sizes = x.array, sizes_of(shape)
    before, y = a.shape, _reshaped(a, sizes)
    if a.size and not np.may_share_memory(a, y):
        raise RuntimeError(
            f"view size {list(sizes)} is not compatible with the memory of a tensor of size "
            f"{list(before)} that was transposed or sliced. Use .reshape(...) instead."
        )
    return record(y, (x,), lambda dy: (dy.reshape(before),))


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """y = x with the axes from start_dim to end_dim made one: (B, C, H, W) → (B, C·H·W)"""
    a = x.array
    start, end = axis_of(start_dim, a.ndim), axis_of(end_dim, a.ndim)
    if start > end:
        raise RuntimeError(
            f"flatten() has invalid args: start_dim cannot come after end_dim, got {start_dim} "
            f"and {end_dim}"
        )
    if a.ndim == 0:
        return reshape(x, 1)
    merged = int(np.prod(a.shape[start : end + 1], dtype=np.int64))
    return reshape(x, *a.shape[:start], merged, *a.shape[end + 1 :])


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """y = x with two axes exchanged"""
    a = x.array
    i, j = axis_of(dim0, a.ndim), axis_of(dim1, a.ndim)
    if a.ndim == 0:
        return record(a, (x,), lambda dy: (dy,))
    return record(np.swapaxes(a, i, j), (x,), lambda dy: (np.swapaxes(dy, i, j),))


def permute(x: Tensor, *dims: int) -> Tensor:
    """y = x with its axes in the order dims: y.shape[i] = x.shape[dims[i]]"""
    order = axes_of(sizes_of(dims), x.array.ndim)
    if len(order) != x.array.ndim:
        raise RuntimeError(f"permute: {len(order)} dims for a tensor of {x.array.ndim} dimensions")
    back = tuple(int(i) for i in np.argsort(order))
    return record(x.array.transpose(order), (x,), lambda dy: (dy.transpose(back),))


def t(x: Tensor) -> Tensor:
    """y = xᵀ for a matrix (a vector or a number stays as it is)"""
    if x.array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return record(x.array.T, (x,), lambda dy: (dy.T,))


def squeeze(x: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """y = x without its axes of size 1, or without those of dim that have size 1"""
    a = x.array
    wanted = range(a.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    axes = {axis_of(d, a.ndim) for d in wanted} if a.ndim or dim is None else set()
    shape = tuple(n for axis, n in enumerate(a.shape) if axis not in axes or n != 1)
    before = a.shape
    return record(a.reshape(shape), (x,), lambda dy: (dy.reshape(before),))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """y = x with a new axis of size 1 at dim"""
    a = x.array
    axis = axis_of(dim, a.ndim + 1)
    return record(np.expand_dims(a, axis), (x,), lambda dy: (dy.squeeze(axis),))


def expand(x: Tensor, *sizes: int) -> Tensor:
    """y = x repeated along axes of size 1 without a copy; -1 keeps a size"""
    a, sizes = x.array, sizes_of(sizes)
    old = (-1,) * (len(sizes) - a.ndim) + a.shape
    try:
        y = np.broadcast_to(a, [o if n == -1 else n for n, o in zip(sizes, old, strict=True)])
    except ValueError:
        raise RuntimeError(
            f"expand: the expanded size {list(sizes)} does not fit the size {list(a.shape)}"
        ) from None
    return record(y, (x,), lambda dy: (dy,))


def broadcast_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """y = x repeated to the shape ``size`` by the rules of broadcasting, without a copy"""
    return expand(x, *size)


def repeat(x: Tensor, *repeats: int) -> Tensor:
    """y = copies of x side by side, repeats[i] of them along axis i"""
    a, times = x.array, sizes_of(repeats)
    if len(times) < a.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            f"tensor: got {list(times)} for shape {list(a.shape)}"
        )
    shape = (1,) * (len(times) - a.ndim) + a.shape
    folded = tuple(size for pair in zip(times, shape, strict=True) for size in pair)
    copies = tuple(range(0, 2 * len(times), 2))
    before = a.shape
    return record(
        np.tile(a, times), (x,), lambda dy: (dy.reshape(folded).sum(copies).reshape(before),)
    )


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """y = the tensors joined along an axis that they have,  each gets its part of dy"""
    arrays = _arrays("cat", tensors, ValueError)
    axis = axis_of(dim, max(a.ndim for a in arrays))
    # PyTorch lets an empty 1-D tensor join anything.
    parts = [a for a in arrays if a.shape != (0,)] or arrays[:1]
    try:
        y = np.concatenate(parts, axis, dtype=_common(arrays))
    except ValueError:
        raise RuntimeError(
            f"Sizes of tensors must match except in dimension {axis}, but got "
            f"{[list(a.shape) for a in arrays]}"
        ) from None
    ends = np.cumsum([0 if a.shape == (0,) else a.shape[axis] for a in arrays])[:-1].tolist()
    return record(y, tuple(tensors), lambda dy: np.split(dy, ends, axis))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """y = the tensors, all of one shape, joined along a new axis"""
    arrays = _arrays("stack", tensors, RuntimeError)
    axis = axis_of(dim, arrays[0].ndim + 1)
    try:
        y = np.stack(arrays, axis, dtype=_common(arrays))
    except ValueError:
        raise RuntimeError(
            f"stack expects each tensor to be equal size, but got {[list(a.shape) for a in arrays]}"
        ) from None
    return record(y, tuple(tensors), lambda dy: list(np.moveaxis(dy, axis, 0)))


def split(
    x: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Parts of x along dim, each of the given size (the last may be smaller) or sizes"""
    size = x.array.shape[axis_of(dim, x.array.ndim)]
    sections = split_size_or_sections
    if isinstance(sections, int):
        if sections <= 0:
            raise RuntimeError(f"split expects split_size be positive, but got {sections}")
        sections = [min(sections, size - i) for i in range(0, size, sections)] or [0]
    if sum(sections) != size or min(sections, default=0) < 0:
        raise RuntimeError(f"split: the sections {list(sections)} do not add up to the size {size}")
    before = (slice(None),) * axis_of(dim, x.array.ndim)
    ends = np.cumsum([0, *sections]).tolist()
    return tuple(getitem(x, (*before, slice(i, j))) for i, j in pairwise(ends))


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most ``chunks`` parts of x along dim, of equal size but for the last"""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = x.array.shape[axis_of(dim, x.array.ndim)]
    return split(x, max(-(-size // chunks), 1), dim) if size else split(x, [0] * chunks, dim)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of x along dim, without that axis"""
    axis = axis_of(dim, x.array.ndim)
    if not x.array.ndim:
        raise IndexError("unbind: a 0-dimensional tensor has no dimension to unbind")
    before = (slice(None),) * axis
    return tuple(getitem(x, (*before, i)) for i in range(x.array.shape[axis]))


def flip(x: Tensor, *dims: int) -> Tensor:
    """y = x read backwards along dims (a copy)"""
    axes = axes_of(sizes_of(dims), x.array.ndim) if sizes_of(dims) else ()
    return record(np.flip(x.array, axes).copy(), (x,), lambda dy: (np.flip(dy, axes),))


def roll(x: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """y[i + shift] = x[i], going round at the ends; without dims on the flattened x"""
    steps = sizes_of((shifts,))
    axes = () if dims is None else tuple(axis_of(d, x.array.ndim) for d in sizes_of((dims,)))
    if len(steps) != (len(axes) or 1):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}"
        )
    back = tuple(-step for step in steps)
    if dims is None:
        return record(np.roll(x.array, steps), (x,), lambda dy: (np.roll(dy, back),))
    return record(np.roll(x.array, steps, axes), (x,), lambda dy: (np.roll(dy, back, axes),))


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """y = x in a frame of value (0),  dx = dy without the frame

    pad lists the widths before and after, last axis first: (left, right, top, bottom, …). A
    negative width cuts off.
    Raises: NotImplementedError for the modes reflect, replicate and circular; RuntimeError for an
    odd number of widths, more than two for each axis, or if more is cut off than there is.
    """
    require_tensor("pad", "input", input)
    refuse_options({"mode": mode}, {"mode": "constant"})
    a, widths = input.array, np.zeros((input.array.ndim, 2), np.int64)
    if len(pad) % 2 or len(pad) > widths.size:
        wanted = f"two for each of up to {a.ndim} dimensions"
        raise RuntimeError(f"Padding length must be divisible by 2, {wanted}, but got {list(pad)}")
    widths[::-1][: len(pad) // 2] = np.reshape(pad, (-1, 2))
    frame, cut = np.maximum(widths, 0), np.maximum(-widths, 0)
    if (cut.sum(1) > a.shape).any():
        raise RuntimeError(f"pad {list(pad)} cuts off more than the shape {list(a.shape)} has")
    shape = a.shape
    y = np.full([n + i + j for n, (i, j) in zip(shape, widths, strict=True)], value or 0, a.dtype)
    kept = tuple(slice(i, n - j) for n, (i, j) in zip(shape, cut, strict=True))
    inside = tuple(slice(i, n - j) for n, (i, j) in zip(y.shape, frame, strict=True))
    y[inside] = a[kept]

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        dx[kept] = dy[inside]
        return (dx,)

    return record(y, (input,), backward, "ConstantPadNdBackward0")


def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """y = x on and below the diagonal of the last two axes, 0 above"""
    _require_matrix("tril", x)
    return record(np.tril(x.array, diagonal), (x,), lambda dy: (np.tril(dy, diagonal),))


def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """y = x on and above the diagonal of the last two axes, 0 below"""
    _require_matrix("triu", x)
    return record(np.triu(x.array, diagonal), (x,), lambda dy: (np.triu(dy, diagonal),))


def clone(x: Tensor) -> Tensor:
    """y = a copy of x,  dx = dy"""
    return record(x.array.copy(), (x,), lambda dy: (dy,))


def contiguous(x: Tensor) -> Tensor:
    """x itself if its numbers lie in order in memory, else a copy in which they do"""
    if x.array.flags.c_contiguous:
        return x
    return record(np.ascontiguousarray(x.array), (x,), lambda dy: (dy,), "CloneBackward0")


def to_dtype(x: Tensor, numpy_dtype: np.dtype) -> Tensor:
    """y = x in another number type,  dx = dy in x's own"""
    if x.array.dtype == numpy_dtype:
        return x
    y = x.array.astype(numpy_dtype)
    if y.dtype.kind != "f":
        return constant(y)
    return record(y, (x,), lambda dy: (dy,), "ToCopyBackward0")


def _reshaped(a: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    try:
        if min(sizes, default=0) < -1:
            raise ValueError
        return a.reshape(sizes)
    except ValueError:
        raise RuntimeError(
            f"shape '{list(sizes)}' is invalid for input of size {a.size} (shape {list(a.shape)})"
        ) from None


def _arrays(name, tensors, error) -> list[np.ndarray]:
    strangers = [type(x).__name__ for x in tensors if not isinstance(x, Tensor)]
    if strangers or isinstance(tensors, Tensor):
        raise TypeError(f"{name}(): expected a list of Tensors, but got {strangers or 'a Tensor'}")
    if not tensors:
        raise error(f"{name}(): expected a non-empty list of Tensors")
    return [x.array for x in tensors]


def _common(arrays) -> np.dtype:
    return max((a.dtype for a in arrays), key=lambda d: (dtypes.category(d), d.itemsize))


def _require_matrix(name, x) -> None:
    if x.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
