"""What all schedulers share: counting epochs and setting the rates."""

from __future__ import annotations

import warnings
from typing import Any

from engine.optim.optimizer import Optimizer


class LRScheduler:
    """Base of the schedulers: counts epochs t = 0, 1, ... and asks the subclass for the rates.

    Args: optimizer: whose groups' "lr" it sets. last_epoch: -1 for a new training; to continue one,
    the epoch it had reached (the groups then hold "initial_lr").

    Raises: TypeError if optimizer is none; KeyError if last_epoch >= 0 and a group has no
    "initial_lr".
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for place, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{place}] when resuming "
                    f"scheduler with last_epoch={last_epoch}: load the optimizer's state first"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        optimizer._watch_steps()
        self._step_count = 0
        self._is_initial = True
        self.step()
        self._is_initial = False

    def get_last_lr(self) -> list[float]:
        """The rates that the last step() set, one per group."""
        return self._last_lr

    def get_lr(self) -> list[float]:
        """The rates of epoch `last_epoch`, computed from the current ones; step() calls it."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch (or, discouraged as in PyTorch, to a given one)."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should "
                "call them in the opposite order: `optimizer.step()` before "
                "`lr_scheduler.step()`, otherwise the first value of the schedule is skipped.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is None:
            self.last_epoch += 1
        else:
            warn_of_epoch()
            self.last_epoch = epoch
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr() if epoch is None else self._closed_form()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = rates_of(self.optimizer)

    def _closed_form(self) -> list[float]:
        return self.get_lr()

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, "
                "please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what state_dict() returned."""
        self.__dict__.update(state_dict)


def checked(optimizer: Optimizer) -> Optimizer:
    """The optimizer. TypeError if it is none."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def rates_of(optimizer: Optimizer) -> list[float]:
    """The learning rate of each group."""
    return [group["lr"] for group in optimizer.param_groups]


def one_per_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """A list with one value for each group. ValueError if a list has another length."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"Expected {groups} {name}, one for each group, but got {len(value)}")
    return list(value)


def warn_of_epoch() -> None:
    """PyTorch's warning about step(epoch)."""
    warnings.warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated. "
        "Please use `scheduler.step()` to step the scheduler.",
        UserWarning,
        stacklevel=3,
    )
