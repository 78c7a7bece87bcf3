"""Where training starts: filling tensors in place, without recording.

fan_in is the number of inputs that one output sums over, fan_out the number of outputs that one
input reaches. A generator draws the numbers, the shared one unless generator= is given.
"""

import math

import numpy as np

from engine import memory
from engine.autograd import Tensor
from engine.random import Generator, default_generator

_Stream = Generator | None
_GAINS = dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1.0)
_GAINS |= {"tanh": 5 / 3, "relu": math.sqrt(2.0), "selu": 3 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much larger weights must be so that the signal keeps its size behind a nonlinearity.

    linear, sigmoid and convolutions 1, tanh 5/3, relu √2, leaky_relu √(2 / (1 + slope²)) with
    slope = param (0.01), selu 3/4. With "linear", kaiming_normal_ is LeCun's initialization.
    Raises: ValueError for another name.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0, b: float = 1, generator: _Stream = None) -> Tensor:
    """Fill with numbers from the uniform distribution on [a, b)."""
    draw = (generator or default_generator).uniform
    return _fill(tensor, draw(tensor.array.shape, tensor.array.dtype, a, b))


def normal_(tensor: Tensor, mean: float = 0, std: float = 1, generator: _Stream = None) -> Tensor:
    """Fill with numbers from the normal distribution N(mean, std²)."""
    draw = (generator or default_generator).normal
    return _fill(tensor, draw(tensor.array.shape, tensor.array.dtype, mean, std))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return _fill(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1."""
    return _fill(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0."""
    return _fill(tensor, 0)


def xavier_uniform_(tensor: Tensor, gain: float = 1, generator: _Stream = None) -> Tensor:
    """Fill uniformly from ±gain √(6 / (fan_in + fan_out)). Source: Glorot and Bengio, 2010.

    Keeps the variance of signals forwards and of gradients backwards, between tanh layers.
    Raises: ValueError for fewer than two axes.
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1, generator: _Stream = None) -> Tensor:
    """Fill from N(0, std²), std = gain √(2 / (fan_in + fan_out)). Source as xavier_uniform_."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                     nonlinearity: str = "leaky_relu",
                     generator: _Stream = None) -> Tensor:  # fmt: skip
    """Fill uniformly from ±√3 gain / √fan. Source: He et al., 2015.

    Args: a: the negative slope of leaky_relu. mode: "fan_in" keeps the variance of signals,
    "fan_out" that of gradients. nonlinearity: see calculate_gain.
    Raises: ValueError for fewer than two axes, another mode or nonlinearity.
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                    nonlinearity: str = "leaky_relu",
                    generator: _Stream = None) -> Tensor:  # fmt: skip
    """Fill from N(0, std²), std = gain / √fan (arguments and source as kaiming_uniform_)."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _xavier_std(tensor, gain):
    return gain * math.sqrt(2.0 / sum(_fans(tensor).values()))


def _kaiming_std(tensor, a, mode, nonlinearity):
    fans = _fans(tensor)
    if mode not in fans:
        raise ValueError(f"mode {mode} not supported: expected fan_in or fan_out")
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fans[mode], 1))  # 0: nothing to fill


def _fans(tensor) -> dict[str, int]:
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError(f"fan_in and fan_out need 2 dimensions or more, but got {list(shape)}")
    field = math.prod(shape[2:])  # the places of a convolution kernel
    return {"fan_in": shape[1] * field, "fan_out": shape[0] * field}


def _fill(tensor: Tensor, values: np.ndarray | float) -> Tensor:
    tensor.array[...] = values
    memory.changes.note(tensor.array)
    return tensor
