"""The functions behind the layers, for use in forward()."""

from __future__ import annotations

import numpy as np

from engine.autograd import Tensor, constant, record
from engine.ops.activation import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from engine.ops.inplace import in_place
from engine.ops.linalg import linear
from engine.ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    l1_loss,
    mse_loss,
    nll_loss,
)
from engine.random import default_generator

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]


def dropout(
    input: Tensor,  # noqa: A002 - PyTorch's own name
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> Tensor:
    """y = m x / (1 - p),  dx = m dy / (1 - p): m is 0 with probability p, 1 otherwise

    The mean stays, so that nothing is to be done without training: y = x.
    Source: Srivastava et al., 2014. Masks are PyTorch's for the same seed; a PyTorch built with
    another Bernoulli kernel may draw others.
    Raises: ValueError unless 0 <= p <= 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not isinstance(input, Tensor):
        raise TypeError(
            f"dropout(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    if not training or p == 0 or not input.array.size:
        return input
    return _drop_(input, p) if inplace else _drop(input, p)


def _drop(x: Tensor, p: float) -> Tensor:
    """y = m x / (1 - p)"""
    a = x.array
    if p == 1:
        factor = np.zeros_like(a)
    else:
        kept = default_generator.keep_mask(a.shape, p)
        factor = kept * a.dtype.type(1 / (1 - p)) if a.dtype.kind == "f" else kept / (1 - p)
    return record(a * factor, (x,), lambda dy: (dy * factor,), "MulBackward0")


_drop_ = in_place(_drop, "dropout_")


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """y[…, c] = 1 where x[…] = c, 0 elsewhere, as int64.

    Shapes: x (…) of class numbers, int64; y (…, num_classes). -1 takes the largest number + 1.
    Raises: RuntimeError for another dtype or numbers outside 0 … num_classes - 1.
    """
    t = tensor.array
    if t.dtype != np.int64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, but got {tensor.dtype}"
        )
    if not t.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if t.size and t.min() < 0:
        raise RuntimeError(f"Class values must be non-negative, but found {t.min()}.")
    if num_classes == -1:
        num_classes = int(t.max()) + 1
    elif t.size and t.max() >= num_classes:
        raise RuntimeError(
            f"Class values must be smaller than num_classes ({num_classes}), but found {t.max()}."
        )
    return constant((t[..., None] == np.arange(num_classes)).astype(np.int64))
