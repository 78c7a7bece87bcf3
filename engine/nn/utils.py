"""Gradient clipping: call it between loss.backward() and optimizer.step()."""

from collections.abc import Iterable

import numpy as np

from engine.autograd import Tensor, constant
from engine.memory import changes
from engine.ops.arguments import refuse_options

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, **options: object) -> Tensor:  # fmt: skip
    """Scale all gradients by min(1, max_norm / (‖g‖ + 10⁻⁶)), in place (Pascanu et al., 2013).

    ‖g‖ is the norm_type-norm of all gradients laid end to end; inf is the largest magnitude.

    Returns: ‖g‖ before the scaling, 0 if there is no gradient.
    Raises: RuntimeError if ‖g‖ is not finite and error_if_nonfinite asks for it.
    """
    gradients = _gradients(parameters, options)
    if not gradients:
        return constant(np.zeros((), np.float32))
    norms = [np.linalg.norm(g.reshape(-1), norm_type) for g in gradients]
    total = np.linalg.norm(np.array(norms, gradients[0].dtype), norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(f"the total norm of the gradients is {total}, expected a finite one")
    factor = np.minimum(max_norm / (total + 1e-6), 1)
    for g in gradients:
        g *= factor
        changes.note(g)
    return constant(np.asarray(total))


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float,
                     **options: object) -> None:  # fmt: skip
    """Bring every entry of every gradient into [-clip_value, clip_value], in place."""
    for g in _gradients(parameters, options):
        np.clip(g, -clip_value, clip_value, out=g)
        changes.note(g)


def _gradients(parameters: Tensor | Iterable[Tensor], options: dict) -> list[np.ndarray]:
    refuse_options(options, {"foreach": None})
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p._grad.array for p in parameters if p._grad is not None]
