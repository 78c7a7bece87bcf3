"""Layers that normalize: LayerNorm."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.autograd import Tensor
from engine.nn import init
from engine.nn.linear import empty_parameter
from engine.nn.module import Module
from engine.ops.norm import layer_norm


class LayerNorm(Module):
    """Each sample's numbers brought to mean 0 and variance 1, then scaled and shifted.

    y = w (x - mean) / √(var + eps) + b,  mean and var over the last axes; w = 1, b = 0 at first.
    Source: Ba et al., 2016. It works the same in train() and eval().

    Args: normalized_shape: the sizes of the last axes, or the size of the last one. eps: keeps the
    root from 0. elementwise_affine: False leaves w and b out. bias: False leaves b out.
    Shapes: x (…, *normalized_shape); y as x; weight, bias normalized_shape.
    Raises: RuntimeError if the last axes of x have other sizes, or x another dtype.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
        elementwise_affine: bool = True, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        new = partial(empty_parameter, self.normalized_shape, device, dtype)
        self.register_parameter("weight", new() if elementwise_affine else None)
        self.register_parameter("bias", new() if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        for parameter, start in ((self.weight, 1.0), (self.bias, 0.0)):
            if parameter is not None:
                init.constant_(parameter, start)

    def forward(self, input: Tensor) -> Tensor:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        about = f"eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return f"{self.normalized_shape}, {about}, bias={self.bias is not None}"
