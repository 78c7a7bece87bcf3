"""Operations that make one number of many, along all axes or along dim."""

from __future__ import annotations

import builtins
from typing import NamedTuple

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant, record
from engine.ops.arguments import Dims, axes_of, axis_of
from engine.ops.elementwise import abs as absolute
from engine.ops.elementwise import maximum, minimum


class Extremum(NamedTuple):
    """What max and min along a dim return."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return f"torch.return_types.max(\nvalues={self.values!r},\nindices={self.indices!r})"


class MinExtremum(Extremum):
    """What min along a dim returns; it prints under its own name."""

    def __repr__(self) -> str:
        return f"torch.return_types.min(\nvalues={self.values!r},\nindices={self.indices!r})"


def sum(
    x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """y = Σ x,  dx = dy spread over the summed axes"""
    a, axes = x.array, axes_of(dim, x.array.ndim)
    if dtype is not None:
        a = a.astype(dtypes.to_numpy_dtype(dtype), copy=False)
    elif a.dtype.kind != "f":
        a = a.astype(np.int64, copy=False)
    shape, kept = a.shape, _kept_shape(a.shape, axes)
    name = "SumBackward0" if dim is None else "SumBackward1"
    y = a.sum(axis=axes, keepdims=keepdim)
    return record(y, (x,), lambda dy: (np.broadcast_to(dy.reshape(kept), shape),), name)


def mean(
    x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None
) -> Tensor:
    """y = Σ x / n,  dx = dy / n spread over the n numbers"""
    a, axes = x.array, axes_of(dim, x.array.ndim)
    if dtype is not None:
        a = a.astype(dtypes.to_numpy_dtype(dtype), copy=False)
    _require_float("mean", a)
    shape, kept = a.shape, _kept_shape(a.shape, axes)
    n = _count(shape, axes)
    name = "MeanBackward0" if dim is None else "MeanBackward1"
    y = a.sum(axis=axes, keepdims=keepdim) / a.dtype.type(n)
    return record(
        y, (x,), lambda dy: (np.broadcast_to(dy.reshape(kept) / builtins.max(n, 1), shape),), name
    )


def var(
    x: Tensor, dim: Dims = None, *, correction: int = 1, keepdim: bool = False,
    unbiased: bool | None = None,
) -> Tensor:  # fmt: skip
    """y = Σ (x - x̄)² / (n - correction),  dx = 2 (x - x̄) dy / (n - correction)

    unbiased=False is the older way to write correction=0.
    """
    centred, free, kept, axes = _centred("var", x, dim, correction, unbiased)
    y = np.square(centred).sum(axis=axes, keepdims=keepdim) / centred.dtype.type(free)
    return record(y, (x,), lambda dy: (2 * centred * dy.reshape(kept) / free,))


def std(
    x: Tensor, dim: Dims = None, *, correction: int = 1, keepdim: bool = False,
    unbiased: bool | None = None,
) -> Tensor:  # fmt: skip
    """y = √var(x),  dx = (x - x̄) dy / (y (n - correction)), and 0 where y = 0"""
    centred, free, kept, axes = _centred("std", x, dim, correction, unbiased)
    y = np.sqrt(np.square(centred).sum(axis=axes, keepdims=keepdim) / centred.dtype.type(free))

    def backward(dy):
        slope = centred * dy.reshape(kept) / (free * y.reshape(kept))
        return (np.where(y.reshape(kept) == 0, 0, slope).astype(dy.dtype, copy=False),)

    return record(y, (x,), backward)


def norm(x: Tensor, p: float | str = 2, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """y = (Σ |x|ᵖ)^(1/p): p = 2 ("fro") is the length, 1 the sum, inf the largest

    dx = x |x|ᵖ⁻² y^(1-p) dy, and 0 where y = 0
    """
    a, axes = x.array, axes_of(dim, x.array.ndim)
    if a.dtype.kind != "f":
        raise RuntimeError(f"norm: expected a floating point tensor, but got {x.dtype}")
    p = 2.0 if p in ("fro", None) else float(p)
    kept = _kept_shape(a.shape, axes)
    size = np.abs(a)
    if np.isinf(p):
        pick = amax if p > 0 else amin
        return pick(absolute(x), () if dim is None else dim, keepdim)
    if p == 0:
        y = (a != 0).sum(axis=axes, keepdims=keepdim).astype(a.dtype)
        return record(y, (x,), lambda dy: (None,))
    if p == 2:
        y = np.sqrt(np.square(a).sum(axis=axes, keepdims=keepdim))
    else:
        y = np.power(np.power(size, p).sum(axis=axes, keepdims=keepdim), a.dtype.type(1 / p))

    def backward(dy):
        total = y.reshape(kept)
        slope = np.sign(a) * (size / total) ** (p - 1) * dy.reshape(kept)
        return (np.where((total == 0) | (size == 0), 0, slope).astype(dy.dtype, copy=False),)

    return record(y, (x,), backward, "LinalgVectorNormBackward0")


def amax(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """y = the largest x; equal largest ones share the gradient"""
    return _spread_extremum(np.max, x, dim, keepdim, "AmaxBackward0")


def amin(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """y = the smallest x; equal smallest ones share the gradient"""
    return _spread_extremum(np.min, x, dim, keepdim, "AminBackward0")


def max(x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | Extremum:
    """The largest x; with dim the pair (values, indices); with a tensor the larger of each pair

    Along a dim the first largest takes the gradient; without dim equal ones share it.
    """
    if isinstance(dim, Tensor):
        return maximum(x, dim)
    if dim is None:
        return _spread_extremum(np.max, x, (), False, "MaxBackward1")
    return Extremum(*_along(np.argmax, x, dim, keepdim, "MaxBackward0"))


def min(x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | Extremum:
    """The smallest x; with dim the pair (values, indices); with a tensor the smaller of each pair

    Along a dim the first smallest takes the gradient; without dim equal ones share it.
    """
    if isinstance(dim, Tensor):
        return minimum(x, dim)
    if dim is None:
        return _spread_extremum(np.min, x, (), False, "MinBackward1")
    return MinExtremum(*_along(np.argmin, x, dim, keepdim, "MinBackward0"))


def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) largest x, of the flattened x without dim"""
    return _argument(np.argmax, x, dim, keepdim)


def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) smallest x, of the flattened x without dim"""
    return _argument(np.argmin, x, dim, keepdim)


def cumsum(x: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """y[i] = x[0] + … + x[i],  dx[i] = dy[i] + … + dy[n-1]"""
    a, axis = x.array, axis_of(dim, x.array.ndim)
    if dtype is not None:
        a = a.astype(dtypes.to_numpy_dtype(dtype), copy=False)
    if a.ndim == 0:
        return record(a.copy(), (x,), lambda dy: (dy,))
    y = np.cumsum(a, axis, dtype=None if a.dtype.kind == "f" else np.int64)
    return record(y, (x,), lambda dy: (np.flip(np.cumsum(np.flip(dy, axis), axis), axis),))


def any(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether one x is not 0"""
    return constant(np.any(x.array, axis=axes_of(dim, x.array.ndim), keepdims=keepdim))


def all(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no x is 0"""
    return constant(np.all(x.array, axis=axes_of(dim, x.array.ndim), keepdims=keepdim))


def unique(
    x: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """The different values of x in ascending order; on request each element's place and the counts

    With dim, the different slices along it. sorted=False sorts as well, as PyTorch's does here.
    """
    axis = None if dim is None else axis_of(dim, x.array.ndim)
    found = np.unique(x.array, return_inverse=True, return_counts=True, axis=axis)
    values, inverse, counts = (constant(np.asarray(part)) for part in found)
    if axis is None:
        inverse = constant(inverse.array.reshape(x.array.shape))
    extra = [part for part, asked in ((inverse, return_inverse), (counts, return_counts)) if asked]
    return (values, *extra) if extra else values


def _spread_extremum(reduce, x, dim, keepdim, name) -> Tensor:
    a, axes = x.array, axes_of(None if dim == () else dim, x.array.ndim)
    if not a.size:
        raise (RuntimeError if dim == () else IndexError)(
            f"{reduce.__name__}(): expected at least one element, but the shape is {a.shape}"
        )
    kept = _kept_shape(a.shape, axes)
    y = reduce(a, axis=axes, keepdims=keepdim)

    def backward(dy):
        largest = a == np.reshape(y, kept)
        return (largest * (dy.reshape(kept) / largest.sum(axis=axes, keepdims=True)),)

    return record(y, (x,), backward, name)


def _along(arg_reduce, x, dim, keepdim, name):
    a, axis = x.array, axis_of(dim, x.array.ndim)
    if a.ndim == 0:
        return record(a.copy(), (x,), lambda dy: (dy,), name), constant(np.array(0))
    if not a.shape[axis]:
        raise IndexError(f"max(): Expected reduction dim {dim} to have non-zero size.")
    kept = np.expand_dims(arg_reduce(a, axis), axis)
    shape = a.shape

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        np.put_along_axis(dx, kept, dy.reshape(kept.shape), axis)
        return (dx,)

    values, indices = np.take_along_axis(a, kept, axis), kept
    if not keepdim:
        values, indices = values.squeeze(axis), indices.squeeze(axis)
    return record(values, (x,), backward, name), constant(indices)


def _argument(arg_reduce, x, dim, keepdim) -> Tensor:
    a = x.array
    if dim is None:
        if not a.size:
            raise IndexError(
                f"{arg_reduce.__name__}(): Expected reduction dim to be specified for an empty "
                f"tensor of shape {a.shape}."
            )
        index = np.asarray(arg_reduce(a))
        return constant(index.reshape((1,) * a.ndim) if keepdim else index)
    axis = axis_of(dim, x.array.ndim)
    return constant(arg_reduce(a, axis, keepdims=keepdim) if a.ndim else np.array(0))


def _kept_shape(shape, axes) -> tuple[int, ...]:
    return tuple(1 if axis in axes else n for axis, n in enumerate(shape))


def _centred(name, x, dim, correction, unbiased):
    """x - x̄, the divisor, the shape with axes kept, and the axes: what var and std begin with."""
    a, axes = x.array, axes_of(dim, x.array.ndim)
    _require_float(name, a)
    n = _count(a.shape, axes)
    free = builtins.max(n - (correction if unbiased is None else int(unbiased)), 0)
    centred = a - a.sum(axis=axes, keepdims=True) / a.dtype.type(n)
    return centred, free, _kept_shape(a.shape, axes), axes


def _count(shape, axes) -> int:
    n = 1
    for axis in axes:
        n *= shape[axis]
    return n


def _require_float(name, a) -> None:
    if a.dtype.kind != "f":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {dtypes.from_numpy_dtype(a.dtype).title}"
        )
