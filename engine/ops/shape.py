"""Operations that rearrange numbers and change none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.autograd import Tensor, constant, record
from engine.ops.arguments import axis_of, sizes_of
from engine.ops.indexing import getitem
from engine.ops.promotion import result_type


def reshape(x: Tensor, *shape: int) -> Tensor:
    """y = the numbers of x, in order, in another shape; one size may be -1"""
    a, sizes = x.array, sizes_of(shape)
    y = a.reshape(_resolve(sizes, a))
    before = a.shape
    return record(y, (x,), lambda dy: (dy.reshape(before),), "ViewBackward0")


def view(x: Tensor, *shape: int) -> Tensor:
    """y = x in another shape, on the same memory. RuntimeError where that cannot be."""
    a = x.array
    target, before = _resolve(sizes_of(shape), a, "view"), a.shape
    try:
        y = a.reshape(target, copy=False)
    except ValueError:
        raise RuntimeError(
            f"view size {list(target)} is not compatible with the memory of a tensor of size "
            f"{list(before)} that was transposed or sliced. Use .reshape(...) instead."
        ) from None
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
    a, dims = x.array, sizes_of(dims)
    if len(dims) != a.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input ({a.ndim}) does not "
            f"match the length of the desired ordering of dimensions {list(dims)}"
        )
    order = tuple(axis_of(d, a.ndim) for d in dims)
    if len(set(order)) < len(order):
        raise RuntimeError(f"permute(dims): duplicate dims are not allowed, got {list(dims)}")
    back = tuple(int(i) for i in np.argsort(order))
    return record(a.transpose(order), (x,), lambda dy: (dy.transpose(back),))


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
    added = len(sizes) - a.ndim
    message = f"the expanded size {list(sizes)} does not fit the existing size {list(a.shape)}"
    if added < 0:
        raise RuntimeError(f"expand: {message}: it has fewer dimensions")
    old = (1,) * added + a.shape
    new = tuple(o if n == -1 else n for n, o in zip(sizes, old, strict=True))
    if any(o not in (1, n) for n, o in zip(new, old, strict=True)) or -1 in sizes[:added]:
        raise RuntimeError(f"expand: {message} at a dimension whose size is not 1")
    return record(np.broadcast_to(a, new), (x,), lambda dy: (dy,))


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
    arrays = _arrays("cat", tensors)
    # PyTorch lets an empty 1-D tensor join anything.
    ndim = max(a.ndim for a in arrays)
    parts = [a for a in arrays if a.shape != (0,)] or arrays[:1]
    if not ndim:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    axis = axis_of(dim, ndim)
    for position, a in enumerate(parts):
        if a.ndim != ndim or _without(a.shape, axis) != _without(parts[0].shape, axis):
            raise RuntimeError(
                "Sizes of tensors must match except in dimension "
                f"{axis}. Expected {list(parts[0].shape)} but got {list(a.shape)} for tensor "
                f"number {position} in the list."
            )
    y = np.concatenate(parts, axis, dtype=_common(tensors))
    sizes = [0 if a.shape == (0,) and ndim > 1 else a.shape[axis] for a in arrays]
    ends = np.cumsum(sizes)[:-1].tolist()
    return record(y, tuple(tensors), lambda dy: np.split(dy, ends, axis))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """y = the tensors, all of one shape, joined along a new axis"""
    arrays = _arrays("stack", tensors)
    for position, a in enumerate(arrays):
        if a.shape != arrays[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at "
                f"entry 0 and {list(a.shape)} at entry {position}"
            )
    axis = axis_of(dim, arrays[0].ndim + 1)
    y = np.stack(arrays, axis).astype(_common(tensors), copy=False)
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
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size "
            f"at dimension {dim}), but got split_sizes={list(sections)}"
        )
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
    axes = tuple(axis_of(d, x.array.ndim) for d in sizes_of(dims))
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"flip: a dim appears multiple times in {list(sizes_of(dims))}")
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


def _resolve(sizes, a: np.ndarray, name: str = "reshape") -> tuple[int, ...]:
    known = 1
    for n in sizes:
        known *= n if n != -1 else 1
    unknown = sizes.count(-1)
    fits = known == a.size if not unknown else known > 0 and a.size % known == 0
    if unknown > 1:
        raise RuntimeError("only one dimension can be inferred")
    if not fits or min(sizes, default=0) < -1:
        raise RuntimeError(
            f"shape '{list(sizes)}' is invalid for input of size {a.size} "
            f"({name} of shape {list(a.shape)})"
        )
    return tuple(a.size // known if n == -1 else n for n in sizes)


def _arrays(name, tensors) -> list[np.ndarray]:
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}(): expected a list of Tensors, but got {type(tensors).__name__}")
    if not tensors:
        error = ValueError if name == "cat" else RuntimeError
        raise error(f"{name}(): expected a non-empty list of Tensors")
    for position, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got {type(x).__name__}"
            )
    return [x.array for x in tensors]


def _common(tensors) -> np.dtype:
    common = tensors[0]
    for x in tensors[1:]:
        if x.array.dtype != common.array.dtype:
            common = constant(np.empty((1,), result_type(_as_row(common), _as_row(x))))
    return common.array.dtype


def _as_row(x) -> Tensor:
    return constant(np.empty((1,), x.array.dtype))


def _without(shape, axis) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def _require_matrix(name, x) -> None:
    if x.array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
