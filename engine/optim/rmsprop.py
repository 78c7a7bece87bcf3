"""RMSprop: a learning rate for each parameter, from the recent size of its gradient."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer


class RMSprop(Optimizer):
    """Divide the gradient by its running root mean square (Hinton, 2012).

    g = ∂L/∂w + weight_decay · w
    v ← alpha · v + (1 - alpha) · g²
    a ← alpha · a + (1 - alpha) · g             (centered only, else a = 0)
    b ← momentum · b + g / (√(v - a²) + eps)
    w ← w - lr · b

    Args: params: tensors or groups. lr, alpha, eps, weight_decay, momentum, centered: as in the
    equations. options: PyTorch's others raise NotImplementedError if set.

    Raises: ValueError for a negative lr, alpha, eps, weight_decay or momentum.
    """

    offered = {"capturable": False, "foreach": None, "maximize": False, "differentiable": False}

    def __init__(self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99,
                 eps: float = 1e-8, weight_decay: float = 0, momentum: float = 0,
                 centered: bool = False, **options: Any) -> None:  # fmt: skip
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"momentum": momentum, "centered": centered}
        super().__init__(params, defaults, options)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        momentum = ("momentum_buffer",) if group["momentum"] > 0 else ()
        mean = ("grad_avg",) if group["centered"] else ()
        return ("step", "square_avg", *momentum, *mean)

    def _update(self, bundle: Bundle, group: dict[str, Any], t: float) -> None:
        g, alpha = bundle.gradient(group["weight_decay"]), group["alpha"]
        v = bundle.buffers["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        variance = v
        if group["centered"]:
            a = bundle.buffers["grad_avg"]
            a += (1 - alpha) * (g - a)
            variance = v - a * a
        change = g / (np.sqrt(variance) + group["eps"])
        if group["momentum"] > 0:
            b = bundle.buffers["momentum_buffer"]
            b *= group["momentum"]
            b += change
            change = b
        bundle.add(-group["lr"], change)
