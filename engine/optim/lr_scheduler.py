"""Learning rates that change during training. Names as in torch.optim.lr_scheduler.

A scheduler sets the rate of epoch 0 when it is made. Call its `step()` once per epoch, after the
optimizer's. Where a formula allows it, a rate follows from the one before, as in PyTorch: a rate
that you set by hand, or that another scheduler changed, is where the schedule goes on.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from engine.ops.arguments import refuse_options
from engine.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR"]
__all__ += ["OneCycleLR", "ReduceLROnPlateau", "StepLR"]

_NOT_SAVED = ("optimizer", "lr_lambdas")


class LRScheduler:
    """Base of the schedulers: counts epochs t = 0, 1, ... and asks the subclass for the rates.

    Args: optimizer: whose groups' "lr" it sets. last_epoch: -1 for a new training, else the epoch
    after which an earlier one goes on; its groups then have their "initial_lr".

    Raises: TypeError if optimizer is none, KeyError if last_epoch asks for an initial_lr that a
    group does not have.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for group in optimizer.param_groups if last_epoch == -1 else ():
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch, self._step_count = last_epoch, 0
        self.step()

    def get_last_lr(self) -> list[float]:
        """The rates that the last step() set, one per group."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rates of epoch `last_epoch`, one per group. step() calls it; see get_last_lr()."""
        raise NotImplementedError(f"{type(self).__name__} does not compute its rates")

    def step(self) -> None:
        """Go to the next epoch."""
        if self._step_count == 1 and not self.optimizer._plans:
            text = "`lr_scheduler.step()` before `optimizer.step()` skips the schedule's first rate"
            warnings.warn(text, stacklevel=2)
        self._step_count += 1
        self.last_epoch += 1
        self._last_lr = self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = lr

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the functions of LambdaLR."""
        return {key: value for key, value in self.__dict__.items() if key not in _NOT_SAVED}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what state_dict() returned."""
        self.__dict__ |= {key: v for key, v in state_dict.items() if key not in _NOT_SAVED}


class StepLR(LRScheduler):
    """lr_t = lr_0 · gamma^⌊t / step_size⌋"""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr · gamma in every step_size-th epoch"""
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return [lr * self.gamma if due else lr for lr in self._rates()]


class ExponentialLR(LRScheduler):
    """lr_t = lr_0 · gamma^t"""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr · gamma, except at the beginning"""
        return [lr * self.gamma if self._step_count > 1 else lr for lr in self._rates()]


class LambdaLR(LRScheduler):
    """lr_t = lr_0 · lr_lambda(t)

    Args: lr_lambda: one function, or one for each group. They are not part of the saved state.
    Raises: ValueError if there are more or fewer functions than groups.
    """

    def __init__(self, optimizer: Optimizer,
                 lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.lr_lambdas = [f for _, f in _by_group(optimizer, "lr_lambdas", lr_lambda)]
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr_0 · lr_lambda(t)"""
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [lr * factor(self.last_epoch) for lr, factor in pairs]


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from lr_0 down to eta_min (Loshchilov and Hutter, 2017).

    lr_t = eta_min + (lr_0 - eta_min) h_t,   h_t = (1 + cos(π t / T_max)) / 2
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr - eta_min changes as h_t / h_{t-1}; from 0 it rises to (lr_0 - eta_min) h_t."""
        if self._step_count == 1:
            return self._rates()
        epochs = (self.last_epoch - 1, self.last_epoch)
        before, now = ((1 + math.cos(math.pi * t / self.T_max)) / 2 for t in epochs)
        if before == 0:
            pairs = zip(self._rates(), self.base_lrs, strict=True)
            return [lr + (base - self.eta_min) * now for lr, base in pairs]
        return [now / before * (lr - self.eta_min) + self.eta_min for lr in self._rates()]


class OneCycleLR(LRScheduler):
    """Up to max_lr, then far down, once, in steps of batches (Smith and Topin, 2018).

    lr rises from max_lr / div_factor to max_lr during the first pct_start of total_steps and falls
    to max_lr / div_factor / final_div_factor. Momentum (SGD, RMSprop) or β₁ (Adam) moves against it
    between max_momentum and base_momentum.

    Args: total_steps, or epochs and steps_per_epoch. anneal_strategy: "cos" or "linear". max_lr,
    base_momentum, max_momentum: one number, or one for each group.

    Raises: ValueError for values outside these, and by step() after total_steps.
    NotImplementedError for three_phase=True and for another last_epoch than -1.
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85, max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0, final_div_factor: float = 1e4, **options: Any,
    ) -> None:  # fmt: skip
        refuse_options(options, {"three_phase": False, "last_epoch": -1})
        counts: list[Any] = [epochs, steps_per_epoch] if total_steps is None else [total_steps]
        if not all(isinstance(count, int) and count > 0 for count in counts):
            names = "total_steps OR (epochs AND steps_per_epoch)"
            raise ValueError(f"Expected positive integer {names}, but got {counts}")
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy}")
        extremes = {"max_lr": max_lr}
        if cycle_momentum:
            if not {"betas", "momentum"} & optimizer.defaults.keys():
                raise ValueError("cycle_momentum needs an optimizer with momentum or beta1")
            extremes |= {"base_momentum": base_momentum, "max_momentum": max_momentum}
        for name, value in extremes.items():
            for group, own in _by_group(optimizer, name, value):
                group[name] = own
        for group in optimizer.param_groups:
            group["initial_lr"] = group["max_lr"] / div_factor
            group["min_lr"] = group["initial_lr"] / final_div_factor
        self.total_steps = math.prod(counts)
        self._top = pct_start * self.total_steps - 1  # the step that reaches max_lr
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:
        """The rates of step `last_epoch`; it also sets the momentum.

        Both follow a height, 0 at either end and 1 at the top: p, or (1 - cos πp) / 2 for "cos".
        """
        t, top, end = self.last_epoch, self._top, self.total_steps - 1
        if t > self.total_steps:
            raise ValueError(f"Tried to step {t} times, but total_steps is {self.total_steps}")
        rising = t <= top
        p = t / top if rising else (end - t) / (end - top)
        height = p if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * p)) / 2
        rates = []
        for group in self.optimizer.param_groups:
            low = group["initial_lr" if rising else "min_lr"]
            rates.append(low + (group["max_lr"] - low) * height)
            if self.cycle_momentum:
                high = group["max_momentum"]
                momentum = high + (group["base_momentum"] - high) * height
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                else:
                    group["momentum"] = momentum
        return rates


class ReduceLROnPlateau(LRScheduler):
    """lr ← max(factor · lr, min_lr) when a metric has not improved for `patience` epochs.

    Args: mode: "min" or "max", what counts as better. factor: below 1. threshold, threshold_mode:
    better means by threshold, times the best ("rel") or absolute ("abs"). cooldown: epochs to wait
    after a reduction. min_lr: one number, or one for each group. eps: smaller changes are left out.

    Raises: ValueError for factor >= 1, an unknown mode, or a min_lr list of another length.
    """

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1,
                 patience: int = 10, threshold: float = 1e-4, threshold_mode: str = "rel",
                 cooldown: int = 0, min_lr: float | Sequence[float] = 0,
                 eps: float = 1e-8) -> None:  # fmt: skip
        if factor >= 1.0:
            raise ValueError(f"Factor should be < 1.0, but got {factor}.")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown! Expected 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown! Expected 'rel' or 'abs'")
        _by_group(optimizer, "min_lrs", min_lr)
        self.optimizer, self.min_lrs = optimizer, min_lr
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = self._rates()

    def step(self, metrics: Any) -> None:
        """Take note of this epoch's metric (a number or a tensor with one), and perhaps reduce."""
        current = float(metrics)
        change = self.threshold if self.mode == "max" else -self.threshold
        bound = self.best * (1 + change) if self.threshold_mode == "rel" else self.best + change
        better = current > bound if self.mode == "max" else current < bound
        self.best = current if better else self.best
        self.last_epoch += 1
        self.num_bad_epochs = 0 if better or self.cooldown_counter else self.num_bad_epochs + 1
        self.cooldown_counter = max(self.cooldown_counter - 1, 0)
        if self.num_bad_epochs > self.patience:
            for group, lowest in _by_group(self.optimizer, "min_lrs", self.min_lrs):
                lr = max(group["lr"] * self.factor, lowest)
                group["lr"] = lr if group["lr"] - lr > self.eps else group["lr"]
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._rates()


def _by_group(optimizer: Optimizer, name: str, value: Any) -> list[tuple[dict[str, Any], Any]]:
    """Pairs of a group and its value. ValueError if a list has another length than the groups."""
    groups = optimizer.param_groups
    values = value if isinstance(value, list | tuple) else [value] * len(groups)
    if len(values) != len(groups):
        raise ValueError(f"Expected {len(groups)} {name}, as many as groups, got {len(values)}")
    return list(zip(groups, values, strict=True))
