"""Which number type an operation computes in: PyTorch's rules, where they differ from NumPy's.

bool < integer < floating point. Tensors with axes decide; a tensor without axes, and last a Python
number, only counts where it is of a higher kind than they are.
"""

import numpy as np

from engine import dtypes
from engine.autograd import Tensor

Operand = Tensor | float


def operands(x: object, y: object) -> tuple:
    """The arrays (or Python number) of a binary operation, ready to be combined by NumPy.

    One of the two is a tensor. Raises: TypeError if the other is neither a tensor nor a number,
    RuntimeError if the shapes do not broadcast.
    """
    a = x.array if isinstance(x, Tensor) else _number(x)
    b = y.array if isinstance(y, Tensor) else _number(y)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape:
            _require_broadcast(a, b)
        if a.dtype is b.dtype:
            return a, b
        common = _common_type(a, b)
        return a.astype(common, copy=False), b.astype(common, copy=False)
    return (_beside(a, b), b) if isinstance(a, np.ndarray) else (a, _beside(b, a))


def floating(x: Tensor) -> np.ndarray:
    """The array of x for an operation like exp: integers and booleans become the default type."""
    a = x.array
    return a if a.dtype.kind == "f" else a.astype(dtypes.get_default_dtype().numpy)


def is_operand(x: object) -> bool:
    """Whether arithmetic with a tensor makes sense for x."""
    return isinstance(x, (Tensor, int, float, np.generic))


def _require_broadcast(a: np.ndarray, b: np.ndarray) -> None:
    try:
        np.broadcast(a, b)
    except ValueError:
        raise RuntimeError(f"shapes {list(a.shape)} and {list(b.shape)} do not broadcast") from None


def _number(x):
    if isinstance(x, np.generic):
        return x.item()
    if not isinstance(x, (int, float)):
        raise TypeError(f"expected a Tensor or a number, but got {type(x).__name__}")
    return x


def _beside(a: np.ndarray, number) -> np.ndarray:
    kind = 0 if isinstance(number, bool) else 1 if isinstance(number, int) else 2
    if kind <= dtypes.category(a.dtype):
        return a
    return a.astype(np.int64 if kind == 1 else dtypes.get_default_dtype().numpy)


def _common_type(a: np.ndarray, b: np.ndarray) -> np.dtype:
    rank_a, rank_b = ((dtypes.category(v.dtype), v.ndim > 0) for v in (a, b))
    if rank_a == rank_b:
        return np.promote_types(a.dtype, b.dtype)
    return a.dtype if rank_a > rank_b else b.dtype
