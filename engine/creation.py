"""Functions that make tensors: from data, from a rule, from the random stream.

All take these options by name: dtype, device ("cpu"), requires_grad.
"""

import math
import reprlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import constant
from engine.ops.arguments import sizes_of
from engine.random import Generator, default_generator, multiply_add
from engine.tensor import Tensor  # with its operators and methods


def tensor(data: object, **options: Any) -> Tensor:
    """A tensor with a copy of data: a number, nested lists, an array or a tensor.

    Python floats become the default floating point type, integers int64; arrays keep their type.
    Raises: ValueError if nested lists differ in length, TypeError if an entry is no number.
    """
    if isinstance(data, Tensor):
        warnings.warn("to copy a tensor, x.detach().clone() is recommended", stacklevel=2)
    return _finish(_array_of(data, options.get("dtype")), **options)


def FloatTensor(data: object = ()) -> Tensor:  # noqa: N802 - PyTorch's own name
    """A float32 tensor with a copy of data."""
    return tensor(data, dtype=dtypes.float32)


def LongTensor(data: object = ()) -> Tensor:  # noqa: N802 - PyTorch's own name
    """An int64 tensor with a copy of data."""
    return tensor(data, dtype=dtypes.int64)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory: a change of one shows in the other.

    Raises: TypeError if it is no array, or an array of an unsupported type; ValueError if a stride
    is negative (copy the array first).
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    dtypes.from_numpy_dtype(array.dtype)
    if min(array.strides, default=0) < 0:
        raise ValueError(f"strides {array.strides}: negative ones are not supported, use .copy()")
    return constant(array)


def zeros(*size: Any, **options: Any) -> Tensor:
    """A tensor of zeros: zeros(2, 3) or zeros((2, 3))"""
    return _finish(np.zeros(_size(size), _type(options)), **options)


def ones(*size: Any, **options: Any) -> Tensor:
    """A tensor of ones: ones(2, 3) or ones((2, 3))"""
    return _finish(np.ones(_size(size), _type(options)), **options)


def full(size: Sequence[int], fill_value: float | Tensor, **options: Any) -> Tensor:
    """A tensor of one value; its type is the value's unless dtype says otherwise"""
    value = _array_of(fill_value, options.get("dtype"))
    return _finish(np.full(_size((size,)), value, value.dtype), **options)


def arange(start: float, end: float | None = None, step: float = 1, **options: Any) -> Tensor:
    """start, start + step, … up to but without end; arange(n) is 0 … n - 1

    Raises: RuntimeError if step is 0 or leads away from end.
    """
    numbers = np.array((0, start, step) if end is None else (start, end, step))
    start, end, step = numbers
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"arange({start}, {end}, {step}): the step is zero or leads away")
    kind = _type(options, dtypes.int64 if numbers.dtype.kind == "i" else None)
    count = np.arange(math.ceil((end - start) / step))
    return _finish((start + count * step).astype(kind), **options)


def linspace(start: float, end: float, steps: int, **options: Any) -> Tensor:
    """steps numbers at equal distances from start to end, both included

    Counted from start in the first half and from end in the second, so both ends are exact.
    """
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, but got {steps}")
    kind = _type(options)
    first, last = kind.type(start), kind.type(end)
    gap = (last - first) / kind.type(max(steps - 1, 1))
    i = np.arange(steps).astype(kind)
    up, down = multiply_add(i, gap, first), multiply_add(steps - 1 - i, -gap, last)
    return _finish(np.where(i < max(steps // 2, steps == 1), up, down), **options)


def rand(*size: Any, generator: Generator | None = None, **options: Any) -> Tensor:
    """Uniform random numbers of [0, 1)"""
    return _finish((generator or default_generator).uniform(_size(size), _type(options)), **options)


def randn(*size: Any, generator: Generator | None = None, **options: Any) -> Tensor:
    """Normal random numbers with mean 0 and standard deviation 1"""
    return _finish((generator or default_generator).normal(_size(size), _type(options)), **options)


def randint(low: int, high: Any, size: Any = None, *, generator: Generator | None = None,
            **options: Any) -> Tensor:  # fmt: skip
    """Random integers of [low, high): randint(high, size) or randint(low, high, size)"""
    if size is None:
        low, high, size = 0, low, high
    stream, kind = generator or default_generator, _type(options, dtypes.int64)
    return _finish(stream.integers(low, high, _size((size,)), kind), **options)


def randperm(n: int, *, generator: Generator | None = None, **options: Any) -> Tensor:
    """The integers 0 … n - 1 in random order"""
    return _finish((generator or default_generator).permutation(n), **options)


def zeros_like(input: Tensor, **options: Any) -> Tensor:
    """Zeros in the shape and type of input"""
    return zeros(input.array.shape, **_like(input, options))


def ones_like(input: Tensor, **options: Any) -> Tensor:
    """Ones in the shape and type of input"""
    return ones(input.array.shape, **_like(input, options))


def full_like(input: Tensor, fill_value: float, **options: Any) -> Tensor:
    """One value in the shape and type of input"""
    return full(input.array.shape, fill_value, **_like(input, options))


def rand_like(input: Tensor, **options: Any) -> Tensor:
    """Uniform random numbers of [0, 1) in the shape and type of input"""
    return rand(input.array.shape, **_like(input, options))


def randn_like(input: Tensor, **options: Any) -> Tensor:
    """Normal random numbers in the shape and type of input"""
    return randn(input.array.shape, **_like(input, options))


def randint_like(input: Tensor, low: int, high: int | None = None, **options: Any) -> Tensor:
    """Random integers of [low, high), or of [0, low), in the shape and type of input"""
    bounds = (0, low) if high is None else (low, high)
    return randint(*bounds, input.array.shape, **_like(input, options))


def _array_of(data, dtype: dtypes.dtype | None = None) -> np.ndarray:
    """A copy of data. Python's floats become the default type, NumPy's keep theirs.

    With a dtype they stay float64 here, so that the conversion to it is the only rounding.
    """
    data = data.array if isinstance(data, Tensor) else _without_tensors(data)
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError(f"expected lists of equal length, got {reprlib.repr(data)}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"invalid data type: expected numbers, but got {reprlib.repr(data)}")
    dtypes.from_numpy_dtype(array.dtype)
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    if dtype is None and array.dtype == np.float64 and not hasattr(data, "dtype"):
        return array.astype(_type({}))
    return array


def _without_tensors(data):
    """Nested lists in which tensors with one element became numbers, as PyTorch allows."""
    if isinstance(data, (list, tuple)):
        return [_without_tensors(item) for item in data]
    return data.array.item() if isinstance(data, Tensor) else data


def _size(size) -> tuple[int, ...]:
    sizes = sizes_of(size)
    if min(sizes, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(sizes)}")
    return sizes


def _type(options: dict, otherwise: dtypes.dtype | None = None) -> np.dtype:
    """The NumPy type that the options ask for; without, the other or the default type."""
    return dtypes.to_numpy_dtype(options.get("dtype") or otherwise or dtypes.get_default_dtype())


def _like(input: Tensor, options: dict) -> dict:
    return {**options, "dtype": options.get("dtype") or dtypes.from_numpy_dtype(input.array.dtype)}


def _finish(array, dtype=None, device=None, requires_grad=False) -> Tensor:
    if dtype is not None:
        array = array.astype(dtypes.to_numpy_dtype(dtype), copy=False)
    dtypes.device(device or "cpu")  # raises for any other
    return constant(array).requires_grad_(requires_grad)
