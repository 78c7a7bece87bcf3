"""Layers that normalize what passes through them."""

from collections.abc import Sequence
from typing import Any

from engine.autograd import Tensor
from engine.creation import tensor, zeros
from engine.nn import init
from engine.nn.module import Module
from engine.ops.norm import batch_norm, layer_norm


class _Norm(Module):
    def _begin(self, shape: Any, weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        places = {"weight": shape if weight else None, "bias": shape if weight and bias else None}
        self._new_parameters(device, dtype, **places)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weights to 1 and the biases to 0."""
        for parameter, start in ((self.weight, 1.0), (self.bias, 0.0)):
            if parameter is not None:
                init.constant_(parameter, start)


class _BatchNorm(_Norm):
    """y = weight · (x - mean) / √(var + eps) + bias, channel by channel."""

    _axes: tuple[int, ...]

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
                 affine: bool = True, track_running_stats: bool = True, device: Any = None,
                 dtype: Any = None, *, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name in ("running_mean", "running_var"):
            new = zeros(num_features, device=device, dtype=dtype) if track_running_stats else None
            self.register_buffer(name, new)
        self.register_buffer("num_batches_tracked", tensor(0) if track_running_stats else None)
        self._begin(num_features, affine, bias, device, dtype)

    def reset_running_stats(self) -> None:
        """Begin the running statistics anew: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set the weights to 1, the biases to 0 and the running statistics to their beginning."""
        self.reset_running_stats()
        super().reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        if input.array.ndim not in self._axes:
            wanted = "D or ".join(map(str, self._axes))
            raise ValueError(f"expected {wanted}D input (got {input.array.ndim}D input)")
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # the mean of all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        tracked = not self.training or self.track_running_stats
        mean, var = (self.running_mean, self.running_var) if tracked else (None, None)
        from_batch = self.training or self.running_mean is None
        scale = self.weight, self.bias
        return batch_norm(input, mean, var, *scale, from_batch, momentum or 0.0, self.eps)

    def extra_repr(self) -> str:
        about = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
        about += f"affine={self.affine}, bias={self.bias is not None}"
        return f"{about}, track_running_stats={self.track_running_stats}"


class BatchNorm1d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).

    y = weight · (x - mean) / √(var + eps) + bias

    In train() with the batch's statistics, to which the running ones move; in eval() with these.

    Args: num_features: C. momentum: how far the running statistics move in a batch; None takes the
    mean of all batches. affine: whether there are a weight and, with bias, a bias.
    track_running_stats: False uses the batch's statistics in eval() too.
    Shapes: x and y (N, C) or (N, C, L); weight, bias, running_mean, running_var (C,).
    Raises: ValueError for another number of axes and for a single value in a channel while
    training, RuntimeError for another C or dtype.
    """

    _axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """As BatchNorm1d, for x (N, C, H, W)."""

    _axes = (4,)


class BatchNorm3d(_BatchNorm):
    """As BatchNorm1d, for x (N, C, D, H, W)."""

    _axes = (5,)


class LayerNorm(_Norm):
    """Each sample's numbers brought to mean 0 and variance 1, then scaled and shifted.

    y = w (x - mean) / √(var + eps) + b,  mean and var over the last axes; w = 1, b = 0 at first.
    Source: Ba et al., 2016. It works the same in train() and eval().

    Args: normalized_shape: the sizes of the last axes, or the size of the last one. eps: keeps the
    root from 0. elementwise_affine: False leaves w and b out. bias: False leaves b out.
    Shapes: x (…, *normalized_shape); y as x; weight, bias normalized_shape.
    Raises: RuntimeError if the last axes of x have other sizes, or x another dtype.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
                 elementwise_affine: bool = True, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._begin(self.normalized_shape, elementwise_affine, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        about = f"eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return f"{self.normalized_shape}, {about}, bias={self.bias is not None}"
