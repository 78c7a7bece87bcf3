"""Adam and AdamW: momentum, and a learning rate for each parameter."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.optim.bundle import Bundle
from engine.optim.optimizer import Optimizer


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba, 2015).

    g = ∂L/∂w + weight_decay · w
    m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²
    w ← w - lr · (m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps)      in step t = 1, 2, ...

    Args: params: tensors or groups. lr, eps, weight_decay: as in the equations. betas: (β₁, β₂).
    decoupled_weight_decay: shrink w as AdamW does. options: PyTorch's others raise
    NotImplementedError if set.

    Raises: ValueError for a negative lr, eps or weight_decay, and for betas that are no floats of
    [0, 1).
    """

    offered = {"amsgrad": False, "maximize": False, "foreach": None, "capturable": False}
    offered |= {"differentiable": False, "fused": None}

    def __init__(self, params: Iterable[Any], lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, *, decoupled_weight_decay: bool = False,
                 **options: Any) -> None:  # fmt: skip
        for i, beta in enumerate(betas):
            if not isinstance(beta, float) or not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}, no float of [0, 1)")
        defaults = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        defaults |= {"decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, defaults, options)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("step", "exp_avg", "exp_avg_sq")

    def _update(self, bundle: Bundle, group: dict[str, Any], t: float) -> None:
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if group["decoupled_weight_decay"] and decay != 0:
            bundle.scale(1 - lr * decay)
            decay = 0
        g = bundle.gradient(decay)
        m, v = bundle.buffers.values()
        m += (g - m) * (1 - beta1)  # array times number: half the time of number times array
        v *= beta2
        v += g * (1 - beta2) * g
        size = np.sqrt(v)
        size /= (1 - beta2**t) ** 0.5
        size += group["eps"]
        bundle.add(-lr / (1 - beta1**t), m / size)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    w ← (1 - lr · weight_decay) · w, then Adam's step with g = ∂L/∂w

    Args and errors are Adam's.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, **options: Any) -> None:  # fmt: skip
        fixed = {"decoupled_weight_decay": True}
        super().__init__(params, lr, betas, eps, weight_decay, **fixed, **options)
