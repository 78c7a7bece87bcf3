"""Compare the gradients of backward() with differences of function values."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant, gradients_of


class GradcheckError(RuntimeError):
    """The two gradients differ."""


def gradcheck(func: Callable[..., Tensor | Sequence[Tensor]], inputs: Tensor | Sequence[object], *,
              eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
              raise_exception: bool = True) -> bool:  # fmt: skip
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
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor to require gradient")
    for i, x in checked:
        x.retain_grad()
        if x.array.dtype != np.float64:
            text = f"Input #{i} requires gradient and is not a double precision floating point"
            warnings.warn(f"{text}, but {x.array.dtype}", stacklevel=2)
    for j, y in enumerate(_outputs(func, inputs)):
        for i, x in checked if y.array.dtype.kind == "f" else ():
            analytical = _analytical(y, x)
            numerical = _numerical(func, inputs, j, x, eps).reshape(analytical.shape)
            if np.allclose(analytical, numerical, rtol, atol):
                continue
            if not raise_exception:
                return False
            where = f"output {j} with respect to input {i}"
            both = f"numerical:{constant(numerical)}\nanalytical:{constant(analytical)}"
            raise GradcheckError(f"Jacobian mismatch for {where},\n{both}\n")
    return True


def _outputs(func: Callable[..., Any], inputs: Sequence[object]) -> Sequence[Tensor]:
    result = func(*inputs)
    outputs = result if isinstance(result, tuple | list) else [result]
    if not all(isinstance(y, Tensor) for y in outputs):
        raise ValueError(f"gradcheck expects func to return tensors, got {result!r}")
    return outputs


def _numerical(func, inputs: Sequence[object], j: int, x: Tensor, eps: float) -> np.ndarray:
    before, rows = x.array.copy(), []
    try:
        for step in eps * np.eye(before.size).reshape(before.size, *before.shape):
            x.array[...] = before + step
            above = _outputs(func, inputs)[j].array.copy()
            x.array[...] = before - step
            rows.append((above - _outputs(func, inputs)[j].array).reshape(-1) / (2 * eps))
    finally:
        x.array[...] = before
    return np.array(rows)


def _analytical(y: Tensor, x: Tensor) -> np.ndarray:
    jacobian = np.zeros((x.array.size, y.array.size), x.array.dtype)
    for column, dy in enumerate(np.eye(y.array.size, dtype=y.array.dtype)):
        dx = gradients_of(y, dy.reshape(y.array.shape), True).get(x) if y.requires_grad else None
        jacobian[:, column] = 0 if dx is None else dx.reshape(-1)
    return jacobian
