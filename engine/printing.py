"""How a tensor is printed: the text that PyTorch prints, character by character."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine import dtypes

PRECISION = 4
THRESHOLD = 1000  # a tensor with more numbers is shown by its edges
EDGE_ITEMS = 3
LINE_WIDTH = 80
INDENT = len("tensor(")


def tensor_repr(array: np.ndarray, requires_grad: bool = False, grad_fn: Any = None) -> str:
    """The text of ``repr(tensor)``, such as ``tensor([1., 2.], requires_grad=True)``.

    Numbers get 4 digits and a common width. Scientific notation is used if the largest magnitude
    is above 10⁸, the smallest below 10⁻⁴, or their ratio above 1000 (zeros, inf and nan aside).
    More than 1000 numbers are shown by the first and last 3 along each axis.

    Args: array: the values. requires_grad, grad_fn: the tensor's; grad_fn offers ``name()``.
    """
    text = "tensor(" + ("[]" if array.size == 0 else _contents(array))
    for suffix in _suffixes(array, requires_grad, grad_fn):
        column = len(text) - text.rfind("\n") - 1
        fits = column + len(suffix) + 4 <= LINE_WIDTH
        text += (", " if fits else ",\n" + " " * INDENT) + suffix
    return text + ")"


def _suffixes(array: np.ndarray, requires_grad: bool, grad_fn: Any) -> Iterator[str]:
    if array.size == 0 and array.ndim != 1:
        yield f"size={array.shape}"
    shown_by_digits = (np.int64, np.bool_) if array.size > 0 else ()
    if array.dtype not in (dtypes.get_default_dtype().numpy, *shown_by_digits):
        yield f"dtype={dtypes.from_numpy_dtype(array.dtype)!r}"
    if grad_fn is not None:
        yield f"grad_fn=<{grad_fn.name()}>"
    elif requires_grad:
        yield "requires_grad=True"


def _contents(array: np.ndarray) -> str:
    shape = array.shape
    if array.size > THRESHOLD:
        for axis, size in enumerate(shape):
            if size > 2 * EDGE_ITEMS:
                array = array.take([*range(EDGE_ITEMS), *range(-EDGE_ITEMS, 0)], axis)
    show, width = _number_format(array)
    per_line = max(1, (LINE_WIDTH - INDENT - array.ndim + 1) // (width + 2))

    def text(part: np.ndarray) -> str:
        if part.ndim == 0:
            return show(part.item())
        axis = array.ndim - part.ndim
        items = [text(item) for item in part]
        if len(items) < shape[axis]:
            items.insert(EDGE_ITEMS, "..." if part.ndim > 1 else " ...")
        if part.ndim == 1:
            items = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        new_line = "\n" * max(part.ndim - 1, 1) + " " * (INDENT + axis + 1)
        return "[" + ("," + new_line).join(items) + "]"

    return text(array)


def _number_format(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How to write one number of the array, and how wide it becomes."""
    values, spec, point = array.reshape(-1).tolist(), "", ""
    if array.dtype.kind == "f":
        # zeros, inf and nan take the width that the others need, even if they are wider
        values = [x for x in values if math.isfinite(x) and x != 0]
        smallest = min(map(abs, values), default=1)
        largest = max(map(abs, values), default=1)
        if largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4:
            spec = f".{PRECISION}e"
        elif all(x.is_integer() for x in values):
            spec, point = ".0f", "."
        else:
            spec = f".{PRECISION}f"
    width = max((len(format(x, spec) + point) for x in values), default=1)

    def show(x: float) -> str:
        return (format(x, spec) + (point if math.isfinite(x) else "")).rjust(width)

    return show, width
