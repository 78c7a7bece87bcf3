"""Targets that are classes: as numbers, as probabilities, as one-hot rows."""

import numpy as np

from engine.autograd import Tensor, constant
from engine.ops.arguments import require_floating, title_of


def class_targets(name: str, x: Tensor, target: Tensor, weight: Tensor | None,
                  ignore_index: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """One class number for each sample, and the sample's weight, both (N,).

    Ignored samples get class 0 and weight 0.
    Raises: IndexError for a class outside, ValueError or RuntimeError for shapes and dtypes.
    """
    a, t = x.array, target.array
    _require_shapes(name, a.shape, t)
    if t.dtype not in (np.int64, np.uint8):
        wanted = f"class numbers (Long or Byte), or probabilities of shape {list(a.shape)}"
        raise RuntimeError(f"{name}: expected {wanted}, got {title_of(t)} of {list(t.shape)}")
    require_floating(name, a)
    classes = a.shape[min(a.ndim - 1, 1)]
    w = np.ones(classes, a.dtype) if weight is None else class_weight(name, weight, classes, a)
    t = t.reshape(-1).astype(np.int64, copy=False)
    counted = t != ignore_index
    t = t * counted
    outside = t[t.view(np.uint64) >= classes]  # as unsigned numbers, negative ones are the largest
    if outside.size:
        raise IndexError(f"Target {outside[0]} is out of bounds: classes are 0 to {classes - 1}")
    return t, w[t] * counted


def probabilities(x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int,
                  smoothing: float) -> tuple[np.ndarray, np.ndarray | float, float]:  # fmt: skip
    """q[c, n] = w[c] ((1 - smoothing) t[c, n] + smoothing / C),  ∂q/∂t,  what a mean divides by

    The target holds the probabilities t, in x's shape, or class numbers.
    """
    name, a, b = "cross_entropy", x.array, target.array
    if a.shape == b.shape:
        if b.dtype.kind != "f" or ignore_index >= 0:
            wanted = f"probabilities of shape {list(b.shape)}, floats without ignore_index"
            raise RuntimeError(f"{name}: expected {wanted}, got {title_of(b)} and {ignore_index}")
        require_floating(name, a)
        t, counted = classes_first(b), 1
        total = t.shape[1]
    else:
        numbers, w = class_targets(name, x, target, weight, ignore_index)
        counted, total = (b.reshape(-1) != ignore_index).astype(a.dtype), w.sum()
        t = np.zeros((a.shape[min(a.ndim - 1, 1)], numbers.size), a.dtype)
        t[numbers, np.arange(numbers.size)] = counted
    spread = smoothing / len(t) * counted
    factor = 1 if weight is None else class_weight(name, weight, len(t), a)[:, None]
    return factor * ((1 - smoothing) * t + spread), factor * (1 - smoothing), total


def _require_shapes(name: str, shape: tuple[int, ...], t: np.ndarray) -> None:
    """As PyTorch, ValueError for another number of samples, RuntimeError for another shape."""
    if not shape:
        raise ValueError(f"{name}: expected an axis of classes, but the input has no axes")
    expected = sample_shape(shape)
    if t.shape != expected and (expected or t.shape != (1,)):
        wrong_number = t.shape[:1] != shape[:1] if expected else t.ndim == 1
        text = f"{name}: expected a target of shape {list(expected)}, but got {list(t.shape)}"
        raise (ValueError if wrong_number else RuntimeError)(text)


def class_weight(name: str, weight: Tensor, classes: int, x: np.ndarray) -> np.ndarray:
    """The array of a weight for each class. RuntimeError for another shape, dtype or a gradient."""
    w = weight.array
    refuse_gradient(name, "weight", weight)
    if w.shape != (classes,) or w.dtype != x.dtype:
        seen = f"a weight of {title_of(w)}, shape {list(w.shape)}"
        raise RuntimeError(f"{name}: expected {title_of(x)} for {classes} classes, got {seen}")
    return w


def element_weight(name: str, argument: str, weight: Tensor, x: np.ndarray) -> np.ndarray:
    """The array of a weight that broadcasts to x and gets no gradient. RuntimeError if not."""
    refuse_gradient(name, argument, weight)
    try:
        return np.broadcast_to(weight.array, x.shape).astype(x.dtype, copy=False)
    except ValueError:
        text = f"shape {list(weight.array.shape)} does not broadcast to {list(x.shape)}"
        raise RuntimeError(f"{name}: {argument} of {text}") from None


def refuse_gradient(name: str, argument: str, tensor: Tensor) -> None:
    """RuntimeError if a gradient is wanted where the operation has none."""
    if tensor._requires_grad:
        raise RuntimeError(f"{name} has no derivative by its {argument}: it may not require grad")


def classes_first(a: np.ndarray) -> np.ndarray:
    """(N, C), (N, C, d1, …) or (C,) as a contiguous (C, samples)."""
    a = a[None] if a.ndim == 1 else a
    return np.ascontiguousarray(a.swapaxes(0, 1)).reshape(a.shape[1], -1)


def classes_second(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The way back from classes_first to an array of this shape."""
    n, classes, *rest = shape if len(shape) > 1 else (1, *shape)
    return np.ascontiguousarray(rows.reshape(classes, n, *rest).swapaxes(0, 1)).reshape(shape)


def sample_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one loss per sample: without the axis of classes."""
    return shape[:1] + shape[2:] if len(shape) > 1 else ()


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """y[…, c] = 1 where x[…] = c, 0 elsewhere, as int64.

    Shapes: x (…) of class numbers, int64; y (…, num_classes). -1 takes the largest number + 1.
    Raises: RuntimeError for another dtype or numbers outside 0 … num_classes - 1.
    """
    t = tensor.array
    if t.dtype != np.int64:
        raise RuntimeError(f"one_hot expected class numbers of int64, but got {tensor.dtype}")
    if not t.size and num_classes <= 0:
        raise RuntimeError("one_hot cannot infer the number of classes from an empty tensor")
    classes = int(t.max()) + 1 if num_classes == -1 else num_classes
    outside = t[(t < 0) | (t >= classes)]
    if outside.size:
        raise RuntimeError(f"one_hot expected 0 <= class < {classes}, but found {outside[0]}")
    return constant((t[..., None] == np.arange(classes)).astype(np.int64))
