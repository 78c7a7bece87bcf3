"""Dropout: forget at random while training, so that no unit can rely on another."""

from __future__ import annotations

from engine.autograd import Tensor
from engine.nn import functional as F
from engine.nn.module import Module


class Dropout(Module):
    """y = m x / (1 - p) while training, each mask element m 0 with probability p; y = x in eval().

    Source: Srivastava et al., 2014. The masks are PyTorch's for the same seed.

    Args: p: the probability of 0. inplace: write y into x.
    Shapes: any.
    Raises: ValueError unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's own name
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
