"""Stochastic gradient descent."""

from collections.abc import Iterable
from typing import Any

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum if you like (Polyak, 1964; Nesterov, 1983).

    g = ∂L/∂w + weight_decay · w
    b ← momentum · b + (1 - dampening) · g      (b = g in the first step)
    w ← w - lr · b                              (nesterov: w ← w - lr · (g + momentum · b))

    Args: params: tensors or groups. lr: learning rate. momentum, dampening, weight_decay: as in
    the equations. nesterov: look ahead along b. options: PyTorch's others raise
    NotImplementedError if set.

    Raises: ValueError for a negative lr, momentum or weight_decay, and for nesterov without
    momentum or with dampening.
    """

    offered = {"maximize": False, "foreach": None, "differentiable": False, "fused": None}

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0,
                 dampening: float = 0, weight_decay: float = 0, nesterov: bool = False,
                 **options: Any) -> None:  # fmt: skip
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening}
        defaults |= {"weight_decay": weight_decay, "nesterov": nesterov}
        super().__init__(params, defaults, options)
        if nesterov and (momentum <= 0 or dampening != 0):
            seen = f"got {momentum} and {dampening}"
            raise ValueError(f"Nesterov momentum requires a momentum and zero dampening, {seen}")

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _update(self, bundle: Bundle, group: dict[str, Any], t: float) -> None:
        g = bundle.gradient(group["weight_decay"])
        momentum, dampening = group["momentum"], group["dampening"]
        if momentum != 0:
            b = bundle.buffers["momentum_buffer"]
            b *= momentum
            b += g if t == 1 or dampening == 0 else (1 - dampening) * g
            g = g + momentum * b if group["nesterov"] else b
        bundle.add(-group["lr"], g)
