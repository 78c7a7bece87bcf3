"""Dropout: forget at random while training, so that no neuron can rely on another."""

from engine.autograd import Tensor, record
from engine.nn.module import Module
from engine.ops.arguments import require_tensor, title_of
from engine.ops.inplace import in_place
from engine.ops.layout import usual_order
from engine.random import default_generator


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """y = m x / (1 - p),  dx = m dy / (1 - p): m is 0 with probability p, 1 otherwise

    The mean stays, so that nothing is to be done without training: y = x.
    Source: Srivastava et al., 2014. Masks are PyTorch's for the same seed; a PyTorch built with
    another Bernoulli kernel may draw others.
    Raises: ValueError unless 0 <= p <= 1.
    """
    _require_probability(p)
    require_tensor("dropout", "input", input)
    if not training or p == 0 or not input.array.size:
        return input
    return (in_place(_drop) if inplace else _drop)(input, p)


def _drop(x: Tensor, p: float) -> Tensor:
    """y = m x / (1 - p)"""
    a = x.array
    if p != 1 and a.dtype.kind != "f":
        raise RuntimeError(f"dropout expected floating point numbers, but got {title_of(a)}")
    factor = default_generator.drop_factors(usual_order(a), p)
    return record(a * factor, (x,), lambda dy: (dy * factor,), "MulBackward0")


class Dropout(Module):
    """y = m x / (1 - p) while training, each mask element m 0 with probability p; y = x in eval().

    Source: Srivastava et al., 2014. The masks are PyTorch's for the same seed.

    Args: p: the probability of 0. inplace: write y into x.
    Shapes: any.
    Raises: ValueError unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        _require_probability(p)
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


def _require_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
