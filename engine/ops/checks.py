"""What operations require of their arguments; errors of PyTorch's types say what was seen."""

import numpy as np

from engine import dtypes
from engine.autograd import Tensor


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
