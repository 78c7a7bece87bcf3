"""How a tensor is printed: the text that PyTorch prints, character by character."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine import dtypes

PRECISION = 4
THRESHOLD = 1000  # a tensor with more numbers is shown by its edges
EDGE_ITEMS = 3
LINE_WIDTH = 80


def tensor_repr(
    array: np.ndarray, requires_grad: bool = False, grad_fn: object | None = None
) -> str:
    """The text of ``repr(tensor)``, such as ``tensor([1., 2.], requires_grad=True)``.

    Numbers get 4 digits and a common width. Scientific notation is used if the largest magnitude
    is above 10⁸, the smallest below 10⁻⁴, or their ratio above 1000 (zeros, inf and nan aside).
    More than 1000 numbers are shown by the first and last 3 along each axis.

    Args: array: the values. requires_grad, grad_fn: the tensor's; grad_fn offers ``name()``.
    """
    indent = len("tensor(")
    text = "tensor(" + ("[]" if array.size == 0 else _contents(array, indent))
    column = len(text) - text.rfind("\n") - 1
    for suffix in _suffixes(array, requires_grad, grad_fn):
        separator = ", "
        if column + len(suffix) + 4 > LINE_WIDTH:
            separator, column = ",\n" + " " * indent, indent - 2
        text += separator + suffix
        column += len(suffix) + 2
    return text + ")"


def _suffixes(array: np.ndarray, requires_grad: bool, grad_fn: object | None) -> list[str]:
    suffixes = []
    implied = [dtypes.get_default_dtype().numpy]
    if array.size > 0:
        implied += [np.dtype(np.int64), np.dtype(np.bool_)]  # the digits show what they are
    elif array.ndim != 1:
        suffixes.append(f"size={array.shape}")
    if array.dtype not in implied:
        suffixes.append(f"dtype={dtypes.from_numpy_dtype(array.dtype)!r}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn.name()}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return suffixes


def _contents(array: np.ndarray, indent: int) -> str:
    edges = array.size > THRESHOLD
    show, width = _number_format(_edges(array) if edges else array)
    if array.ndim == 0:
        return show(array.item())
    per_line = max(1, (LINE_WIDTH - indent - array.ndim + 1) // (width + 2))

    def rows(part: np.ndarray, indent: int) -> str:
        cut = edges and len(part) > 2 * EDGE_ITEMS
        kept = [*part[:EDGE_ITEMS], *part[-EDGE_ITEMS:]] if cut else list(part)
        line = ",\n" + " " * (indent + 1)
        if part.ndim > 1:
            items = [rows(row, indent + 1) for row in kept]
            items[EDGE_ITEMS:EDGE_ITEMS] = ["..."] * cut
            return "[" + line.replace("\n", "\n" * (part.ndim - 1)).join(items) + "]"
        items = [show(x.item()) for x in kept]
        items[EDGE_ITEMS:EDGE_ITEMS] = [" ..."] * cut
        starts = range(0, len(items), per_line)
        return "[" + line.join(", ".join(items[i : i + per_line]) for i in starts) + "]"

    return rows(array, indent)


def _edges(array: np.ndarray) -> np.ndarray:
    """The first and last items along every axis that is too long to be shown."""
    for axis, size in enumerate(array.shape):
        if size > 2 * EDGE_ITEMS:
            array = array.take([*range(EDGE_ITEMS), *range(-EDGE_ITEMS, 0)], axis)
    return array


def _number_format(array: np.ndarray) -> tuple[Callable[[Any], str], int]:
    """How to write one number of the array, and how wide it becomes."""
    values = array.reshape(-1)
    if array.dtype.kind != "f":
        width = max(len(str(x)) for x in values.tolist())
        return lambda x: str(x).rjust(width), width

    # zeros, inf and nan take the width that the others need, even if they are wider
    values = values[np.isfinite(values) & (values != 0)].astype(np.float64)
    whole, scientific = bool((values == np.ceil(values)).all()), False
    if values.size > 0:
        smallest, largest = np.abs(values).min(), np.abs(values).max()
        with np.errstate(over="ignore"):
            scientific = bool(largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4)
    point = "." if whole and not scientific else ""
    spec = f".{PRECISION}e" if scientific else ".0f" if whole else f".{PRECISION}f"
    width = max((len(format(x, spec) + point) for x in values.tolist()), default=1)

    def show(x: float) -> str:
        return (format(x, spec) + (point if np.isfinite(x) else "")).rjust(width)

    return show, width
