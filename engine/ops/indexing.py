"""Operations that pick numbers by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.autograd import Tensor, changes, check_in_place, constant, record
from engine.ops.arguments import axis_of, refuse_options
from engine.ops.checks import require_tensor

# What else PyTorch's embeddings can do, at the only value that is offered.
NORMS = {"max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False}


def getitem(x: Tensor, index: object) -> Tensor:
    """y = x[index] by numbers, slices, None, ..., integer and bool tensors or lists

    dx = dy at the places that were picked (a place picked twice gets the sum), 0 elsewhere
    """
    a, where, copies = x.array, _numpy_index(index), _is_advanced(index)
    if not copies and Ellipsis not in where:
        where = (*where, Ellipsis)  # so that NumPy returns a view even of a single number
    y = a[where]
    shape = a.shape

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        if copies:
            np.add.at(dx, where, dy)
        else:
            dx[where] = dy
        return (dx,)

    return record(y, (x,), backward, "IndexBackward0" if copies else _view_name(index))


def setitem(x: Tensor, index: object, value: object) -> None:
    """x[index] = value, in place. RuntimeError where that would have to be recorded."""
    if check_in_place(x, value):
        raise RuntimeError(
            "item assignment to a tensor that requires grad is not recorded by the engine; do it "
            "under no_grad(), or build the tensor with where(), cat() or masked_fill()"
        )
    new = value.array if isinstance(value, Tensor) else value
    try:
        x.array[_numpy_index(index)] = new
    except ValueError:
        seen, place = np.asarray(new).shape, x.array[_numpy_index(index)].shape
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(seen)} cannot be broadcast to indexing "
            f"result of shape {list(place)}"
        ) from None
    changes.note(x.array)


def gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """y[i, j] = x[index[i, j], j] for dim = 0, x[i, index[i, j]] for dim = 1, and so on"""
    a, axis = x.array, axis_of(dim, x.array.ndim)
    places = _require_long("gather", index)
    if places.ndim != a.ndim:
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as input tensor, "
            f"but got {places.ndim} and {a.ndim}"
        )
    if any(p > n for d, (p, n) in enumerate(zip(places.shape, a.shape, strict=True)) if d != axis):
        raise RuntimeError(
            f"Size does not match at a dimension other than {axis}: expected index "
            f"{list(places.shape)} to be no larger than self {list(a.shape)}"
        )
    _require_inside(places, a.shape[axis] if a.ndim else 1, dim, RuntimeError)
    grid: list[np.ndarray] = list(np.indices(places.shape, sparse=True))
    if a.ndim:
        grid[axis] = places
    where = tuple(grid)
    shape = a.shape

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        np.add.at(dx, where, dy)
        return (dx,)

    return record(a[where], (x,), backward)


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """y = the slices of x along dim whose numbers index (1-D) lists, in that order"""
    a, axis = x.array, axis_of(dim, x.array.ndim)
    places = _require_long("index_select", index)
    if places.ndim > 1:
        raise IndexError(
            f"index_select(): Index is supposed to be a vector, but got shape {list(places.shape)}"
        )
    places = places.reshape(-1)
    _require_inside(places, a.shape[axis] if a.ndim else 1, dim, IndexError)
    shape = a.shape

    def backward(dy):
        dx = np.zeros(shape, dy.dtype)
        np.add.at(np.moveaxis(dx, axis, 0), places, np.moveaxis(dy, axis, 0))
        return (dx,)

    return record(np.take(a, places, axis), (x,), backward)


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, **options: Any
) -> Tensor:
    """y[…] = weight[input[…]],  dweight[i] = the sum of dy where input is i, 0 for padding_idx

    Shapes: input (…), int64 or int32; weight (V, D); y (…, D).
    Raises: IndexError for an index outside 0 … V - 1, RuntimeError for another dtype or shape,
    AssertionError for a padding_idx outside -V … V - 1. NotImplementedError for PyTorch's options
    max_norm, norm_type, scale_grad_by_freq and sparse.
    """
    refuse_options(options, NORMS)
    require_tensor("embedding", "indices", input)
    require_tensor("embedding", "weight", weight)
    places, shape = _require_long("embedding", input), weight.array.shape
    if len(shape) != 2:
        raise RuntimeError(f"embedding(): 'weight' must be 2-D, but got shape {list(shape)}")
    padding = padding_row(padding_idx, shape[0])
    _require_inside(places, shape[0], 0, IndexError)

    def backward(dy):
        dw = np.zeros(shape, dy.dtype)
        # Number by number, np.add.at takes a quarter to a half of its time for rows.
        cells = places[..., None] * np.int64(shape[1]) + np.arange(shape[1])
        np.add.at(dw.reshape(-1), cells.reshape(-1), dy.reshape(-1))
        if padding is not None:
            dw[padding] = 0
        return (dw,)

    return record(weight.array.take(places, 0), (weight,), backward)


def padding_row(padding_idx: int | None, count: int) -> int | None:
    """padding_idx counted from 0; AssertionError if there is no such row"""
    if padding_idx is not None and not -count <= padding_idx < count:
        seen = f"got {padding_idx} for {count}"
        raise AssertionError(f"Padding_idx must be within num_embeddings, but {seen}")
    return padding_idx if padding_idx is None else padding_idx % count


def to_list(x: Tensor) -> object:
    """The numbers of x as nested Python lists, or one Python number"""
    return x.array.tolist()


def item(x: Tensor) -> int | float | bool:
    """The one number that x holds. RuntimeError if it holds more or none."""
    if x.array.size != 1:
        raise RuntimeError(
            f"a Tensor with {x.array.size} elements (shape {list(x.array.shape)}) cannot be "
            "converted to Scalar"
        )
    return x.array.item()


def one_hot(index: Tensor, num_classes: int = -1) -> Tensor:
    """y[..., c] = 1 where index is c, else 0; num_classes is the largest index + 1 by default"""
    places = index.array
    if places.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of int64, not {index.dtype}"
        )
    if not places.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    classes = int(places.max()) + 1 if num_classes == -1 else num_classes
    if places.size and not 0 <= places.min() <= places.max() < classes:
        raise RuntimeError(
            f"Class values must lie in 0 to {classes - 1}, but go from {places.min()} to "
            f"{places.max()}"
        )
    return constant((places[..., None] == np.arange(classes)).astype(np.int64))


def _numpy_index(index) -> tuple:
    return tuple(_index_part(i) for i in (index if isinstance(index, tuple) else (index,)))


def _index_part(index):
    if isinstance(index, Tensor):
        return index.array
    if isinstance(index, slice):
        if index.step is not None and index.step <= 0:
            raise ValueError(f"step must be greater than zero, but got {index.step}; use flip()")
        return slice(*(i.item() if isinstance(i, Tensor) else i
                       for i in (index.start, index.stop, index.step)))  # fmt: skip
    return index


def _is_advanced(index) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(i, (list, np.ndarray, Tensor, bool)) for i in parts)


def _view_name(index) -> str:
    first = index[0] if isinstance(index, tuple) and index else index
    return "SelectBackward0" if isinstance(first, (int, np.integer)) else "SliceBackward0"


def _require_long(name, index) -> np.ndarray:
    if not isinstance(index, Tensor) or index.array.dtype not in (np.int64, np.int32):
        seen = index.dtype if isinstance(index, Tensor) else type(index).__name__
        raise RuntimeError(f"{name}(): Expected dtype int64 for index, but got {seen}")
    return index.array


def _require_inside(places, size, dim, error) -> None:
    outside = (places < 0) | (places >= size)
    if outside.any():
        raise error(
            f"index {places[outside].flat[0]} is out of bounds for dimension {dim} with size {size}"
        )
