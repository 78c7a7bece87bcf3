"""Losses as modules: loss(input, target). The formulas and errors stand in engine/ops/loss.py.

reduction: "mean", "sum", or "none" for one loss per element or sample. size_average and reduce are
PyTorch's deprecated names for it: any value but None is refused.
"""

from __future__ import annotations

from engine.autograd import Tensor
from engine.nn import functional as F
from engine.nn.module import Module


class _Loss(Module):
    def __init__(
        self, size_average: None = None, reduce: None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            raise NotImplementedError(
                f"{type(self).__name__}: size_average and reduce are deprecated in PyTorch and "
                "left out here; write reduction='mean', 'sum' or 'none'"
            )
        self.reduction = reduction


class MSELoss(_Loss):
    """The mean squared error, mean of (x - t)². Shapes: x and t the same."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The mean absolute error, mean of |x - t|. Shapes: x and t the same."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.l1_loss(input, target, reduction=self.reduction)


class BCELoss(_Loss):
    """The binary cross-entropy of probabilities, mean of -(t ln p + (1 - t) ln(1 - p)).

    Args: weight: a factor for each element; broadcasts.
    Shapes: p and t the same, both within [0, 1].
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """The binary cross-entropy of logits: BCELoss(σ(x), t), exact for large |x| too.

    Args: weight: a factor for each element. pos_weight: one for the elements with t = 1; both
    broadcast.
    Shapes: x and t the same.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        reduce: None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class NLLLoss(_Loss):
    """The negative log-likelihood of the right class, mean of -x[t].

    Args: weight: a factor for each class, (C,). ignore_index: a target that does not count.
    Shapes: x (N, C) or (N, C, d1, …) of log-probabilities; t (N,) or (N, d1, …) of class numbers.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.nll_loss(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class CrossEntropyLoss(_Loss):
    """The cross-entropy of logits: NLLLoss(log_softmax(x), t).

    Args: weight: a factor for each class, (C,). ignore_index: a target that does not count.
    label_smoothing: ε in [0, 1], the share of the target that is spread over all classes.
    Shapes: x (N, C) or (N, C, d1, …); t class numbers, (N,) or (N, d1, …), or class
    probabilities of x's shape.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: None = None,
        ignore_index: int = -100,
        reduce: None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
