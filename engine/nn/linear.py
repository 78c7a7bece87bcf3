"""Layers without neighbourhoods: Linear, Identity, Flatten."""

import math
from typing import Any

from engine.autograd import Tensor
from engine.nn import init
from engine.nn.module import Module
from engine.ops.linalg import linear
from engine.ops.shape import flatten


class Identity(Module):
    """y = x, whatever the arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Affine(Module):
    """What Linear and the convolutions are: sums of inputs times weight, perhaps plus a bias."""

    def _begin(self, shape: tuple[int, ...], bias: bool, device: Any, dtype: Any) -> None:
        self._new_parameters(device, dtype, weight=shape, bias=shape[0] if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases anew, uniform on ±1/√(inputs of one output)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            inputs = math.prod(self.weight.array.shape[1:])
            bound = 1 / math.sqrt(inputs) if inputs > 0 else 0
            init.uniform_(self.bias, -bound, bound)


class Linear(Affine):
    """An affine map of the last axis: every output sees every input.

    y = x Wᵀ + b

    At the start W and b are uniform on ±1/√in_features, drawn as PyTorch draws them: the same seed
    gives the same numbers.

    Args: in_features, out_features: n_in, n_out. bias: False leaves b out.
    Shapes: x (…, n_in); y (…, n_out); weight (n_out, n_in); bias (n_out,).
    Raises: RuntimeError if the last axis of x is not n_in long or x has another dtype.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self._begin((out_features, in_features), bias, device, dtype)

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
