"""What a tensor tells of itself, its way to other number types, to NumPy and to Python."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant
from engine.dtypes import Size, device, dtype
from engine.ops.arguments import axis_of, require_tensor
from engine.ops.indexing import getitem
from engine.ops.shape import t, to_dtype


def get_dtype(x: Tensor) -> dtype:
    """The type of the numbers."""
    return dtypes.from_numpy_dtype(x.array.dtype)


def get_device(x: Tensor) -> device:
    """Always the CPU."""
    return device("cpu")


def set_data(x: Tensor, new: Tensor) -> None:
    """Make x show new's memory from now on. TypeError if new is no tensor."""
    require_tensor("data", "new", new)
    x.array = new.array


def size(x: Tensor, dim: int | None = None) -> Size | int:
    """The shape, or one of its sizes. IndexError if dim is outside."""
    return Size(x.array.shape) if dim is None else x.array.shape[axis_of(dim, x.array.ndim)]


def dim(x: Tensor) -> int:
    """The number of axes."""
    return x.array.ndim


def numel(x: Tensor) -> int:
    """The number of elements."""
    return x.array.size


def detach(x: Tensor) -> Tensor:
    """The same numbers in the same memory, cut off from the history."""
    return constant(x.array)


get_shape, get_ndim, get_data, get_T = size, dim, detach, t  # as properties


def requires_grad_(x: Tensor, requires_grad: bool = True) -> Tensor:
    """Set x.requires_grad and return x."""
    x.requires_grad = requires_grad
    return x


def numpy(x: Tensor) -> np.ndarray:
    """The NumPy array with x's memory. RuntimeError if x requires grad: detach() first."""
    if x._requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad: use detach().numpy()")
    return x.array


def to(x: Tensor, *args: Any, dtype: dtypes.dtype | None = None,
       device: dtypes.device | str | None = None, non_blocking: bool = False,
       copy: bool = False) -> Tensor:  # fmt: skip
    """x in another number type, or x itself: to(dtype), to(device), to(device, dtype), to(other).

    Raises: RuntimeError for a device other than the CPU.
    """
    for argument in (*args, "cpu" if device is None else device):
        if isinstance(argument, dtypes.dtype):
            dtype = argument
        elif isinstance(argument, Tensor):
            dtype = get_dtype(argument)
        else:
            dtypes.device(argument)  # raises for any other than the CPU
    y = x if dtype is None else to_dtype(x, dtypes.to_numpy_dtype(dtype))
    return y.clone() if copy and y is x else y


def cpu(x: Tensor) -> Tensor:
    """x itself: it is on the CPU."""
    return x


def _cast(kind: dtypes.dtype):
    def cast(x: Tensor) -> Tensor:
        return to_dtype(x, kind.numpy)

    cast.__doc__ = f"x as {kind.name}: integers by cutting towards 0, bool by asking what is not 0"
    return cast


float_, double = _cast(dtypes.float32), _cast(dtypes.float64)
int_, long, bool_ = _cast(dtypes.int32), _cast(dtypes.int64), _cast(dtypes.bool_)


def to_array(x: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """np.asarray(x)"""
    return np.array(numpy(x), dtype=dtype, copy=copy)


def length(x: Tensor) -> int:
    """The size of the first axis. TypeError if there is none."""
    if not x.array.ndim:
        raise TypeError("a 0-d tensor has no len() and no rows to iterate over")
    return x.array.shape[0]


def iterate(x: Tensor) -> Iterator[Tensor]:
    """The slices along the first axis. TypeError if there is none."""
    return (getitem(x, i) for i in range(length(x)))


def contains(x: Tensor, value: object) -> bool:
    """Whether one element equals value"""
    return bool((x.array == (value.array if isinstance(value, Tensor) else value)).any())


def truth(x: Tensor) -> bool:
    """Whether the one element is not 0. RuntimeError for more than one, or none."""
    if x.array.size != 1:
        raise RuntimeError(f"the truth of {x.array.size} values is ambiguous: use .any() or .all()")
    return bool(x.array.item())


def as_index(x: Tensor) -> int:
    """x as an index. TypeError unless it is one integer."""
    if x.array.size != 1 or x.array.dtype.kind == "f":
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(x.array.item())


def formatted(x: Tensor, spec: str) -> str:
    """f"{x:.3f}" formats the number of a tensor without axes"""
    return object.__format__(x, spec) if x.array.ndim else format(x.array.item(), spec)


def deep_copied(x: Tensor, memo: dict) -> Tensor:
    """copy.deepcopy(x). RuntimeError for what was computed: only leaves can be copied."""
    if x.grad_fn is not None:
        raise RuntimeError("only leaves can be deep-copied; this one was computed: use clone()")
    twin = memo[id(x)] = type(x).__new__(type(x))
    twin.array, twin.grad_fn = x.array.copy(), None
    twin._grad, twin._requires_grad = copy.deepcopy(x._grad, memo), x._requires_grad
    return twin
