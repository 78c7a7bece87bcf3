"""Number types and shapes, named and printed as PyTorch names and prints them."""

from __future__ import annotations

import math

import numpy as np


class dtype:  # noqa: N801 - PyTorch's own name
    """The type of every number in a tensor, such as ``engine.float32``.

    It prints as ``torch.float32``, so that a program prints the same text on both.

    Attributes: is_floating_point: True for float32 and float64. itemsize: bytes per number.
    """

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title  # the word of PyTorch's error messages: Float, Double, Long, ...
        self.numpy = np.dtype(name)
        self.is_floating_point = self.numpy.kind == "f"
        self.itemsize = self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name if self.name != "bool" else "bool_"


float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
uint8 = dtype("uint8", "Byte")
bool_ = dtype("bool", "Bool")

_BY_NUMPY = {d.numpy: d for d in (float32, float64, int32, int64, uint8, bool_)}
_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}


def from_numpy_dtype(numpy_dtype: np.dtype) -> dtype:
    """The engine's dtype of a NumPy array. TypeError names what is supported."""
    if numpy_dtype not in _BY_NUMPY:
        raise TypeError(f"can't convert type {numpy_dtype}, expected {list(_BY_NUMPY.values())}")
    return _BY_NUMPY[numpy_dtype]


def to_numpy_dtype(requested: dtype) -> np.dtype:
    """The NumPy dtype of an engine dtype. TypeError for anything else, as in PyTorch."""
    if not isinstance(requested, dtype):
        raise TypeError(f"dtype must be an engine dtype such as engine.float32, not {requested!r}")
    return requested.numpy


def category(numpy_dtype: np.dtype) -> int:
    """0 for bool, 1 for integers, 2 for floating point: the order in which types win."""
    return _KINDS[numpy_dtype.kind]


_default = float32


def get_default_dtype() -> dtype:
    """The floating point type that new tensors get: float32 until you change it."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Make ``d`` (float32 or float64) the type of new floating point tensors.

    Raises: TypeError if d is not a floating point type.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default, not {d!r}")
    _default = d


class Size(tuple):
    """A tensor's shape: a tuple of ints that prints as ``torch.Size([2, 3])``."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements, the product of all sizes."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __getitem__(self, index):
        item = super().__getitem__(index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other):
        return Size(super().__add__(tuple(other)))


class device:  # noqa: N801 - PyTorch's own name
    """Where a tensor lives. The engine knows one place, the CPU.

    Raises: RuntimeError for any other device, with what to do instead.
    """

    type, index = "cpu", None

    def __init__(self, type: str | device = "cpu", index: int | None = None) -> None:
        if str(type) not in ("cpu", "cpu:0") or index not in (None, 0):
            raise RuntimeError(f"device {type} is not 'cpu': for others, import torch as engine")

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device)

    def __hash__(self) -> int:
        return hash("cpu")
