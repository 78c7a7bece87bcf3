"""Layers without neighbourhoods: Linear, Identity, Flatten."""

import math
from typing import Any

from engine import dtypes
from engine.autograd import Tensor
from engine.creation import zeros
from engine.nn import init
from engine.nn.module import Module
from engine.nn.parameter import Parameter
from engine.ops.linalg import linear
from engine.ops.shape import flatten


def empty_parameter(shape: tuple[int, ...], device: Any, dtype: Any) -> Parameter:
    """A parameter of this shape, still to be initialized.

    Raises: RuntimeError unless device is the CPU and no size is negative, TypeError for a wrong
    dtype.
    """
    return Parameter(zeros(shape, device=device, dtype=dtype))


class Identity(Module):
    """y = x, whatever the arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """An affine map of the last axis: every output sees every input.

    y = x Wᵀ + b

    At the start W and b are uniform on ±1/√in_features, drawn as PyTorch draws them: the same seed
    gives the same numbers.

    Args: in_features, out_features: n_in, n_out. bias: False leaves b out.
    Shapes: x (…, n_in); y (…, n_out); weight (n_out, n_in); bias (n_out,).
    Raises: RuntimeError if the last axis of x is not n_in long or x has another dtype.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = empty_parameter((out_features, in_features), device, dtype)
        b = empty_parameter((out_features,), device, dtype) if bias else None
        self.register_parameter("bias", b)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


class Flatten(Module):
    """Lay the axes start_dim … end_dim end to end: (B, C, H, W) → (B, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
