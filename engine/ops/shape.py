"""Operations that rearrange numbers and change none."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, record
from engine.ops.arguments import Sizes, axes_of, axis_of, refuse_options, require_tensor, sizes_of
from engine.ops.indexing import getitem
from engine.ops.layout import usual_order


def reshape(x: Tensor, *shape: int) -> Tensor:
    """y = the numbers of x, in order, in another shape; one size may be -1"""
    before, sizes = x.array.shape, sizes_of(shape)
    try:
        if min(sizes, default=0) < -1:
            raise ValueError
        y = x.array.reshape(sizes)
    except ValueError:
        raise RuntimeError(f"shape '{list(sizes)}' is invalid for shape {list(before)}") from None
    return record(y, (x,), lambda dy: (dy.reshape(before),), "ViewBackward0")


def view(x: Tensor, *shape: int) -> Tensor:
    """y = x in another shape, on the same memory. RuntimeError where that cannot be."""
    x.array = usual_order(x.array)
    y = reshape(x, *shape)
    if y.array.size and not np.may_share_memory(x.array, y.array):
        seen = f"a transposed or sliced tensor of shape {list(x.array.shape)}"
        raise RuntimeError(f"view: {seen} has no view of another shape; use .reshape(...) instead")
    return y


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """y = x with the axes from start_dim to end_dim made one: (B, C, H, W) → (B, C·H·W)"""
    a = x.array
    start, end = axis_of(start_dim, a.ndim), axis_of(end_dim, a.ndim)
    if start > end:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    merged = math.prod(a.shape[start : end + 1])
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
    return record(x.array.transpose(order), (x,), lambda dy: (dy.transpose(np.argsort(order)),))


def t(x: Tensor) -> Tensor:
    """y = xᵀ for a matrix (a vector or a number stays as it is)"""
    if x.array.ndim > 2:
        raise RuntimeError(f"expected at most 2 dimensions, but got {x.array.ndim}: use permute()")
    return record(x.array.T, (x,), lambda dy: (dy.T,))


def squeeze(x: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """y = x without its axes of size 1, or without those of dim that have size 1"""
    a, before = x.array, x.array.shape
    axes = tuple(axis for axis in axes_of(dim, a.ndim) if before[axis] == 1)
    return record(a.squeeze(axes), (x,), lambda dy: (dy.reshape(before),))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """y = x with a new axis of size 1 at dim"""
    axis = axis_of(dim, x.array.ndim + 1)
    return record(np.expand_dims(x.array, axis), (x,), lambda dy: (dy.squeeze(axis),))


def expand(x: Tensor, *sizes: int) -> Tensor:
    """y = x repeated along axes of size 1 without a copy; -1 keeps a size"""
    a, sizes = x.array, sizes_of(sizes)
    old = (-1,) * (len(sizes) - a.ndim) + a.shape
    try:
        y = np.broadcast_to(a, [o if n == -1 else n for n, o in zip(sizes, old, strict=True)])
    except ValueError:
        raise RuntimeError(f"expand: {list(a.shape)} does not expand to {list(sizes)}") from None
    return record(y, (x,), lambda dy: (dy,))


def broadcast_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """y = x repeated to the shape ``size`` by the rules of broadcasting, without a copy"""
    return expand(x, *size)


def repeat(x: Tensor, *repeats: int) -> Tensor:
    """y = copies of x side by side, repeats[i] of them along axis i"""
    a, times = x.array, sizes_of(repeats)
    if len(times) < a.ndim:
        raise RuntimeError(f"repeat: {list(times)} names fewer axes than shape {list(a.shape)} has")
    shape = (1,) * (len(times) - a.ndim) + a.shape
    folded = [size for pair in zip(times, shape, strict=True) for size in pair]
    copies = tuple(range(0, len(folded), 2))
    return record(np.tile(a, times), (x,), lambda dy: (dy.reshape(folded).sum(copies),))


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """y = the tensors joined along an axis that they have,  each gets its part of dy"""
    arrays, kind = _arrays("cat", tensors, ValueError)
    axis = axis_of(dim, max(a.ndim for a in arrays))
    # PyTorch lets an empty 1-D tensor join anything.
    parts = [a for a in arrays if a.shape != (0,)] or arrays[:1]
    y = _joined(np.concatenate, parts, axis, kind)
    ends = np.cumsum([0 if a.shape == (0,) else a.shape[axis] for a in arrays])[:-1].tolist()
    return record(y, tuple(tensors), lambda dy: np.split(dy, ends, axis))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """y = the tensors, all of one shape, joined along a new axis"""
    arrays, kind = _arrays("stack", tensors, RuntimeError)
    axis = axis_of(dim, arrays[0].ndim + 1)
    y = _joined(np.stack, arrays, axis, kind)
    return record(y, tuple(tensors), lambda dy: list(np.moveaxis(dy, axis, 0)))


def split(x: Tensor, split_size_or_sections: Sizes, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of x along dim, each of the given size (the last may be smaller) or sizes"""
    axis, sections = axis_of(dim, x.array.ndim), split_size_or_sections
    size = x.array.shape[axis]
    if isinstance(sections, int):
        if sections <= 0:
            raise RuntimeError(f"split expects split_size be positive, but got {sections}")
        sections = [min(sections, size - i) for i in range(0, size, sections)] or [0]
    if sum(sections) != size or min(sections, default=0) < 0:
        raise RuntimeError(f"split: the sections {list(sections)} do not add up to the size {size}")
    ends = np.cumsum([0, *sections]).tolist()
    return tuple(_along(x, axis, slice(i, j)) for i, j in pairwise(ends))


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
    return tuple(_along(x, axis, i) for i in range(x.array.shape[axis]))


def flip(x: Tensor, *dims: int) -> Tensor:
    """y = x read backwards along dims (a copy)"""
    axes = axes_of(sizes_of(dims), x.array.ndim) if sizes_of(dims) else ()
    return record(np.flip(x.array, axes).copy(), (x,), lambda dy: (np.flip(dy, axes),))


def roll(x: Tensor, shifts: Sizes, dims: Sizes | None = None) -> Tensor:
    """y[i + shift] = x[i], going round at the ends; without dims on the flattened x"""
    steps = sizes_of((shifts,))
    axes = None if dims is None else [axis_of(d, x.array.ndim) for d in sizes_of((dims,))]
    if len(steps) != (1 if axes is None else len(axes)):
        raise RuntimeError(f"roll: shifts and dims must align, but got {shifts} and {dims}")
    back = [-step for step in steps]
    return record(np.roll(x.array, steps, axes), (x,), lambda dy: (np.roll(dy, back, axes),))


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant",
        value: float | None = None) -> Tensor:  # fmt: skip
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
    return x if x.array.flags.c_contiguous else clone(x)


def to_dtype(x: Tensor, numpy_dtype: np.dtype) -> Tensor:
    """y = x in another number type,  dx = dy in x's own"""
    if x.array.dtype == numpy_dtype:
        return x
    parents = (x,) if numpy_dtype.kind == "f" else ()
    return record(x.array.astype(numpy_dtype), parents, lambda dy: (dy,), "ToCopyBackward0")


def _along(x: Tensor, axis: int, part: int | slice) -> Tensor:
    return getitem(x, (*(slice(None),) * axis, part))


def _arrays(function, tensors, error) -> tuple[list[np.ndarray], np.dtype]:
    """The arrays of a list of tensors, and the number type in which they are joined."""
    strangers = [type(x).__name__ for x in tensors if not isinstance(x, Tensor)]
    if strangers or isinstance(tensors, Tensor):
        raise TypeError(f"{function}(): expected a list of Tensors, got {strangers or 'a Tensor'}")
    if not tensors:
        raise error(f"{function}(): expected a non-empty list of Tensors")
    arrays = [x.array for x in tensors]
    return arrays, max((a.dtype for a in arrays), key=lambda d: (dtypes.category(d), d.itemsize))


def _joined(join, arrays, axis, kind) -> np.ndarray:
    try:
        return join(arrays, axis, dtype=kind)
    except ValueError:
        shapes = [list(a.shape) for a in arrays]
        raise RuntimeError(f"shapes {shapes} cannot be joined along axis {axis}") from None


def _require_matrix(name, x) -> None:
    if x.array.ndim < 2:
        raise RuntimeError(f"{name}: expected at least 2 dimensions, but got {x.array.ndim}")
