"""Operations that make one number of many, along all axes or along dim."""

import builtins
import math
from typing import Any, NamedTuple

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant, record
from engine.ops.arguments import Dims, Dtype, axes_of, axis_of, require_floating
from engine.ops.elementwise import abs as absolute
from engine.ops.elementwise import maximum, minimum
from engine.ops.indexing import _picked


class Max(NamedTuple):
    """What max along a dim returns."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        name = f"torch.return_types.{type(self).__name__.lower()}"
        return f"{name}(\nvalues={self.values!r},\nindices={self.indices!r})"


class Min(Max):
    """What min along a dim returns."""


def sum(x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Dtype = None) -> Tensor:
    """y = Σ x,  dx = dy spread over the summed axes"""
    a, axes, kept = _axes(x, dim)
    y = a.sum(axis=axes, dtype=_sum_type(a, dtype), keepdims=keepdim)
    shape = a.shape
    name = "SumBackward0" if dim is None else "SumBackward1"
    return record(y, (x,), lambda dy: (np.broadcast_to(dy.reshape(kept), shape),), name)


def mean(x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Dtype = None) -> Tensor:
    """y = Σ x / n,  dx = dy / n spread over the n numbers"""
    a, axes, kept = _axes(x, dim)
    a = a if dtype is None else a.astype(dtypes.to_numpy_dtype(dtype))
    require_floating("mean", a, RuntimeError)
    shape = a.shape
    n = math.prod(shape[axis] for axis in axes)
    y = a.sum(axis=axes, keepdims=keepdim) / n
    name = "MeanBackward0" if dim is None else "MeanBackward1"
    return record(y, (x,), lambda dy: (np.broadcast_to(dy.reshape(kept) / n, shape),), name)


def var(x: Tensor, dim: Dims = None, **options: Any) -> Tensor:
    """y = Σ (x - x̄)² / (n - correction),  dx = 2 (x - x̄) dy / (n - correction)

    options: correction (1) and keepdim (False) by name; unbiased=False is the older correction=0.
    """
    y, centred, free, kept = _variance("var", x, dim, **options)
    return record(y, (x,), lambda dy: (2 * centred * dy.reshape(kept) / free,))


def std(x: Tensor, dim: Dims = None, **options: Any) -> Tensor:
    """y = √var(x),  dx = (x - x̄) dy / (y (n - correction)), and 0 where y = 0 (options as var)"""
    variance, centred, free, kept = _variance("std", x, dim, **options)
    y = np.sqrt(variance)

    def backward(dy):
        slope = np.where(y == 0, 0, dy / (free * y))
        return (centred * slope.reshape(kept),)

    return record(y, (x,), backward)


def norm(x: Tensor, p: float | str = 2, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """y = (Σ |x|ᵖ)^(1/p): p = 2 ("fro") is the length, 1 the sum, inf the largest

    dx = x |x|ᵖ⁻² y^(1-p) dy, and 0 where y = 0
    """
    a, axes, kept = _axes(x, dim)
    require_floating("norm", a, RuntimeError)
    p = 2.0 if p in ("fro", None) else float(p)
    if np.isinf(p):
        return (amax if p > 0 else amin)(absolute(x), () if dim is None else dim, keepdim)
    size = np.abs(a)
    if p == 0:
        y = (size > 0).sum(axis=axes, dtype=a.dtype, keepdims=keepdim)
        return record(y, (x,), lambda dy: (None,))
    y = np.asarray((size**p).sum(axis=axes, keepdims=keepdim)) ** (1 / p)

    def backward(dy):
        total = y.reshape(kept)
        slope = np.sign(a) * (size / total) ** (p - 1) * dy.reshape(kept)
        return (np.where((total == 0) | (size == 0), 0, slope),)

    return record(y, (x,), backward, "LinalgVectorNormBackward0")


def amax(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """y = the largest x; equal largest ones share the gradient"""
    return _shared_extremum(np.max, x, dim, keepdim, "AmaxBackward0")


def amin(x: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """y = the smallest x; equal smallest ones share the gradient"""
    return _shared_extremum(np.min, x, dim, keepdim, "AminBackward0")


def max(x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | Max:
    """The largest x; with dim the pair (values, indices); with a tensor the larger of each pair

    Along a dim the first largest takes the gradient; without dim equal ones share it.
    """
    return _max_or_min(Max, maximum, np.max, np.argmax, x, dim, keepdim)


def min(x: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Tensor | Min:
    """The smallest x; with dim the pair (values, indices); with a tensor the smaller of each pair

    Along a dim the first smallest takes the gradient; without dim equal ones share it.
    """
    return _max_or_min(Min, minimum, np.min, np.argmin, x, dim, keepdim)


def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) largest x, of the flattened x without dim"""
    return _place(np.argmax, x, dim, keepdim)


def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the (first) smallest x, of the flattened x without dim"""
    return _place(np.argmin, x, dim, keepdim)


def cumsum(x: Tensor, dim: int, *, dtype: Dtype = None) -> Tensor:
    """y[i] = x[0] + … + x[i],  dx[i] = dy[i] + … + dy[n-1]"""
    a, axis = x.array, axis_of(dim, x.array.ndim)
    y = np.cumsum(a, axis, dtype=_sum_type(a, dtype)).reshape(a.shape)
    if a.ndim == 0:
        return record(y, (x,), lambda dy: (dy,))
    return record(y, (x,), lambda dy: (np.flip(np.cumsum(np.flip(dy, axis), axis), axis),))


def any(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether one x is not 0"""
    return constant(np.any(x.array, axis=axes_of(dim, x.array.ndim), keepdims=keepdim))


def all(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether no x is 0"""
    return constant(np.all(x.array, axis=axes_of(dim, x.array.ndim), keepdims=keepdim))


def unique(x: Tensor, sorted: bool = True, return_inverse: bool = False,
           return_counts: bool = False,
           dim: int | None = None) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """The different values of x in ascending order; on request each element's place and the counts

    With dim, the different slices along it. sorted=False sorts as well, as PyTorch's does here.
    """
    axis = None if dim is None else axis_of(dim, x.array.ndim)
    found = np.unique(x.array, return_inverse=True, return_counts=True, axis=axis)
    values, inverse, counts = (constant(np.asarray(part)) for part in found)
    extra = [part for part, asked in ((inverse, return_inverse), (counts, return_counts)) if asked]
    return (values, *extra) if extra else values


def _shared_extremum(reduce, x, dim, keepdim, name) -> Tensor:
    a, axes, kept = _axes(x, dim)
    if not a.size:
        error = RuntimeError if dim == () else IndexError
        raise error(f"{reduce.__name__}() expected at least one number, but got shape {a.shape}")
    y = reduce(a, axis=axes, keepdims=keepdim)

    def backward(dy):
        largest = a == np.reshape(y, kept)
        return (largest * (dy.reshape(kept) / largest.sum(axis=axes, keepdims=True)),)

    return record(y, (x,), backward, name)


def _max_or_min(pair, of_two, reduce, arg_reduce, x, dim, keepdim):
    if isinstance(dim, Tensor):
        return of_two(x, dim)
    if dim is None:
        return _shared_extremum(reduce, x, (), False, f"{pair.__name__}Backward1")
    indices, where = _place(arg_reduce, x, dim, keepdim), []
    if x.array.ndim:
        where = list(np.indices(indices.array.shape, sparse=True))
        axis = axis_of(dim, x.array.ndim)
        where[axis : axis + keepdim] = [indices.array]  # in place of the kept axis, or inserted
    return pair(_picked(x, tuple(where), f"{pair.__name__}Backward0"), indices)


def _place(arg_reduce, x, dim, keepdim) -> Tensor:
    axis = None if dim is None else axis_of(dim, x.array.ndim)
    try:
        return constant(arg_reduce(x.array, axis, keepdims=keepdim))
    except ValueError as error:
        raise IndexError(f"{error}: the shape is {list(x.array.shape)}") from None


def _axes(x: Tensor, dim: Dims) -> tuple[np.ndarray, tuple[int, ...], tuple[int, ...]]:
    """The array of x, the axes that dim names, and the shape in which these have size 1."""
    a, axes = x.array, axes_of(dim, x.array.ndim)
    return a, axes, tuple(1 if axis in axes else n for axis, n in enumerate(a.shape))


def _sum_type(a: np.ndarray, dtype: Dtype) -> np.dtype:
    if dtype is not None:
        return dtypes.to_numpy_dtype(dtype)
    return a.dtype if a.dtype.kind == "f" else np.dtype(np.int64)


def _variance(function, x, dim, correction=1, keepdim=False, unbiased=None) -> tuple:
    """The variance, x - x̄, the divisor, and the shape in which summed axes have size 1."""
    a, axes, kept = _axes(x, dim)
    require_floating(function, a, RuntimeError)
    n = math.prod(a.shape[axis] for axis in axes)
    free = builtins.max(n - (correction if unbiased is None else unbiased), 0)
    centred = a - a.sum(axis=axes, keepdims=True) / n
    return np.square(centred).sum(axis=axes, keepdims=keepdim) / free, centred, free, kept
