"""Schedules that one formula describes."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from typing import Any

from engine.optim.lr_scheduler.base import LRScheduler, checked, one_per_group, rates_of
from engine.optim.optimizer import Optimizer


class StepLR(LRScheduler):
    """lr_t = lr_0 · gamma^⌊t / step_size⌋"""

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr · gamma in every step_size-th epoch"""
        self._warn_outside_step()
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return rates_of(self.optimizer)
        return [lr * self.gamma for lr in rates_of(self.optimizer)]

    def _closed_form(self) -> list[float]:
        return [lr * self.gamma ** (self.last_epoch // self.step_size) for lr in self.base_lrs]


class ExponentialLR(LRScheduler):
    """lr_t = lr_0 · gamma^t"""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr · gamma"""
        self._warn_outside_step()
        if self._is_initial:
            return rates_of(self.optimizer)
        return [lr * self.gamma for lr in rates_of(self.optimizer)]

    def _closed_form(self) -> list[float]:
        return [lr * self.gamma**self.last_epoch for lr in self.base_lrs]


class LambdaLR(LRScheduler):
    """lr_t = lr_0 · lr_lambda(t)

    Args: lr_lambda: one function, or one for each group.
    Raises: ValueError if there are more or fewer functions than groups.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas = one_per_group("lr_lambdas", lr_lambda, checked(optimizer))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """lr_0 · lr_lambda(t)"""
        self._warn_outside_step()
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [lr * factor(self.last_epoch) for lr, factor in pairs]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and plain functions; callable objects give their fields."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(f, types.FunctionType) else f.__dict__.copy()
            for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what state_dict() returned; functions stay the ones you passed."""
        fields = state_dict["lr_lambdas"]
        self.__dict__.update({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for function, values in zip(self.lr_lambdas, fields, strict=True):
            if values is not None:
                function.__dict__.update(values)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from lr_0 down to eta_min (Loshchilov and Hutter, 2017).

    lr_t = eta_min + (lr_0 - eta_min) (1 + cos(π t / T_max)) / 2
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The change from one epoch to the next, so that other schedulers can work beside it."""
        self._warn_outside_step()
        t, rates = self.last_epoch, rates_of(self.optimizer)
        if self._is_initial:
            return rates
        if self._step_count == 1 and t > 0:
            return self._closed_form()
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # lr is eta_min: the ratio would be 0 / 0
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            pairs = zip(rates, self.base_lrs, strict=True)
            return [lr + (base - self.eta_min) * rise for lr, base in pairs]
        ratio = (1 + math.cos(math.pi * t / self.T_max)) / (
            1 + math.cos(math.pi * (t - 1) / self.T_max)
        )
        return [ratio * (lr - self.eta_min) + self.eta_min for lr in rates]

    def _closed_form(self) -> list[float]:
        height = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (lr - self.eta_min) * height / 2 for lr in self.base_lrs]
