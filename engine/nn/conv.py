"""Convolution layers: the same small filters at every place."""

from typing import Any

from engine.autograd import Tensor
from engine.nn.linear import Affine
from engine.ops.conv import convolution
from engine.ops.windows import Sizes, for_each_axis


class _ConvNd(Affine):
    """y = bias + Σ weight ⋆ x, see engine/ops/conv.py."""

    _dims: int

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
                 padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1, bias: bool = True,
                 padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{groups=} has to divide {in_channels=} and {out_channels=}")
        if padding_mode != "zeros":
            known = padding_mode in ("reflect", "replicate", "circular")
            error = NotImplementedError if known else ValueError
            raise error(f"expected padding_mode zeros, others are not supported: {padding_mode=}")

        def each(argument, value, least=1):
            return for_each_axis(type(self).__name__, argument, value, self._dims, least)

        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = each("kernel_size", kernel_size, 0)
        self.stride, self.dilation = each("stride", stride), each("dilation", dilation)
        self.padding, self.padding_mode = padding, padding_mode
        if not isinstance(padding, str):
            self.padding = each("padding", padding, 0)
        elif padding != "valid" and (padding != "same" or max(self.stride) > 1):
            raise ValueError(f"{padding=}: expected valid, or same of stride 1, not {self.stride}")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self._begin(shape, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return convolution(self._dims, input, self.weight, self.bias, self.stride, self.padding,
                           self.dilation, self.groups)  # fmt: skip

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        usual = {"stride": None, "padding": (0,) * self._dims, "dilation": (1,) * self._dims}
        for name, value in {**usual, "groups": 1}.items():
            text += f", {name}={getattr(self, name)}" if getattr(self, name) != value else ""
        return text + ("" if self.bias is not None else ", bias=False")


class Conv1d(_ConvNd):
    """Cross-correlation of signals with learned kernels (LeCun et al., 1989).

    y[b, o] = bias[o] + Σ_i weight[o, i] ⋆ x[b, i]

    Args: in_channels, out_channels: C_in, C_out. kernel_size, stride, padding, dilation: an int, or
    a tuple of one. padding: zeros at both ends, or "same" (keeps the length) or "valid" (none).
    groups: the channels are cut into that many groups; outputs see their own group only.
    Shapes: x (N, C_in, L) or (C_in, L); y (N, C_out, L') or (C_out, L'),
    L' = ⌊(L + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1;
    weight (C_out, C_in / groups, kernel_size); bias (C_out,). Weights are uniform on ±1/√fan_in,
    drawn as PyTorch draws them.
    Raises: ValueError if groups does not divide both channel counts or for padding strings that do
    not fit, RuntimeError for sizes that do not fit, NotImplementedError for a padding_mode other
    than zeros.
    """

    _dims = 1


class Conv2d(_ConvNd):
    """Cross-correlation of images with learned kernels (LeCun et al., 1989).

    y[b, o] = bias[o] + Σ_i weight[o, i] ⋆ x[b, i]

    Args and errors as Conv1d; kernel_size, stride, padding, dilation: an int, or (height, width).
    Shapes: x (N, C_in, H, W) or (C_in, H, W); y (N, C_out, H', W'), H' and W' as L' of Conv1d;
    weight (C_out, C_in / groups, *kernel_size).
    """

    _dims = 2


class Conv3d(_ConvNd):
    """Cross-correlation of volumes or films with learned kernels.

    y[b, o] = bias[o] + Σ_i weight[o, i] ⋆ x[b, i]

    Args and errors as Conv1d; sizes are an int, or (depth, height, width).
    Shapes: x (N, C_in, D, H, W) or (C_in, D, H, W); y (N, C_out, D', H', W').
    """

    _dims = 3
