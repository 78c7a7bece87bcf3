"""One cycle: up, then far down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine.optim.lr_scheduler.base import LRScheduler, checked, one_per_group
from engine.optim.optimizer import Optimizer


class OneCycleLR(LRScheduler):
    """Up to max_lr, then far down, once, in steps of batches (Smith and Topin, 2018).

    lr rises from max_lr / div_factor to max_lr during the first pct_start of total_steps and falls
    to max_lr / div_factor / final_div_factor; with three_phase it first falls as it rose. Momentum
    (SGD, RMSprop) or β₁ (Adam) moves against it between max_momentum and base_momentum.

    Args: total_steps, or epochs and steps_per_epoch. anneal_strategy: "cos" or "linear". max_lr,
    base_momentum, max_momentum: one number, or one for each group.

    Raises: ValueError for values outside these, and by step() after total_steps.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        groups = checked(optimizer).param_groups
        if total_steps is not None:
            counts: dict[str, Any] = {"total_steps": total_steps}
        elif epochs is not None and steps_per_epoch is not None:
            counts = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        else:
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        for name, count in counts.items():
            if not isinstance(count, int) or count <= 0:
                raise ValueError(f"Expected positive integer {name}, but got {count}")
        self.total_steps = math.prod(counts.values())
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._schedule_phases = _phases_of(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        max_lrs = one_per_group("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, peak in zip(groups, max_lrs, strict=True):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            if not {"momentum", "betas"} & optimizer.defaults.keys():
                raise ValueError(
                    "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
                )
            self.use_beta1 = "betas" in optimizer.defaults
            highs = one_per_group("max_momentum", max_momentum, optimizer)
            lows = one_per_group("base_momentum", base_momentum, optimizer)
            if last_epoch == -1:
                for group, high, low in zip(groups, highs, lows, strict=True):
                    self._set_momentum(group, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The rates of step `last_epoch`; it also sets the momentum."""
        self._warn_outside_step()
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. "
                f"The specified number of total steps is {self.total_steps}"
            )
        at = (self._schedule_phases, self.last_epoch, self._anneal_func_type)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, _phase_value(group, "momentum", *at))
        return [_phase_value(group, "lr", *at) for group in self.optimizer.param_groups]

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


def _phases_of(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Rise and fall, or rise, fall as far, and fall further."""
    up = float(pct_start * total_steps) - 1
    rise = _phase(up, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    last = total_steps - 1
    if not three_phase:
        return [rise, _phase(last, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    down = float(2 * pct_start * total_steps) - 2
    return [
        rise,
        _phase(down, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        _phase(last, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]


def _phase_value(
    group: dict[str, Any], quantity: str, phases: list[dict[str, Any]], step: int, strategy: str
) -> float:
    """The value of "lr" or "momentum" at a step: between the ends of its phase.

    linear: start + (end - start) p.  cos: end + (start - end) (1 + cos πp) / 2.
    """
    begin = 0.0
    for phase in phases[:-1]:
        if step <= phase["end_step"]:
            break
        begin = phase["end_step"]
    else:
        phase = phases[-1]
    start, end = group[phase[f"start_{quantity}"]], group[phase[f"end_{quantity}"]]
    part = (step - begin) / (phase["end_step"] - begin)
    if strategy == "cos":
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
    return (end - start) * part + start


def _phase(end_step: float, lr: tuple[str, str], momentum: tuple[str, str]) -> dict[str, Any]:
    phase = {"end_step": end_step, "start_lr": lr[0], "end_lr": lr[1]}
    return phase | {"start_momentum": momentum[0], "end_momentum": momentum[1]}
