"""Compare the gradients of backward() with differences of function values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant
from engine.grad_mode import no_grad


class GradcheckError(RuntimeError):
    """The two gradients differ."""


def gradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]], inputs: Tensor | Sequence[object], *,
    eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True,
) -> bool:  # fmt: skip
    """Whether backward() of func agrees with central differences at the given inputs.

    ∂y_j/∂x_i ≈ (y_j(x + eps e_i) - y_j(x - eps e_i)) / (2 eps)

    They agree where |analytical - numerical| <= atol + rtol |numerical|. Use float64: in float32
    the differences hold too few digits. No tensor and no gradient is changed by the check.

    Args: func: returns a tensor or several. inputs: func's arguments; those that require a gradient
    are checked. raise_exception: raise instead of returning False.

    Returns: True if all agree. Raises: GradcheckError (a RuntimeError) that shows both Jacobians,
    with rows for inputs and columns for outputs; ValueError if no input requires a gradient or if
    func returns something else than tensors.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient")
    for i, x in checked:
        if x.array.dtype != np.float64:
            text = f"Input #{i} requires gradient and is not a double precision floating point"
            warnings.warn(f"{text}, but {x.array.dtype}", stacklevel=2)
        x.retain_grad()
    for j, y in enumerate(_outputs(func, inputs)):
        if y.array.dtype.kind != "f":
            continue
        for i, x in checked:
            numerical = _numerical(func, inputs, j, x, y.array, eps)
            analytical = _analytical(y, x)
            if not np.allclose(analytical, numerical, rtol, atol):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"Jacobian mismatch for output {j} with respect to input {i},\n"
                    f"numerical:{constant(numerical)}\nanalytical:{constant(analytical)}\n"
                )
    return True


def _outputs(func: Callable[..., Any], inputs: Sequence[object]) -> Sequence[Tensor]:
    result = func(*inputs)
    outputs = result if isinstance(result, tuple | list) else (result,)
    for y in outputs:
        if not isinstance(y, Tensor):
            raise ValueError(f"gradcheck expects func to return tensors, got {type(y).__name__}")
    return outputs


def _numerical(func, inputs, j: int, x: Tensor, y: np.ndarray, eps: float) -> np.ndarray:
    jacobian = np.zeros((x.array.size, y.size), y.dtype)
    with no_grad():
        for row, index in enumerate(np.ndindex(x.array.shape)):
            before = x.array[index]
            try:
                x.array[index] = before + eps
                above = _outputs(func, inputs)[j].array.copy()
                x.array[index] = before - eps
                below = _outputs(func, inputs)[j].array
                jacobian[row] = ((above - below) / (2 * eps)).reshape(-1)
            finally:
                x.array[index] = before
    return jacobian


def _analytical(y: Tensor, x: Tensor) -> np.ndarray:
    jacobian = np.zeros((x.array.size, y.array.size), x.array.dtype)
    kept = [(leaf, leaf.grad) for leaf in (x, *_leaves(y))]
    try:
        for column, dy in enumerate(np.eye(y.array.size) if y.requires_grad else ()):
            x.grad = None
            y.backward(constant(dy.reshape(y.array.shape)), retain_graph=True)
            if x.grad is not None:
                jacobian[:, column] = x.grad.array.reshape(-1)
    finally:
        for leaf, grad in kept:
            leaf.grad = grad
    return jacobian


def _leaves(y: Tensor) -> Iterable[Tensor]:
    """The tensors whose grad a backward() from y fills."""
    seen: set[Any] = set()
    stack: list[Any] = [y.grad_fn or y]
    while stack:
        node = stack.pop()
        if isinstance(node, Tensor):
            yield node
        elif node is not None and node not in seen:
            seen.add(node)
            stack.extend(node.parents)
