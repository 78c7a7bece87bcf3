"""Losses as modules: loss(input, target). The formulas and errors stand in engine/ops/loss.py.

reduction: "mean", "sum", or "none" for one loss per element or sample.
"""

from engine.nn import functional as F
from engine.nn.function_layer import FunctionLayer


class _Loss(FunctionLayer):
    def extra_repr(self) -> str:
        return ""


class MSELoss(_Loss, call=F.mse_loss, options="reduction"):
    """The mean squared error, mean of (x - t)². Shapes: x and t the same."""


class L1Loss(_Loss, call=F.l1_loss, options="reduction"):
    """The mean absolute error, mean of |x - t|. Shapes: x and t the same."""


class BCELoss(_Loss, call=F.binary_cross_entropy, options="weight reduction"):
    """The binary cross-entropy of probabilities, mean of -(t ln p + (1 - t) ln(1 - p)).

    Args: weight: a factor for each element; broadcasts.
    Shapes: p and t the same, both within [0, 1].
    """


class BCEWithLogitsLoss(_Loss, call=F.binary_cross_entropy_with_logits,
                        options="weight reduction pos_weight"):  # fmt: skip
    """The binary cross-entropy of logits: BCELoss(σ(x), t), exact for large |x| too.

    Args: weight: a factor for each element. pos_weight: one for the elements with t = 1; both
    broadcast.
    Shapes: x and t the same.
    """


class NLLLoss(_Loss, call=F.nll_loss, options="weight ignore_index reduction"):
    """The negative log-likelihood of the right class, mean of -x[t].

    Args: weight: a factor for each class, (C,). ignore_index: a target that does not count.
    Shapes: x (N, C) or (N, C, d1, …) of log-probabilities; t (N,) or (N, d1, …) of class numbers.
    """


class CrossEntropyLoss(_Loss, call=F.cross_entropy,
                       options="weight ignore_index reduction label_smoothing"):  # fmt: skip
    """The cross-entropy of logits: NLLLoss(log_softmax(x), t).

    Args: weight: a factor for each class, (C,). ignore_index: a target that does not count.
    label_smoothing: ε in [0, 1], the share of the target that is spread over all classes.
    Shapes: x (N, C) or (N, C, d1, …); t class numbers, (N,) or (N, d1, …), or class
    probabilities of x's shape.
    """
