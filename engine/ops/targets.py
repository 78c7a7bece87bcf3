"""What the losses share: targets and weights, checked, and the axis of classes, put first."""

from __future__ import annotations

import numpy as np

from engine import dtypes
from engine.autograd import Tensor
from engine.ops.promotion import operands


def class_targets(
    name: str, x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """One class number per sample, (N,), and the weight of each sample (None if all are 1).

    Ignored samples get class 0 and weight 0.
    Raises: IndexError for a class outside, ValueError or RuntimeError for shapes and dtypes.
    """
    a, t = x.array, target.array
    _check_shapes(name, a, t)
    if t.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"{name}: expected target dtype to be Long or Byte, but got {title_of(t)}. "
            f"Class numbers are integers, target.long(); class probabilities need the shape of "
            f"the input, {list(a.shape)}, but got {list(t.shape)}"
        )
    if a.dtype.kind != "f":
        raise NotImplementedError(f"\"{name}\" not implemented for '{title_of(a)}'")
    classes = a.shape[1] if a.ndim > 1 else a.shape[0]
    if weight is not None:
        check_class_weight(name, weight, classes)
        refuse_gradient(name, "weight", weight)
        if weight.array.dtype != a.dtype:
            raise RuntimeError(
                f"{name}: expected scalar type {title_of(a)} but found "
                f"{title_of(weight.array)} weights"
            )
    t = t.reshape(-1).astype(np.int64, copy=False)
    counted = None
    # As unsigned numbers, negative ones are the largest: one comparison finds all outside.
    if t.size and (0 <= ignore_index < classes or t.view(np.uint64).max() >= classes):
        counted = t != ignore_index
        outside = counted & ((t < 0) | (t >= classes))
        if outside.any():
            raise IndexError(
                f"Target {t[outside][0]} is out of bounds: expected classes from 0 to {classes - 1}"
            )
        t = t * counted
    if weight is None:
        return t, None if counted is None else counted.astype(a.dtype)
    w = weight.array[t]
    return t, w if counted is None else w * counted


def class_probabilities(
    x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[np.ndarray, np.ndarray]:
    """The logits, and the targets with their classes first, in one dtype."""
    if target.array.dtype.kind != "f":
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, "
            f"got {title_of(target.array)}: input and target both have shape {list(x.array.shape)}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if x.array.dtype.kind != "f":
        raise NotImplementedError(f"\"cross_entropy\" not implemented for '{title_of(x.array)}'")
    if not x.array.ndim:
        raise IndexError("cross_entropy: expected an axis of classes, but input has no axes")
    a, b = operands(x, target)
    t = classes_first(b)
    if weight is not None:
        check_class_weight("cross_entropy", weight, len(t))
    return a, t


def _check_shapes(name, a, t) -> None:
    if a.ndim == 0:
        raise ValueError(f"{name}: Expected 1 or more dimensions (got 0)")
    if a.ndim == 1:
        if t.ndim > 1:
            raise RuntimeError(
                f"0D or 1D target tensor expected, multi-target not supported: {list(t.shape)}"
            )
        if t.size != 1:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {t.size}"
            )
        return
    batch = t.shape[0] if t.ndim else 0
    if batch != a.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({a.shape[0]}) to match target batch_size ({batch}): "
            f"input has shape {list(a.shape)}, target {list(t.shape)}."
        )
    expected = a.shape[:1] + a.shape[2:]
    if t.shape != expected:
        if a.ndim == 2:
            raise RuntimeError(
                "0D or 1D target tensor expected, multi-target not supported: "
                f"expected target size {list(expected)}, got {list(t.shape)}"
            )
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(t.shape)}")


def check_class_weight(name: str, weight: Tensor, classes: int) -> None:
    """RuntimeError unless weight has one number for each class."""
    if weight.array.shape != (classes,):
        raise RuntimeError(
            f"{name}: weight tensor should be defined either for all {classes} classes or no "
            f"classes but got weight tensor of shape: {list(weight.array.shape)}"
        )


def refuse_gradient(function: str, name: str, tensor: Tensor) -> None:
    """RuntimeError if a gradient is wanted where the operation has none."""
    if tensor._requires_grad:
        raise RuntimeError(
            f"The function '{function}' is not differentiable with respect to argument '{name}'. "
            "This input cannot have requires_grad True."
        )


def constant_weight(function: str, name: str, weight: Tensor, x: np.ndarray) -> np.ndarray:
    """The array of a weight that broadcasts to x and gets no gradient. RuntimeError if not."""
    refuse_gradient(function, name, weight)
    try:
        fits = np.broadcast_shapes(weight.array.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{function}: {name} has shape {list(weight.array.shape)}, but expected a shape that "
            f"broadcasts to the input's, {list(x.shape)}"
        )
    return weight.array.astype(x.dtype, copy=False)


def classes_first(a: np.ndarray) -> np.ndarray:
    """(N, C), (N, C, d1, …) or (C,) as a contiguous (C, samples)."""
    if a.ndim == 1:
        return a[:, None]
    rows = a.T if a.ndim == 2 else np.moveaxis(a, 1, 0)
    samples = a.shape[0] * int(np.prod(a.shape[2:]))
    return np.ascontiguousarray(rows).reshape(a.shape[1], samples)


def classes_second(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back from classes_first to an array of this shape."""
    if len(shape) == 1:
        return rows.reshape(shape)
    if len(shape) == 2:
        return np.ascontiguousarray(rows.T)
    moved = rows.reshape(shape[1], shape[0], *shape[2:])
    return np.ascontiguousarray(np.moveaxis(moved, 0, 1))


def sample_shape(a: np.ndarray) -> tuple[int, ...]:
    """The shape of one loss per sample: a's shape without the axis of classes."""
    return a.shape[:1] + a.shape[2:] if a.ndim > 1 else ()


def title_of(a: np.ndarray) -> str:
    """The word for a's number type in PyTorch's messages: Float, Long, ..."""
    return dtypes.from_numpy_dtype(a.dtype).title
