"""Functions that make tensors: from data, from a rule, from the random stream.

All take these options by name: dtype, device ("cpu"), requires_grad.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import constant
from engine.dtypes import dtype as DType  # noqa: N812 - arguments are called dtype
from engine.random import Generator, default_generator, multiply_add
from engine.tensor import Tensor  # with its operators and methods


def tensor(data: object, **options: Any) -> Tensor:
    """A tensor with a copy of data: a number, nested lists, an array or a tensor.

    Python floats become the default floating point type, integers int64; arrays keep their type.
    Raises: ValueError if nested lists differ in length, TypeError if an entry is no number.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach()"
            ".clone() or sourceTensor.detach().clone().requires_grad_(True), rather than "
            "engine.tensor(sourceTensor).",
            stacklevel=2,
        )
        array = data.array.copy()
    else:
        array = _array_of(data, options.get("dtype"))
    return _finish(array, **options)


def FloatTensor(data: object = ()) -> Tensor:  # noqa: N802 - PyTorch's own name
    """A float32 tensor with a copy of data."""
    return constant(_array_of(data).astype(np.float32))


def LongTensor(data: object = ()) -> Tensor:  # noqa: N802 - PyTorch's own name
    """An int64 tensor with a copy of data."""
    return constant(_array_of(data).astype(np.int64))


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory: a change of one shows in the other.

    Raises: TypeError if it is no array, or an array of an unsupported type; ValueError if a stride
    is negative (copy the array first).
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    dtypes.from_numpy_dtype(array.dtype)
    if min(array.strides, default=0) < 0:
        raise ValueError(
            f"At least one stride in the given numpy array is negative ({array.strides}), and "
            "tensors with negative strides are not supported. Use array.copy()."
        )
    return constant(array)


def zeros(*size: Any, **options: Any) -> Tensor:
    """A tensor of zeros: zeros(2, 3) or zeros((2, 3))"""
    return _finish(np.zeros(_size(size), _float(options)), **options)


def ones(*size: Any, **options: Any) -> Tensor:
    """A tensor of ones: ones(2, 3) or ones((2, 3))"""
    return _finish(np.ones(_size(size), _float(options)), **options)


def full(size: Sequence[int], fill_value: float | Tensor, **options: Any) -> Tensor:
    """A tensor of one value; its type is the value's unless dtype says otherwise"""
    value = _array_of(fill_value, options.get("dtype"))
    return _finish(np.full(_size((size,)), value, value.dtype), **options)


def arange(start: float, end: float | None = None, step: float = 1, **options: Any) -> Tensor:
    """start, start + step, … up to but without end; arange(n) is 0 … n - 1

    Raises: RuntimeError if step is 0 or leads away from end.
    """
    start, end = (0, start) if end is None else (start, end)
    numbers: Any = (v.array.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    start, end, step = numbers
    if step == 0 or (end - start) * step < 0:
        fault = "must be nonzero" if step == 0 else "leads away from the end"
        raise RuntimeError(f"arange({start}, {end}, {step}): the step {fault}")
    whole = all(isinstance(v, int) for v in (start, end, step))
    kind = np.dtype(np.int64) if whole and options.get("dtype") is None else _float(options)
    count: Any = np.arange(math.ceil((end - start) / step), dtype=np.int64 if whole else np.float64)
    return _finish((start + count * step).astype(kind), **options)


def linspace(start: float, end: float, steps: int, **options: Any) -> Tensor:
    """steps numbers at equal distances from start to end, both included

    Counted from start in the first half and from end in the second, so both ends are exact.
    """
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, but got {steps}")
    kind = _float(options)
    first, last = kind.type(start), kind.type(end)
    gap = (last - first) / kind.type(max(steps - 1, 1))
    i = np.arange(steps).astype(kind)
    up, down = multiply_add(i, gap, first), multiply_add(steps - 1 - i, -gap, last)
    return _finish(np.where(i < max(steps // 2, steps == 1), up, down), **options)


def rand(*size: Any, generator: Generator | None = None, **options: Any) -> Tensor:
    """Uniform random numbers of [0, 1)"""
    return _finish(_stream(generator).uniform(_size(size), _float(options)), **options)


def randn(*size: Any, generator: Generator | None = None, **options: Any) -> Tensor:
    """Normal random numbers with mean 0 and standard deviation 1"""
    return _finish(_stream(generator).normal(_size(size), _float(options)), **options)


def randint(
    low: int, high: Any, size: Any = None, *, generator: Generator | None = None, **options: Any
) -> Tensor:
    """Random integers of [low, high): randint(high, size) or randint(low, high, size)"""
    if size is None:
        low, high, size = 0, low, high
    kind = np.dtype(np.int64) if options.get("dtype") is None else _float(options)
    return _finish(_stream(generator).integers(low, high, _size((size,)), kind), **options)


def randperm(n: int, *, generator: Generator | None = None, **options: Any) -> Tensor:
    """The integers 0 … n - 1 in random order"""
    return _finish(_stream(generator).permutation(n), **options)


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


def _array_of(data, dtype: DType | None = None) -> np.ndarray:
    if isinstance(data, np.ndarray):
        array = data.copy()
    else:
        data = _without_tensors(data)
        try:
            array = np.array(data)
        except ValueError:
            raise ValueError(
                "expected sequences of equal length, but the nested lists differ in length: "
                f"{_abridged(data)}"
            ) from None
        if (
            dtype is None  # else one rounding only, to that type
            and array.dtype == np.float64
            and (array.size == 0 or not _is_numpy(data))
        ):
            array = array.astype(dtypes.get_default_dtype().numpy)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"new(): invalid data type: expected numbers, but got {_abridged(data)}")
    dtypes.from_numpy_dtype(array.dtype)
    return array


def _without_tensors(data):
    """Nested lists in which tensors with one element became numbers, as PyTorch allows."""
    if isinstance(data, Tensor):
        return data.array.item() if data.array.size == 1 else data.array
    if isinstance(data, (list, tuple)):
        return [_without_tensors(item) for item in data]
    return data


def _is_numpy(data) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.generic, np.ndarray))


def _abridged(data) -> str:
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."


def _size(size) -> tuple[int, ...]:
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    for n in size:
        if isinstance(n, bool) or not isinstance(n, (int, np.integer, Tensor)):
            raise TypeError(f"a size must be an integer, but got {type(n).__name__} ({n!r})")
    sizes = tuple(int(n) for n in size)
    if min(sizes, default=0) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}"
        )
    return sizes


def _float(options: dict) -> np.dtype:
    """The NumPy type that the options ask for, the default floating point type without."""
    return dtypes.to_numpy_dtype(options.get("dtype") or dtypes.get_default_dtype())


def _like(input: Tensor, options: dict) -> dict:
    return {**options, "dtype": options.get("dtype") or dtypes.from_numpy_dtype(input.array.dtype)}


def _stream(generator: Generator | None) -> Generator:
    return default_generator if generator is None else generator


def _finish(
    array: np.ndarray, dtype: DType | None = None, device: dtypes.device | str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    if dtype is not None:
        array = array.astype(dtypes.to_numpy_dtype(dtype), copy=False)
    if device is not None:
        dtypes.device(device)  # raises for any other than the CPU
    return constant(array).requires_grad_() if requires_grad else constant(array)
