"""Pooling layers. The formulas and errors stand in engine/ops/pool.py."""

from typing import Any

from engine.nn import functional as F
from engine.nn.function_layer import FunctionLayer

_MAX = "kernel_size stride padding dilation return_indices ceil_mode"
_SHOWN = ("kernel_size", "stride", "padding", "dilation", "output_size")
_AVG = "kernel_size stride padding ceil_mode count_include_pad"


class _Pool(FunctionLayer):
    stride: Any

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        if "stride" in self._options and self.stride in (None, ()):
            self.stride = self.kernel_size

    def extra_repr(self) -> str:
        shown = [k for k in self._options if k in _SHOWN]
        shown += ["ceil_mode"] * ("dilation" in self._options)
        return ", ".join(f"{k}={getattr(self, k)}" for k in shown)


class MaxPool1d(_Pool, call=F.max_pool1d, options=_MAX):
    """The largest number of each window. Shapes: x (N, C, L) or (C, L); y (N, C, L').

    Args: kernel_size. stride: the kernel_size if None. padding: of -∞, at most half a window.
    dilation. ceil_mode: a last window may reach beyond the end. return_indices: False only.
    """


class MaxPool2d(_Pool, call=F.max_pool2d, options=_MAX):
    """As MaxPool1d, for x (N, C, H, W) or (C, H, W): sizes are an int, or (height, width)."""


class MaxPool3d(_Pool, call=F.max_pool3d, options=_MAX):
    """As MaxPool1d, for x (N, C, D, H, W): sizes are an int, or (depth, height, width)."""


class AvgPool1d(_Pool, call=F.avg_pool1d, options=_AVG):
    """The mean of each window. Shapes: x (N, C, L) or (C, L); y (N, C, L').

    Args: kernel_size. stride: the kernel_size if None. padding: of 0, at most half a window.
    ceil_mode: a last window may reach beyond the end. count_include_pad: whether padding counts.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for name in ("kernel_size", "stride", "padding"):
            value = getattr(self, name)
            setattr(self, name, value if isinstance(value, tuple) else (value,))


class AvgPool2d(_Pool, call=F.avg_pool2d, options=_AVG + " divisor_override"):
    """As AvgPool1d, for x (N, C, H, W): sizes are an int, or (height, width).

    divisor_override: divide the sum of a window by this number.
    """


class AvgPool3d(_Pool, call=F.avg_pool3d, options=_AVG + " divisor_override"):
    """As AvgPool2d, for x (N, C, D, H, W): sizes are an int, or (depth, height, width)."""


class AdaptiveAvgPool1d(_Pool, call=F.adaptive_avg_pool1d, options="output_size"):
    """Means of output_size equal parts. Shapes: x (N, C, L) or (C, L); y (N, C, output_size)."""


class AdaptiveAvgPool2d(_Pool, call=F.adaptive_avg_pool2d, options="output_size"):
    """Means of a grid of parts; 1 is global average pooling, x (N, C, H, W) to y (N, C, 1, 1).

    output_size: an int, or (height, width); None keeps a size.
    """


class AdaptiveAvgPool3d(_Pool, call=F.adaptive_avg_pool3d, options="output_size"):
    """As AdaptiveAvgPool2d, for x (N, C, D, H, W)."""
