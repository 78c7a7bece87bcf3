"""Which number type an operation computes in: PyTorch's rules, where they differ from NumPy's.

bool < integer < floating point. Tensors with axes decide; a tensor without axes, and last a Python
number, only counts where it is of a higher kind than they are.
"""

from __future__ import annotations

import numpy as np

from engine import dtypes
from engine.autograd import Tensor


def operands(x: object, y: object) -> tuple:
    """The arrays (or Python number) of a binary operation, ready to be combined by NumPy.

    Raises: TypeError if an operand is neither a tensor nor a number, RuntimeError if the shapes do
    not broadcast.
    """
    a = x.array if isinstance(x, Tensor) else _number(x)
    b = y.array if isinstance(y, Tensor) else _number(y)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape:
            _require_broadcast(a.shape, b.shape)
        if a.dtype is b.dtype:
            return a, b
        common = _common_type(a, b)
        return a.astype(common, copy=False), b.astype(common, copy=False)
    if isinstance(a, np.ndarray):
        return _beside_number(a, b), b
    if isinstance(b, np.ndarray):
        return a, _beside_number(b, a)
    raise TypeError(f"expected at least one Tensor, but got {x!r} and {y!r}")


def floating(x: Tensor) -> np.ndarray:
    """The array of x for an operation like exp: integers and booleans become the default type."""
    a = x.array
    return a if a.dtype.kind == "f" else a.astype(dtypes.get_default_dtype().numpy)


def is_operand(x: object) -> bool:
    """Whether arithmetic with a tensor makes sense for x."""
    return isinstance(x, (Tensor, int, float, np.generic))


def _require_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    for axis in range(-1, -min(len(a), len(b)) - 1, -1):
        if a[axis] != b[axis] and a[axis] != 1 and b[axis] != 1:
            raise RuntimeError(
                f"The size of tensor a ({a[axis]}) must match the size of tensor b ({b[axis]}) at "
                f"non-singleton dimension {max(len(a), len(b)) + axis}: the shapes are {list(a)} "
                f"and {list(b)}"
            )


def _number(x):
    if isinstance(x, np.generic):
        return x.item()
    if not isinstance(x, (int, float)):
        raise TypeError(f"expected a Tensor or a number, but got {type(x).__name__}")
    return x


def _beside_number(a: np.ndarray, number) -> np.ndarray:
    kind = 0 if isinstance(number, bool) else 1 if isinstance(number, int) else 2
    if kind <= dtypes.category(a.dtype):
        return a
    return a.astype(np.int64 if kind == 1 else dtypes.get_default_dtype().numpy)


def _common_type(a: np.ndarray, b: np.ndarray) -> np.dtype:
    kind_a, kind_b = dtypes.category(a.dtype), dtypes.category(b.dtype)
    if (a.ndim == 0) != (b.ndim == 0):
        with_axes, without = (b, a) if a.ndim == 0 else (a, b)
        if dtypes.category(without.dtype) <= dtypes.category(with_axes.dtype):
            return with_axes.dtype
        return without.dtype
    if kind_a != kind_b:
        return a.dtype if kind_a > kind_b else b.dtype
    return np.promote_types(a.dtype, b.dtype)
