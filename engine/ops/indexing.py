"""Operations that pick numbers by position."""

from typing import Any

import numpy as np

from engine.autograd import Tensor, changes, check_in_place, record
from engine.ops.arguments import axis_of, refuse_options, require_tensor

# What else PyTorch's embeddings can do, at the only value that is offered.
NORMS = {"max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False}


def getitem(x: Tensor, index: object) -> Tensor:
    """y = x[index] by numbers, slices, None, ..., integer and bool tensors or lists

    dx = dy at the places that were picked (a place picked twice gets the sum), 0 elsewhere
    """
    where = _numpy_index(index)
    if any(isinstance(i, (list, np.ndarray, bool)) for i in where):
        return _picked(x, where, "IndexBackward0")
    if Ellipsis not in where:
        where = (*where, Ellipsis)  # so that NumPy returns a view even of a single number
    name = "SelectBackward0" if int in map(type, where) else "SliceBackward0"
    return _picked(x, where, name, twice=False)


def _picked(x: Tensor, where: tuple, name: str, twice: bool = True) -> Tensor:
    """y = x[where]; twice: whether it may name a place twice, which is slow on the way back"""
    shape = x.array.shape

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        if twice:
            np.add.at(dx, where, dy)
        else:
            dx[where] = dy
        return (dx,)

    return record(x.array[where], (x,), backward, name)


def setitem(x: Tensor, index: object, value: object) -> None:
    """x[index] = value, in place. RuntimeError where that would have to be recorded."""
    if check_in_place(x, value):
        raise RuntimeError("item assignment is not recorded: use no_grad(), where() or cat()")
    where = _numpy_index(index)
    try:
        x.array[where] = value.array if isinstance(value, Tensor) else value
    except ValueError as error:
        raise RuntimeError(f"item assignment: {error}") from None
    changes.note(x.array)


def gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """y[i, j] = x[index[i, j], j] for dim = 0, x[i, index[i, j]] for dim = 1, and so on"""
    a, axis = x.array, axis_of(dim, x.array.ndim)
    places = _places("gather", x, axis, index, RuntimeError)
    sizes = enumerate(zip(places.shape, a.shape, strict=False))
    if places.ndim != a.ndim or any(p > n for d, (p, n) in sizes if d != axis):
        seen = f"an index of {list(places.shape)} does not fit {list(a.shape)}"
        raise RuntimeError(f"gather(): {seen}, only along dim {dim} it may be larger")
    where: list = list(np.indices(places.shape, sparse=True))
    if where:
        where[axis] = places
    return _picked(x, tuple(where), "GatherBackward0")


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """y = the slices of x along dim whose numbers index (1-D) lists, in that order"""
    axis = axis_of(dim, x.array.ndim)
    places = _places("index_select", x, axis, index, IndexError)
    if places.ndim > 1:
        raise IndexError(f"index_select() expected a vector, but got shape {list(places.shape)}")
    return _picked(x, (*[slice(None)] * axis, places.reshape(-1)), "IndexSelectBackward0")


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None, **rest: Any) -> Tensor:
    """y[…] = weight[input[…]],  dweight[i] = the sum of dy where input is i, 0 for padding_idx

    The sum is taken number by number: np.add.at takes two to four times as long for rows.

    Shapes: input (…), int64 or int32; weight (V, D); y (…, D).
    Raises: IndexError for an index outside 0 … V - 1, RuntimeError for another dtype or shape,
    AssertionError for a padding_idx outside -V … V - 1. NotImplementedError for PyTorch's options
    max_norm, norm_type, scale_grad_by_freq and sparse.
    """
    refuse_options(rest, NORMS)
    require_tensor("embedding", "weight", weight)
    shape = weight.array.shape
    if len(shape) != 2:
        raise RuntimeError(f"embedding(): 'weight' must be 2-D, but got shape {list(shape)}")
    padding = padding_row(padding_idx, shape[0])
    places = _places("embedding", weight, 0, input, IndexError)

    def backward(dy):
        dw = np.zeros(shape, dy.dtype)
        cells = places[..., None] * np.int64(shape[1]) + np.arange(shape[1])
        np.add.at(dw.reshape(-1), cells.reshape(-1), dy.reshape(-1))
        if padding is not None:
            dw[padding] = 0
        return (dw,)

    return record(weight.array.take(places, 0), (weight,), backward)


def padding_row(padding_idx: int | None, count: int) -> int | None:
    """padding_idx counted from 0; AssertionError if there is no such row"""
    if padding_idx is not None and not -count <= padding_idx < count:
        raise AssertionError(f"Padding_idx must be within num_embeddings {count}: {padding_idx=}")
    return padding_idx if padding_idx is None else padding_idx % count


def to_list(x: Tensor) -> object:
    """The numbers of x as nested Python lists, or one Python number"""
    return x.array.tolist()


def item(x: Tensor) -> int | float | bool:
    """The one number that x holds. RuntimeError if it holds more or none."""
    if x.array.size != 1:
        raise RuntimeError(f"a Tensor with {x.array.size} elements cannot be converted to Scalar")
    return x.array.item()


def _numpy_index(index) -> tuple:
    return tuple(map(_index_part, index if isinstance(index, tuple) else (index,)))


def _index_part(index):
    if isinstance(index, Tensor):
        return index.array
    if isinstance(index, slice) and index.step is not None and index.step <= 0:
        raise ValueError(f"step must be greater than zero, but got {index.step}; use flip()")
    return index


def _places(function, x, axis, index, error) -> np.ndarray:
    """The array of an index into an axis of x; error if one of its numbers is outside"""
    require_tensor(function, "index", index)
    places, size = index.array, (x.array.shape or (1,))[axis]
    if places.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{function}(): expected an index of int64, but got {index.dtype}")
    outside = places[(places < 0) | (places >= size)]
    if outside.size:
        raise error(f"{function}(): index {outside[0]} is out of bounds for size {size}")
    return places
