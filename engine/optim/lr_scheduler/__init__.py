"""Learning rates that change during training. Names as in torch.optim.lr_scheduler.

A scheduler sets the rate of epoch 0 when it is made. Call its `step()` once per epoch, after the
optimizer's.
"""

from engine.optim.lr_scheduler.base import LRScheduler
from engine.optim.lr_scheduler.formula import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    StepLR,
)
from engine.optim.lr_scheduler.one_cycle import OneCycleLR
from engine.optim.lr_scheduler.plateau import ReduceLROnPlateau

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR"]
__all__ += ["OneCycleLR", "ReduceLROnPlateau", "StepLR"]
