"""Stochastic gradient descent."""

from collections.abc import Iterable
from typing import Any

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer, refuse_outside


class SGD(Optimizer):
    """Gradient descent, with momentum if you like (Polyak, 1964; Nesterov, 1983).

    g = ∂L/∂w + weight_decay · w
    b ← momentum · b + (1 - dampening) · g      (b = g in the first step)
    w ← w - lr · b                              (nesterov: w ← w - lr · (g + momentum · b))

    Args: params: tensors or groups. lr: learning rate. momentum, dampening, weight_decay: as in
    the equations. nesterov: look ahead along b. The others raise NotImplementedError if set.

    Raises: ValueError for a negative lr, momentum or weight_decay, and for nesterov without
    momentum or with dampening.
    """

    _has_step = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        refuse_outside("learning rate", lr)
        refuse_outside("momentum value", momentum)
        refuse_outside("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, "
                f"but got momentum={momentum} and dampening={dampening}"
            )
        options: dict[str, Any] = {"lr": lr, "momentum": momentum, "dampening": dampening}
        options |= {"weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize}
        options |= {"foreach": foreach, "differentiable": differentiable, "fused": fused}
        super().__init__(params, options)

    def _buffer_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _update(self, bundle: Bundle, group: dict[str, Any]) -> None:
        g, momentum = bundle.gradient(group["weight_decay"]), group["momentum"]
        if momentum != 0:
            b, dampening = bundle.buffers[0], group["dampening"]
            if bundle.fresh:
                b[...] = g
            else:
                b *= momentum
                b += (1 - dampening) * g if dampening != 0 else g
            g = g + momentum * b if group["nesterov"] else b
        bundle.count()
        bundle.add(-group["lr"] * g)
