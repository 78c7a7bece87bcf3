"""RMSprop: a learning rate for each parameter, from the recent size of its gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer, refuse_outside


class RMSprop(Optimizer):
    """Divide the gradient by its running root mean square (Hinton, 2012).

    g = ∂L/∂w + weight_decay · w
    v ← alpha · v + (1 - alpha) · g²
    a ← alpha · a + (1 - alpha) · g             (centered only, else a = 0)
    b ← momentum · b + g / (√(v - a²) + eps)
    w ← w - lr · b

    Args: params: tensors or groups. lr, alpha, eps, weight_decay, momentum, centered: as in the
    equations. The others raise NotImplementedError if set.

    Raises: ValueError for a negative lr, alpha, eps, weight_decay or momentum.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        refuse_outside("learning rate", lr)
        refuse_outside("epsilon value", eps)
        refuse_outside("momentum value", momentum)
        refuse_outside("weight_decay value", weight_decay)
        refuse_outside("alpha value", alpha)
        options: dict[str, Any] = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps}
        options |= {"centered": centered, "weight_decay": weight_decay, "capturable": capturable}
        options |= {"foreach": foreach, "maximize": maximize, "differentiable": differentiable}
        super().__init__(params, options)

    def _buffer_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return tuple(names)

    def _update(self, bundle: Bundle, group: dict[str, Any]) -> None:
        g, alpha, lr = bundle.gradient(group["weight_decay"]), group["alpha"], group["lr"]
        v = bundle.buffers[0]
        bundle.count()
        v *= alpha
        v += (1 - alpha) * g * g
        if group["centered"]:
            a = bundle.buffers[-1]
            a += (1 - alpha) * (g - a)
            size = np.sqrt(v - a * a)
        else:
            size = np.sqrt(v)
        size += group["eps"]
        if group["momentum"] > 0:
            b = bundle.buffers[1]
            b *= group["momentum"]
            b += g / size
            bundle.add(-lr * b)
        else:
            bundle.add(-lr * g / size)
