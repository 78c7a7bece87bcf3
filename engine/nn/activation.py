"""Activations as modules, for Sequential. The formulas stand in engine/ops/activation.py."""

from engine.nn import functional as F
from engine.nn.function_layer import FunctionLayer


class ReLU(FunctionLayer, call=F.relu, options="inplace"):
    """y = max(x, 0). inplace: write y into x."""


class LeakyReLU(FunctionLayer, call=F.leaky_relu, options="negative_slope inplace"):
    """y = x for x > 0, negative_slope · x elsewhere. inplace: write y into x."""


class ELU(FunctionLayer, call=F.elu, options="alpha inplace"):
    """y = x for x > 0, alpha (eˣ - 1) elsewhere. inplace: write y into x."""


class SELU(FunctionLayer, call=F.selu, options="inplace"):
    """ELU with α ≈ 1.6733, times λ ≈ 1.0507. inplace: write y into x."""


class GELU(FunctionLayer, call=F.gelu, options="approximate"):
    """y = x Φ(x), the normal distribution function; approximate: "none" or "tanh"."""


class SiLU(FunctionLayer, call=F.silu, options="inplace"):
    """y = x σ(x). inplace: write y into x."""


class Sigmoid(FunctionLayer, call=F.sigmoid):
    """y = 1 / (1 + e⁻ˣ)"""


class LogSigmoid(FunctionLayer, call=F.logsigmoid):
    """y = ln σ(x)"""


class Tanh(FunctionLayer, call=F.tanh):
    """y = tanh x"""


class Softplus(FunctionLayer, call=F.softplus, options="beta threshold"):
    """y = ln(1 + e^(βx)) / β, and y = x where βx > threshold."""


class Softmax(FunctionLayer, call=F.softmax, options="dim"):
    """y = eˣ / Σ eˣ along dim: positive numbers with sum 1."""


class LogSoftmax(FunctionLayer, call=F.log_softmax, options="dim"):
    """y = ln softmax(x) along dim."""
