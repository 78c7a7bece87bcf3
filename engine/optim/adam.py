"""Adam and AdamW: momentum, and a learning rate for each parameter."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer, refuse_outside


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba, 2015).

    g = ∂L/∂w + weight_decay · w
    m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²
    w ← w - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps)      in step t = 1, 2, ...

    Args: params: tensors or groups. lr, eps, weight_decay: as in the equations. betas: (β₁, β₂).
    decoupled_weight_decay: shrink w as AdamW does. The others raise NotImplementedError if set.

    Raises: ValueError for a negative lr, eps or weight_decay, for betas outside [0, 1), and if one
    of the betas is no float.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        refuse_outside("learning rate", lr)
        refuse_outside("epsilon value", eps)
        refuse_outside("beta parameter at index 0", betas[0], high=1.0)
        refuse_outside("beta parameter at index 1", betas[1], high=1.0)
        refuse_outside("weight_decay value", weight_decay)
        if not all(isinstance(beta, float) for beta in betas):
            raise ValueError(f"betas must be both floats, but got {betas}")
        options = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        options |= {"amsgrad": amsgrad, "maximize": maximize, "foreach": foreach}
        options |= {"capturable": capturable, "differentiable": differentiable, "fused": fused}
        options |= {"decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, options)

    def _buffer_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _update(self, bundle: Bundle, group: dict[str, Any]) -> None:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if group["decoupled_weight_decay"] and decay != 0:
            bundle.scale(1 - lr * decay)
            decay = 0
        g = bundle.gradient(decay)
        m, v = bundle.buffers
        t = bundle.count()
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        size = np.sqrt(v)
        size /= (1 - beta2**t) ** 0.5
        size += group["eps"]
        change = -lr / (1 - beta1**t) * m
        change /= size
        bundle.add(change)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    w ← (1 - lr · weight_decay) · w, then Adam's step with g = ∂L/∂w

    Args and errors are Adam's.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
