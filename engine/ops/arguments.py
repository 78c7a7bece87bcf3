"""Arguments that many operations share: dims, sizes, and what is required of tensors."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor

Dims = int | tuple[int, ...] | list[int] | None  # one axis, several, or all
Sizes = int | Sequence[int]  # one for all axes, or one for each
Dtype = dtypes.dtype | None


def axis_of(dim: int, ndim: int) -> int:
    """dim as an index from 0; IndexError names the range if it is outside"""
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(f"Dimension out of range (expected [{-size}, {size - 1}], but got {dim})")
    return dim % size


def axes_of(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The axes that dim names, all without one; RuntimeError if one is named twice"""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    axes = tuple(axis_of(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"a dim appears multiple times in the list of dims {dim}")
    return axes if ndim else ()


def sizes_of(sizes: Sequence) -> tuple[int, ...]:
    """The sizes of f(2, 3) and of f((2, 3)) alike. TypeError unless they are integers."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(map(operator.index, sizes))


def for_each_axis(name: str, argument: str, value: Any, dims: int, least: int) -> tuple[int, ...]:
    """(3, 3) of 3 for two axes, or the sizes themselves.

    Raises: TypeError unless they are integers, RuntimeError for another number of them or if one is
    below the least.
    """
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    seen = f"{argument} of {name} must be an int or {dims} of them, at least {least}, not {value!r}"
    if not all(isinstance(n, (int, np.integer)) for n in sizes):
        raise TypeError(seen)
    if len(sizes) not in (1, dims) or min(sizes) < least:
        raise RuntimeError(seen)
    return sizes * (dims // len(sizes))


def refuse_options(options: Mapping[str, Any], offered: Mapping[str, Any]) -> None:
    """Refuse what PyTorch's options may be beside the one value of each that is offered.

    Raises: NotImplementedError naming an option with another value (False may stand for None),
    TypeError naming an option that PyTorch does not have.
    """
    for name, value in options.items():
        if name not in offered:
            raise TypeError(f"got an unexpected keyword argument '{name}'")
        if value != offered[name] and not (value is False and offered[name] is None):
            raise NotImplementedError(f"{name}={value!r} is not supported: leave {name} out")


def require_tensor(function: str, argument: str, value: object) -> None:
    """TypeError unless value is a tensor."""
    if not isinstance(value, Tensor):
        seen = type(value).__name__
        raise TypeError(f"{function}(): argument '{argument}' must be Tensor, not {seen}")


def require_floating(function: str, a: np.ndarray, error: type = NotImplementedError) -> None:
    """NotImplementedError, or another error, unless a holds floating point numbers."""
    if a.dtype.kind != "f":
        raise error(f"\"{function}\" not implemented for '{title_of(a)}'")


def title_of(a: np.ndarray) -> str:
    """The word for a's number type in PyTorch's messages: Float, Long, ..."""
    return dtypes.from_numpy_dtype(a.dtype).title


def require_one_dtype(function: str, *tensors: Tensor | None) -> None:
    """RuntimeError unless the tensors (those that are not None) hold one type of numbers."""
    kinds = {x.array.dtype for x in tensors if x is not None}
    if len(kinds) > 1:
        raise RuntimeError(f"{function}: expected one dtype, but got {sorted(map(str, kinds))}")
