"""Layers without neighbourhoods: Linear, Identity, Flatten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import dtypes
from engine.autograd import Tensor, constant
from engine.nn import init
from engine.nn.module import Module
from engine.nn.parameter import Parameter
from engine.ops.linalg import linear
from engine.ops.shape import flatten


def empty_parameter(
    shape: tuple[int, ...], device: Any = None, dtype: dtypes.dtype | None = None
) -> Parameter:
    """A parameter of this shape, still to be initialized. RuntimeError unless device is the CPU."""
    if device is not None:
        dtypes.device(device)
    kind = dtypes.to_numpy_dtype(dtype or dtypes.get_default_dtype())
    if min(shape, default=0) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}"
        )
    return Parameter(constant(np.empty(shape, kind)))


class Identity(Module):
    """y = x, whatever the arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's own name
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
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = empty_parameter((out_features, in_features), device, dtype)
        self.register_parameter(
            "bias", empty_parameter((out_features,), device, dtype) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's own name
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Flatten(Module):
    """Lay the axes start_dim … end_dim end to end: (B, C, H, W) → (B, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - PyTorch's own name
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
